#include "program/program.h"

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "base/thread_pool.h"
#include "program/schema.gen.h"
#include "test/testing.h"

namespace inferlab::program {
namespace {

constexpr std::uint32_t kArgReduce = 0;  // opcodes count the schema's instructions by name
constexpr std::uint32_t kArena = 0, kInput = 2, kOutput = 3;
constexpr std::int64_t kOuter = 24, kAxis = 50;

class Bytes {
 public:
  Bytes& U32(std::uint32_t value) { return Append(&value, 4); }
  Bytes& U64(std::uint64_t value) { return Append(&value, 8); }
  const std::vector<std::byte>& get() const { return bytes_; }

 private:
  Bytes& Append(const void* data, std::size_t size) {
    bytes_.resize(bytes_.size() + size);
    std::memcpy(bytes_.data() + bytes_.size() - size, data, size);
    return *this;
  }
  std::vector<std::byte> bytes_;
};

struct Tensor {
  std::uint32_t place;
  std::uint64_t offset;
  std::uint64_t bytes;
};

// ArgMax over rows of tensor 0 into tensor 1. `axis`: what the instruction believes a row's length to be.
std::vector<std::byte> ArgMaxProgram(Tensor from, Tensor to, std::uint64_t arena_bytes, std::int64_t axis = kAxis) {
  Bytes bytes;
  bytes.U32(0x47504c49).U32(0).U64(kSchemaHash).U64(arena_bytes);
  bytes.U64(2);
  for (const Tensor& tensor : {from, to}) bytes.U32(tensor.place).U32(0).U64(tensor.offset).U64(tensor.bytes);
  bytes.U64(1).U64(kOuter * kAxis * 4).U64(1).U64(kOuter * 8);
  bytes.U64(0).U64(0);  // constants, preparations
  bytes.U64(1).U32(kArgReduce).U32(1).U32(1).U32(40).U32(0).U32(1);
  for (std::int64_t word : {std::int64_t{1}, std::int64_t{0}, kOuter, axis, std::int64_t{1}})
    bytes.U64(static_cast<std::uint64_t>(word));
  return bytes.get();
}

constexpr Tensor kWholeInput{kInput, 0, kOuter * kAxis * 4}, kWholeOutput{kOutput, 0, kOuter * 8};

Status Load(const std::vector<std::byte>& bytes, memory::Heap& heap, std::unique_ptr<Program>* program) {
  Serial serial;
  return Program::Load(bytes, std::make_shared<ConstantStore>(memory::SessionHeap::Make(heap)), 4, serial, program);
}

}  // namespace

TEST(ProgramRuns, GiveEachCallerItsOwnResult) {
  memory::Heap heap;
  std::unique_ptr<Program> program;
  EXPECT(Load(ArgMaxProgram(kWholeInput, kWholeOutput, 0), heap, &program).ok());
  if (!program) return;
  ThreadPool pool(4);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (int round = 0; round < 25; ++round) {
        std::vector<float> x(kOuter * kAxis);
        std::vector<std::int64_t> y(kOuter);
        for (std::int64_t row = 0; row < kOuter; ++row)
          x[static_cast<std::size_t>(row * kAxis + (row + caller + round) % kAxis)] = 1;
        const auto* input = reinterpret_cast<const std::byte*>(x.data());
        auto* output = reinterpret_cast<std::byte*>(y.data());
        Team team(pool, 3);
        if (!program->Execute({std::span(&input, 1), std::span(&output, 1), team}).ok()) ++wrong;
        for (std::int64_t row = 0; row < kOuter; ++row)
          if (y[static_cast<std::size_t>(row)] != (row + caller + round) % kAxis) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT(wrong == 0);
}

TEST(ProgramLoad, RefusesOperandsThatDoNotHoldWhatAnInstructionTouches) {
  memory::Heap heap;
  std::unique_ptr<Program> program;
  EXPECT(!Load(ArgMaxProgram(kWholeInput, kWholeOutput, 0, kAxis + 1), heap, &program).ok());
  EXPECT(!Load(ArgMaxProgram({kInput, 4, kWholeInput.bytes}, kWholeOutput, 0), heap, &program).ok());
  EXPECT(!Load(ArgMaxProgram(kWholeInput, {kArena, 0, kOuter * 8}, kOuter * 8 - 1), heap, &program).ok());
  EXPECT(!Load(ArgMaxProgram(kWholeInput, {kInput, 0, kOuter * 8}, 0), heap, &program).ok());
  EXPECT(!program);
}

TEST(ProgramLoad, RefusesBytesThatAreDamagedOrCutOff) {
  memory::Heap heap;
  const std::vector<std::byte> whole = ArgMaxProgram(kWholeInput, kWholeOutput, 0);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    std::unique_ptr<Program> program;
    EXPECT(!Load({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, heap, &program).ok());
  }
  // Whatever one word says, the program loads and runs, or is refused.
  testing::Random random(1);
  std::vector<float> x(kOuter * kAxis);
  std::vector<std::int64_t> y(kOuter);
  const auto* input = reinterpret_cast<const std::byte*>(x.data());
  auto* output = reinterpret_cast<std::byte*>(y.data());
  for (std::size_t word = 0; word + 4 <= whole.size(); word += 4) {
    for (std::uint32_t value : {0u, 1u, 0x7fffffffu, 0xffffffffu, static_cast<std::uint32_t>(random.Bits())}) {
      std::vector<std::byte> damaged = whole;
      std::memcpy(damaged.data() + word, &value, 4);
      std::unique_ptr<Program> program;
      if (!Load(damaged, heap, &program).ok() || program->input_bytes().size() != 1 ||
          program->output_bytes().size() != 1 || program->input_bytes()[0] > x.size() * 4 ||
          program->output_bytes()[0] > y.size() * 8 || program->arena_bytes() > (1 << 20))
        continue;
      Serial serial;
      EXPECT(program->Execute({std::span(&input, 1), std::span(&output, 1), serial}).ok());
      for (std::int64_t index : y) EXPECT(index >= 0 && index < kAxis);
    }
  }
}

}  // namespace inferlab::program
