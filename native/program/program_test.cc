#include "program/program.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "base/thread_pool.h"
#include "program/schema.gen.h"
#include "test/testing.h"

namespace inferlab::program {
namespace {

constexpr std::uint32_t kArgReduce = 0, kGather = 4;  // opcodes count the schema's instructions by name
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
  bytes.U64(0);  // groups
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

namespace {

constexpr std::size_t kLanes = 5, kSteps = 3, kWidth = 300, kRowBytes = kWidth * 4;

// Lane l permutes the floats of input 0 kSteps times, each time by row l of input 1, through two buffers of its own into
// output l. Step s of lane l is instruction l * kSteps + s.
std::vector<std::byte> LanesProgram(std::span<const std::vector<std::uint64_t>> groups, std::uint64_t lane_bytes = 2 * kRowBytes) {
  Bytes bytes;
  bytes.U32(0x47504c49).U32(0).U64(kSchemaHash).U64(kLanes * 2 * kRowBytes);
  // Tensors: x, then of each lane its row of indices, its two buffers and its output.
  bytes.U64(1 + 4 * kLanes).U32(kInput).U32(0).U64(0).U64(kRowBytes);
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    bytes.U32(kInput).U32(1).U64(lane * kRowBytes).U64(kRowBytes);
    for (std::uint32_t i = 0; i < 2; ++i) bytes.U32(kArena).U32(0).U64(lane * lane_bytes + i * kRowBytes).U64(kRowBytes);
    bytes.U32(kOutput).U32(lane).U64(0).U64(kRowBytes);
  }
  bytes.U64(2).U64(kRowBytes).U64(kLanes * kRowBytes);
  bytes.U64(kLanes);
  for (std::size_t lane = 0; lane < kLanes; ++lane) bytes.U64(kRowBytes);
  bytes.U64(0).U64(0);  // constants, preparations
  bytes.U64(kLanes * kSteps);
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    const std::uint32_t indices = 1 + 4 * lane, places[] = {0, indices + 1, indices + 2, indices + 3};
    for (std::size_t step = 0; step < kSteps; ++step) {
      bytes.U32(kGather).U32(2).U32(1).U32(40).U32(places[step]).U32(indices).U32(places[step + 1]).U32(0);
      for (std::uint64_t word : {std::uint64_t{1}, std::uint64_t{kWidth}, std::uint64_t{kWidth}, std::uint64_t{4}, std::uint64_t{4}})
        bytes.U64(word);
    }
  }
  bytes.U64(groups.size());
  for (const std::vector<std::uint64_t>& group : groups) {
    bytes.U64(group[0]).U64(group.size() - 1);
    for (std::size_t lane = 1; lane < group.size(); ++lane) bytes.U64(group[lane]);
  }
  return bytes.get();
}

const std::vector<std::uint64_t> kAllLanes{0, kSteps, kSteps, kSteps, kSteps, kSteps};

// What a lanes program reads and writes.
struct LanesData {
  std::vector<float> x = std::vector<float>(kWidth);
  std::vector<std::int32_t> indices = std::vector<std::int32_t>(kLanes * kWidth);
  std::vector<float> y = std::vector<float>(kLanes * kWidth, -1);
  const std::byte* inputs[2] = {reinterpret_cast<const std::byte*>(x.data()), reinterpret_cast<const std::byte*>(indices.data())};
  std::byte* outputs[kLanes];

  explicit LanesData(std::uint64_t seed) {
    testing::Random random(seed);
    for (float& value : x) value = random.Uniform(0, 1);
    for (std::int32_t& index : indices) index = static_cast<std::int32_t>(random.Int(0, kWidth - 1));
    for (std::size_t lane = 0; lane < kLanes; ++lane) outputs[lane] = reinterpret_cast<std::byte*>(y.data() + lane * kWidth);
  }
  LanesData(const LanesData&) = delete;
  LanesData& operator=(const LanesData&) = delete;

  // Whether output `lane` is what its permutations make of x.
  bool IsRight(std::size_t lane) const {
    std::vector<float> row = x;
    for (std::size_t step = 0; step < kSteps; ++step) {
      std::vector<float> next(kWidth);
      for (std::size_t i = 0; i < kWidth; ++i) next[i] = row[static_cast<std::size_t>(indices[lane * kWidth + i])];
      row = std::move(next);
    }
    return std::equal(row.begin(), row.end(), y.begin() + static_cast<std::ptrdiff_t>(lane * kWidth));
  }
};

}  // namespace

TEST(ProgramLanes, GiveTheResultsOfOneThreadAndSayWhoRanWhat) {
  memory::Heap heap;
  std::unique_ptr<Program> program;
  const std::vector<std::vector<std::uint64_t>> groupings[] = {
      {kAllLanes}, {{0, 6, 3}, {9, 3, 3}}, {{3, 1, 5, 3, 3}}, {}};
  ThreadPool pool(4);
  for (std::size_t g = 0; g < std::size(groupings); ++g) {
    // The third is no valid one: lane 0 ends in the middle of what depends on it.
    const Status status = Load(LanesProgram(groupings[g]), heap, &program);
    EXPECT(status.ok() == (g != 2));
    if (g == 2 || !program) continue;
    for (int num_threads = 1; num_threads <= 4; ++num_threads) {
      for (std::uint64_t round = 0; round < 8; ++round) {
        LanesData data(round + 1);
        std::vector<Timing> timings(kLanes * kSteps);
        std::vector<Stint> stints(timings.size() * static_cast<std::size_t>(num_threads));
        Team team(pool, num_threads);
        EXPECT(program->Execute({data.inputs, data.outputs, team, nullptr, timings, stints, std::chrono::steady_clock::now()}).ok());
        for (std::size_t lane = 0; lane < kLanes; ++lane) EXPECT(data.IsRight(lane));
        for (std::size_t i = 0; g == 0 && i < timings.size(); ++i) {
          EXPECT(timings[i].start_ns > 0 && timings[i].end_ns >= timings[i].start_ns);
          // One thread alone, after the lane's instruction before it.
          int threads = 0;
          for (std::size_t at = i; at < stints.size(); at += timings.size()) threads += stints[at].end_ns > 0;
          EXPECT(threads == 1);
          if (i % kSteps > 0) EXPECT(timings[i].start_ns >= timings[i - 1].end_ns);
        }
      }
    }
  }
}

TEST(ProgramLanes, NameTheInstructionThatFailed) {
  memory::Heap heap;
  std::unique_ptr<Program> program;
  EXPECT(Load(LanesProgram(std::span(&kAllLanes, 1)), heap, &program).ok());
  if (!program) return;
  ThreadPool pool(3);
  for (std::size_t failing = 0; failing < kLanes; ++failing) {
    LanesData data(7);
    data.indices[failing * kWidth + kWidth / 2] = kWidth;
    Team team(pool, 3);
    const Status status = program->Execute({data.inputs, data.outputs, team});
    EXPECT(status.code == StatusCode::kValue);
    EXPECT(status.found == kWidth);
    EXPECT(status.instruction == static_cast<std::int64_t>(failing * kSteps));
    // The next run is as good as ever.
    LanesData good(8);
    EXPECT(program->Execute({good.inputs, good.outputs, team}).ok());
    for (std::size_t lane = 0; lane < kLanes; ++lane) EXPECT(good.IsRight(lane));
  }
}

TEST(ProgramLanes, StopWhereTheRunIsCancelled) {
  // Cancels behind the first lane.
  class Cancelling final : public Parallel {
   public:
    explicit Cancelling(std::atomic<bool>& cancel) : cancel_(cancel) {}
    int num_threads() const override { return 2; }
    bool Cancelled() const override { return cancel_.load(); }
    void Run(std::size_t num_tasks, Task task, void* context) override {
      for (std::size_t i = 0; i < num_tasks; ++i) {
        task(context, i, static_cast<int>(i % 2));
        cancel_.store(true);
      }
    }

   private:
    std::atomic<bool>& cancel_;
  };
  memory::Heap heap;
  std::unique_ptr<Program> program;
  EXPECT(Load(LanesProgram(std::span(&kAllLanes, 1)), heap, &program).ok());
  if (!program) return;
  LanesData data(9);
  std::atomic<bool> cancel{false};
  Cancelling parallel(cancel);
  EXPECT(program->Execute({data.inputs, data.outputs, parallel, &cancel}).code == StatusCode::kCancelled);
  EXPECT(data.IsRight(0));
  for (std::size_t lane = 1; lane < kLanes; ++lane) EXPECT(data.y[lane * kWidth] == -1);
}

TEST(ProgramLanes, AreRefusedWhereTheyTouchEachOther) {
  memory::Heap heap;
  std::unique_ptr<Program> program;
  using Groups = std::vector<std::vector<std::uint64_t>>;
  // Lane l + 1 begins in the second buffer of lane l: right one after the other, wrong at once.
  EXPECT(Load(LanesProgram(Groups{}, kRowBytes), heap, &program).ok());
  EXPECT(!Load(LanesProgram(Groups{kAllLanes}, kRowBytes), heap, &program).ok());
  EXPECT(Load(LanesProgram(Groups{{0, 3, 3}, {6, 3, 3}}), heap, &program).ok());
  constexpr std::uint64_t kHuge = ~std::uint64_t{0};
  for (const Groups& wrong : {Groups{{0, 3}}, Groups{{0}}, Groups{{0, 3, 0}}, Groups{{0, 3, 13}}, Groups{{16, 1, 1}},
                              Groups{{kHuge, 3, 3}}, Groups{{0, kHuge, 4}}, Groups{{0, 3, kHuge - 2}},
                              Groups{{0, 3, 3}, {3, 3, 3}}, Groups{{6, 3, 3}, {0, 3, 3}}, Groups{{0, 1, 2}}})
    EXPECT(!Load(LanesProgram(wrong), heap, &program).ok());
}

}  // namespace inferlab::program
