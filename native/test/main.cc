#include <chrono>
#include <cstdio>

#include "test/testing.h"

namespace inferlab::testing {
namespace {

int failures = 0;
int failures_of_test = 0;
constexpr int kPrinted = 5;  // failures printed of one test

}  // namespace

std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}

void Fail(const char* file, int line, const std::string& what) {
  ++failures;
  if (++failures_of_test <= kPrinted) std::printf("    %s:%d: %s\n", file, line, what.c_str());
}

bool Register(const char* group, const char* name, void (*body)()) {
  Tests().push_back({std::string(group) + "." + name, body});
  return true;
}

bool RegisterEachIsa(const char* group, const char* name, void (*body)()) {
  for (Isa isa : {Isa::kPlain, Isa::kAvx2, Isa::kAvx512, Isa::kNeon}) {
    Tests().push_back({std::string(group) + "." + name + "/" + IsaName(isa), [isa, body] {
                         const Isa before = CurrentIsa();
                         ForceIsa(isa);
                         body();
                         ForceIsa(before);
                       }});
    if (!IsaSupported(isa)) Tests().pop_back();
  }
  return true;
}

}  // namespace inferlab::testing

int main(int argc, char** argv) {
  using namespace inferlab::testing;
  int run = 0;
  for (const Test& test : Tests()) {
    bool wanted = argc <= 1;
    for (int i = 1; i < argc; ++i) wanted = wanted || test.name.find(argv[i]) != std::string::npos;
    if (!wanted) continue;
    failures_of_test = 0;
    const auto begin = std::chrono::steady_clock::now();
    test.body();
    const auto ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%s %s (%.0f ms)\n", failures_of_test ? "FAIL" : "ok  ", test.name.c_str(), ms);
    std::fflush(stdout);
    ++run;
  }
  std::printf("%d tests, %d failures\n", run, failures);
  return run == 0 ? 1 : (failures > 100 ? 100 : failures);
}
