// What a program is made of once it is decoded. A family's file in instructions/ implements one `Make<Name>` for each
// instruction of the schema (schema.gen.h): it checks the parameters against the operands' sizes, so that Run cannot leave
// its buffers whatever the program's bytes were, and returns the object that runs.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "base/parallel.h"
#include "base/status.h"

namespace inferlab::program {

// One run of one instruction. Tensors need no alignment beyond their element's.
struct Run {
  std::byte* const* tensors;  // by index in the program's table
  Parallel& parallel;
  std::byte* workspace;  // WorkspaceBytes, aligned to 64 bytes; contents undefined

  template <typename T>
  const T* In(std::uint32_t tensor) const {
    return reinterpret_cast<const T*>(tensors[tensor]);
  }
  template <typename T>
  T* Out(std::uint32_t tensor) const {
    return reinterpret_cast<T*>(tensors[tensor]);
  }
};

class Instruction {
 public:
  virtual ~Instruction() = default;
  // Results may not depend on the number of threads.
  virtual Status Execute(const Run& run) const = 0;
  // Scratch memory for up to `num_threads` threads.
  virtual std::size_t WorkspaceBytes(int num_threads) const {
    (void)num_threads;
    return 0;
  }
  // Only for instructions that prepare constants (weight packing), whose output has the size the kernel wants.
  virtual std::size_t PreparedBytes() const { return 0; }
};

struct Operand {
  std::uint32_t tensor = kAbsent;
  std::size_t bytes = 0;

  static constexpr std::uint32_t kAbsent = 0xffffffff;
  bool present() const { return tensor != kAbsent; }
  // Whether `count` elements of `size` bytes fit, without overflow.
  bool Holds(std::uint64_t count, std::size_t size) const { return present() && (size == 0 || count <= bytes / size); }
};

// Where an instruction stands: its operands. `preparing`: it runs once while the program is loaded, its outputs have
// no size yet.
struct Site {
  std::span<const Operand> inputs;
  std::span<const Operand> outputs;
  bool preparing = false;

  // An operand by position; an absent one beyond the end.
  Operand in(std::size_t i) const { return i < inputs.size() ? inputs[i] : Operand{}; }
  Operand out(std::size_t i) const { return i < outputs.size() ? outputs[i] : Operand{}; }
};

using Made = std::unique_ptr<Instruction>;

namespace internal {
template <typename Function>
class FunctionInstruction final : public Instruction {
 public:
  FunctionInstruction(Function function, std::size_t fixed_bytes, std::size_t bytes_per_thread)
      : function_(std::move(function)), fixed_bytes_(fixed_bytes), bytes_per_thread_(bytes_per_thread) {}
  Status Execute(const Run& run) const override { return function_(run); }
  std::size_t WorkspaceBytes(int num_threads) const override {
    return fixed_bytes_ + bytes_per_thread_ * static_cast<std::size_t>(num_threads);
  }

 private:
  Function function_;
  std::size_t fixed_bytes_;
  std::size_t bytes_per_thread_;
};
}  // namespace internal

// An instruction that is one function (const Run&) → Status.
template <typename Function>
Made MakeInstruction(Function function, std::size_t workspace_bytes = 0, std::size_t workspace_bytes_per_thread = 0) {
  return std::make_unique<internal::FunctionInstruction<Function>>(std::move(function), workspace_bytes,
                                                                   workspace_bytes_per_thread);
}

// Number of elements of dims; false where one is negative or the product leaves 2^48.
inline bool CountOf(std::span<const std::int64_t> dims, std::uint64_t* count) {
  std::uint64_t product = 1;
  for (std::int64_t dim : dims) {
    if (dim < 0 || dim > (std::int64_t{1} << 48)) return false;
    if (dim == 0) product = 0;
  }
  if (product != 0) {
    for (std::int64_t dim : dims) {
      if (product > (std::uint64_t{1} << 48) / static_cast<std::uint64_t>(dim)) return false;
      product *= static_cast<std::uint64_t>(dim);
    }
  }
  *count = product;
  return true;
}

// Range [lowest, highest] of element offsets a strided walk over dims touches, starting at 0. False where it leaves ±2^48.
// For empty dims both are 0 and nothing is touched.
inline bool ReachOf(std::span<const std::int64_t> dims, std::span<const std::int64_t> strides, std::int64_t* lowest,
                    std::int64_t* highest) {
  constexpr std::int64_t kLimit = std::int64_t{1} << 48;
  *lowest = 0;
  *highest = 0;
  if (dims.size() != strides.size()) return false;
  for (std::int64_t dim : dims)
    if (dim == 0) return true;
  for (std::size_t i = 0; i < dims.size(); ++i) {
    std::int64_t reach;
    if (dims[i] < 0 || __builtin_mul_overflow(dims[i] - 1, strides[i], &reach) || reach > kLimit || reach < -kLimit)
      return false;
    (reach < 0 ? *lowest : *highest) += reach;
    if (*lowest < -kLimit || *highest > kLimit) return false;
  }
  return true;
}

}  // namespace inferlab::program
