// Picture kernels for the node library: resize, colour, warps, filters. Each is one function behind one name; kernels.inc
// lists them, the addon calls them by name and src/pipeline/nodes/native.ts is their only caller. A kernel is one file here
// and one line there.
//
//   picture   elements of one type, `channels` side by side, rows `row_stride` elements apart
//   strip     pixels of a row that fit the first-level cache
//
// What weights, matrices and formulas mean is said once, in TypeScript; here they are applied, faster. Arguments come from
// JavaScript and may be anything: a kernel checks that what it reads and writes lies in its arrays, and says what does not.
// Results do not depend on the number of threads.
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/parallel.h"
#include "base/status.h"
#include "memory/heap.h"

namespace inferlab::vision {

enum class Element { kU8, kI16, kI32, kF32, kF64, kU16, kI8 };

// A typed array of the caller's.
struct Array {
  std::byte* data = nullptr;
  std::size_t length = 0;  // elements
  Element element = Element::kU8;

  template <typename T>
  T* As() const {
    return reinterpret_cast<T*>(data);
  }
};

struct Picture {
  Element element = Element::kU8;
  std::byte* data = nullptr;
  std::int64_t row_stride = 0;  // elements
  std::int64_t width = 0, height = 0, channels = 0;

  template <typename T>
  T* Row(std::int64_t y) const {
    return reinterpret_cast<T*>(data) + y * row_stride;
  }
};

// One call, read in order: every Next… takes the next arguments, or leaves an error in status().
class Call {
 public:
  Call(const double* params, std::size_t num_params, const Array* inputs, std::size_t num_inputs, const Array* outputs,
       std::size_t num_outputs, memory::Heap& heap, Parallel& parallel)
      : parallel(parallel),
        heap(heap),
        params_(params),
        num_params_(num_params),
        inputs_(inputs),
        num_inputs_(num_inputs),
        outputs_(outputs),
        num_outputs_(num_outputs) {}

  // The next number. Integer: within [low, high].
  double Number();
  std::int64_t Integer(std::int64_t low, std::int64_t high);
  // The next array of this type with at least so many elements.
  template <typename T>
  T* Input(Element element, std::int64_t length) {
    const Array array = NextInput();
    Check(array, element, length);
    return array.As<T>();
  }
  template <typename T>
  T* Output(Element element, std::int64_t length) {
    const Array array = NextOutput();
    Check(array, element, length);
    return array.As<T>();
  }
  // A picture: offset, row stride, width, height and channels of the next array.
  Picture InputPicture() { return PictureOf(NextInput()); }
  Picture OutputPicture() { return PictureOf(NextOutput()); }
  Array NextInput();
  Array NextOutput();
  void Fail(const char* what, std::int64_t found = 0, std::int64_t expected = 0);
  const Status& status() const { return status_; }
  bool ok() const { return status_.ok(); }

  Parallel& parallel;
  memory::Heap& heap;

 private:
  Picture PictureOf(const Array& array);
  void Check(const Array& array, Element element, std::int64_t length);

  const double* params_;
  std::size_t num_params_;
  const Array* inputs_;
  std::size_t num_inputs_;
  const Array* outputs_;
  std::size_t num_outputs_;
  Status status_;
};

// Memory of a call, given back when it ends: `bytes` for each thread, 64 bytes apart from the next one's.
class Scratch {
 public:
  Scratch(Call& call, std::size_t bytes_per_thread);
  ~Scratch() { heap_.Free(data_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  template <typename T>
  T* Of(int thread) const {
    return reinterpret_cast<T*>(static_cast<std::byte*>(data_) + static_cast<std::size_t>(thread) * stride_);
  }

 private:
  memory::Heap& heap_;
  std::size_t stride_;
  void* data_;
};

// Calls rows(first, last, thread) for bands of rows; a band has work for a thread's wake-up at least.
template <typename Function>
void ForRows(Parallel& parallel, std::int64_t height, std::int64_t elements_per_row, Function&& rows) {
  constexpr std::int64_t kBandElements = 1 << 15;
  std::int64_t band = elements_per_row > 0 ? (kBandElements + elements_per_row - 1) / elements_per_row : height;
  if (band < 2) band = 2;
  const std::int64_t count = (height + band - 1) / band;
  parallel.For(static_cast<std::size_t>(count < 0 ? 0 : count), [&](std::size_t task, int thread) {
    const std::int64_t first = static_cast<std::int64_t>(task) * band;
    rows(first, first + band < height ? first + band : height, thread);
  });
}

// Runs the kernel of that name. kArgument for a name there is not, and for arguments that do not fit.
Status Run(const char* name, Call& call);

#define INFERLAB_VISION_KERNEL(name, function) Status function(Call& call);
#include "vision/kernels.inc"
#undef INFERLAB_VISION_KERNEL

}  // namespace inferlab::vision
