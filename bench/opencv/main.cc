// OpenCV's side of `npm run bench -- vision`. Reads lines "threads N", "run NAME" and "fresh NAME"; answers each with one line,
// the milliseconds of one run: into the Mat of the run before, or into a new one.
#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

// The boxes of bench/vision.ts.
struct Boxes {
  std::vector<cv::Rect2d> boxes;
  std::vector<float> scores;
  explicit Boxes(bool piles) {
    for (long long i = 0; i < 10000; ++i) {
      const long long p = i % 100;
      if (piles)
        boxes.emplace_back(p * 7919 % 1800 + i * 13 % 17, p * 104729 % 1000 + i * 29 % 13, 80 + i * 7 % 11, 90 + i * 5 % 13);
      else
        boxes.emplace_back(i * 7919 % 1871, i * 104729 % 1013, 20 + i * 31 % 97, 20 + i * 57 % 89);
      scores.push_back(static_cast<float>(i * 48271 % 10007) / 10007);
    }
  }
  void Suppress() const {
    std::vector<int> kept;
    cv::dnn::NMSBoxes(boxes, scores, 0, 0.5f, kept);
  }
};

int main() {
  cv::Mat frame(1080, 1920, CV_8UC3), nv12(1080 * 3 / 2, 1920, CV_8UC1);
  for (int i = 0; i < 1080 * 1920 * 3; ++i) frame.data[i] = static_cast<unsigned char>((i * 7919LL) % 251);
  for (int i = 0; i < 1080 * 1920 * 3 / 2; ++i) nv12.data[i] = static_cast<unsigned char>((i * 104729LL) % 251);
  const cv::Mat turn = cv::getRotationMatrix2D({960, 540}, 20, 0.9);
  const Boxes spread(false), piles(true);
  const std::map<std::string, std::function<void(cv::Mat&)>> runs = {
      {"resize-640x360", [&](cv::Mat& out) { cv::resize(frame, out, {640, 360}, 0, 0, cv::INTER_LINEAR); }},
      {"resize-640x640", [&](cv::Mat& out) { cv::resize(frame, out, {640, 640}, 0, 0, cv::INTER_LINEAR); }},
      {"resize-nearest", [&](cv::Mat& out) { cv::resize(frame, out, {640, 640}, 0, 0, cv::INTER_NEAREST); }},
      {"resize-cubic", [&](cv::Mat& out) { cv::resize(frame, out, {640, 640}, 0, 0, cv::INTER_CUBIC); }},
      {"resize-area", [&](cv::Mat& out) { cv::resize(frame, out, {640, 640}, 0, 0, cv::INTER_AREA); }},
      {"preprocess", [&](cv::Mat& out) { cv::dnn::blobFromImage(frame, out, 1 / 255.0, {640, 640}, {123.7, 116.3, 103.5}); }},
      {"nv12", [&](cv::Mat& out) { cv::cvtColor(nv12, out, cv::COLOR_YUV2RGB_NV12); }},
      {"affine", [&](cv::Mat& out) { cv::warpAffine(frame, out, turn, {1920, 1080}, cv::INTER_LINEAR); }},
      {"gaussian-1", [&](cv::Mat& out) { cv::GaussianBlur(frame, out, {7, 7}, 1); }},
      {"gaussian-3", [&](cv::Mat& out) { cv::GaussianBlur(frame, out, {19, 19}, 3); }},
      {"nms-spread", [&](cv::Mat&) { spread.Suppress(); }},
      {"nms-piles", [&](cv::Mat&) { piles.Suppress(); }},
  };
  std::map<std::string, cv::Mat> kept;
  std::string word, name;
  while (std::cin >> word >> name) {
    double ms = 0;
    if (word == "threads") {
      cv::setNumThreads(std::stoi(name));
    } else if (const auto run = runs.find(name); run != runs.end()) {
      const auto begin = std::chrono::steady_clock::now();
      cv::Mat created;
      run->second(word == "fresh" ? created : kept[name]);
      ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    }
    std::printf("%.6f\n", ms);
    std::fflush(stdout);
  }
}
