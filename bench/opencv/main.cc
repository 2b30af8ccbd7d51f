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

// The planes of bench/vision.ts.
cv::Mat PlaneOf(int radius, int inside, int outside, bool noise) {
  cv::Mat plane(1080, 1920, CV_8UC1);
  for (int y = 0; y < 1080; ++y)
    for (int x = 0; x < 1920; ++x) {
      const int dx = x % 240, dy = y % 270;
      const int level = dx * dx + dy * dy < radius * radius ? inside : outside;
      plane.at<unsigned char>(y, x) = static_cast<unsigned char>(level + (noise ? (x * 7919LL + y * 104729LL) % 31 : 0));
    }
  return plane;
}

// The guided filter as one composes it of the main modules: six box filters of floats, or with side > 1 the same on pictures
// made smaller, the coefficients made large again. Borders are OpenCV's.
void Guided(const cv::Mat& source, const cv::Mat& guide, int radius, int side, cv::Mat& out) {
  cv::Mat whole, i, p;
  guide.convertTo(whole, CV_32F, 1 / 255.0);
  source.convertTo(p, CV_32F, 1 / 255.0);
  if (side > 1) {
    const cv::Size small((guide.cols + side - 1) / side, (guide.rows + side - 1) / side);
    cv::resize(whole, i, small, 0, 0, cv::INTER_AREA);
    cv::resize(p, p, small, 0, 0, cv::INTER_AREA);
  } else {
    i = whole;
  }
  const int width = 2 * (radius / side) + 1;
  const auto mean = [&](const cv::Mat& values) {
    cv::Mat means;
    cv::boxFilter(values, means, CV_32F, {width, width});
    return means;
  };
  const cv::Mat mean_i = mean(i), mean_p = mean(p), mean_ip = mean(i.mul(p)), mean_ii = mean(i.mul(i));
  const cv::Mat covariance = mean_ip - mean_i.mul(mean_p), variance = mean_ii - mean_i.mul(mean_i);
  cv::Mat a, sum = variance + 1e-3;
  cv::divide(covariance, sum, a);
  const cv::Mat b = mean_p - a.mul(mean_i);
  cv::Mat mean_a = mean(a), mean_b = mean(b);
  if (side > 1) {
    cv::resize(mean_a, mean_a, whole.size(), 0, 0, cv::INTER_LINEAR);
    cv::resize(mean_b, mean_b, whole.size(), 0, 0, cv::INTER_LINEAR);
  }
  const cv::Mat refined = mean_a.mul(whole) + mean_b;
  refined.convertTo(out, CV_8U, 255);
}

int main() {
  cv::Mat frame(1080, 1920, CV_8UC3), nv12(1080 * 3 / 2, 1920, CV_8UC1);
  for (int i = 0; i < 1080 * 1920 * 3; ++i) frame.data[i] = static_cast<unsigned char>((i * 7919LL) % 251);
  for (int i = 0; i < 1080 * 1920 * 3 / 2; ++i) nv12.data[i] = static_cast<unsigned char>((i * 104729LL) % 251);
  const cv::Mat turn = cv::getRotationMatrix2D({960, 540}, 20, 0.9);
  const Boxes spread(false), piles(true);
  const cv::Mat mask = PlaneOf(150, 255, 0, false), guide = PlaneOf(156, 180, 60, true);
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
      {"guided-8", [&](cv::Mat& out) { Guided(mask, guide, 8, 1, out); }},
      {"guided-60", [&](cv::Mat& out) { Guided(mask, guide, 60, 1, out); }},
      {"guided-8-2", [&](cv::Mat& out) { Guided(mask, guide, 8, 2, out); }},
      {"guided-60-15", [&](cv::Mat& out) { Guided(mask, guide, 60, 15, out); }},
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
