// A program: what the compiler (src/compiler/program) hands over for one set of static shapes.
//
// Bytes (little-endian; written by encode.ts, lists are u64 count + items):
//   u32 magic "ILPG", u32 0, u64 schema hash, u64 arena bytes
//   tensors       {u32 place, u32 index, u64 offset, u64 bytes}       place: 0 arena, 1 constant, 2 input, 3 output
//   inputs        {u64 bytes}      at least so many bytes will be fed
//   outputs       {u64 bytes}      so many bytes are allocated
//   constants     {u64 id}         in the constant store
//   preparations  instructions run once at load; each writes one constant of the store that is not there yet
//   instructions  {u32 opcode, u32 inputs, u32 outputs, u32 parameter bytes, u32 tensors[…], pad to 8, parameters}
//   groups        {u64 first, lanes {u64 instructions}}   instructions from the first on: one lane behind the other
//
// The instructions of a lane run one after the other on one thread; the lanes of a group run beside each other, each as a task
// of the run's team. What stands before a group is done before it, what stands behind it begins when all its lanes are done.
//
// Invariants: after Load returned ok, no run can touch memory outside the tensors' buffers, and no two lanes of a group touch
// the same bytes unless both only read them.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "base/status.h"
#include "memory/session_heap.h"
#include "program/instruction.h"

namespace inferlab::program {

// Constants by id: the model's weights (memory of somebody else) and those prepared from them (memory of the session's heap),
// shared by all programs of a session. Thread-safe.
class ConstantStore {
 public:
  explicit ConstantStore(std::shared_ptr<memory::SessionHeap> heap) : heap_(std::move(heap)) {}
  // Closes the heap: the programs that read its weights are gone.
  ~ConstantStore();
  ConstantStore(const ConstantStore&) = delete;
  ConstantStore& operator=(const ConstantStore&) = delete;

  struct Constant {
    std::byte* data = nullptr;
    std::size_t bytes = 0;
    bool known = false;
    bool owned = false;
  };
  // Memory that outlives the store. False where the id is taken.
  bool Put(std::uint64_t id, const void* data, std::size_t bytes);
  // Memory of the store's heap, which is the store's from now on. False where the id is taken.
  bool Adopt(std::uint64_t id, std::byte* data, std::size_t bytes);
  // Gives an adopted constant's memory back; nothing for any other id. No program that is there may use it.
  void Drop(std::uint64_t id);
  // Forgets a constant that was put, so that it may be put again; nothing for any other id. No program that is there may use
  // it when it runs; those that prepared from it may be there.
  void Forget(std::uint64_t id);
  Constant Get(std::uint64_t id) const;
  std::size_t owned_bytes() const;
  const std::shared_ptr<memory::SessionHeap>& heap() const { return heap_; }

 private:
  const std::shared_ptr<memory::SessionHeap> heap_;
  mutable std::mutex mutex_;
  std::vector<Constant> constants_;
};

// Written by the thread that runs it (in a lane any of the team), one pair an instruction; nanoseconds since the request's `origin`.
struct Timing {
  std::int64_t start_ns;
  std::int64_t end_ns;
};

// What one thread did of one instruction: from its first task to the end of its last, and the time within its tasks. All 0
// where it had none.
struct Stint {
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::int64_t busy_ns = 0;
};

struct RunRequest {
  std::span<const std::byte* const> inputs;
  std::span<std::byte* const> outputs;
  Parallel& parallel;
  const std::atomic<bool>* cancel = nullptr;
  // Empty or one an instruction.
  std::span<Timing> timings = {};
  // Empty or one an instruction and thread: that of instruction i and thread t at t * num_instructions() + i.
  std::span<Stint> stints = {};
  // What timings and stints count from.
  std::chrono::steady_clock::time_point origin = {};
};

class Program {
 public:
  // Decodes and checks `bytes`, runs the preparations on `parallel`. `num_threads`: the most a run may use.
  static Status Load(std::span<const std::byte> bytes, std::shared_ptr<ConstantStore> store, int num_threads,
                     Parallel& parallel, std::unique_ptr<Program>* program);
  ~Program();

  // Safe to call from several threads at once: each run has its own arena, from the store's heap and back.
  Status Execute(const RunRequest& request);

  std::span<const std::size_t> input_bytes() const { return input_bytes_; }
  std::span<const std::size_t> output_bytes() const { return output_bytes_; }
  std::size_t num_instructions() const { return instructions_.size(); }
  std::size_t arena_bytes() const { return arena_bytes_; }
  std::size_t workspace_bytes() const { return workspace_bytes_; }
  int num_threads() const { return num_threads_; }
  memory::SessionHeap& heap() const { return heap_; }

 private:
  struct Context;
  struct Place {
    std::uint32_t kind;
    std::uint32_t index;
    std::uint64_t offset;
  };
  // Instructions that run beside each other.
  struct Group {
    std::size_t begin;
    std::size_t end;
    // Where each lane ends; the first begins at `begin`.
    std::vector<std::size_t> lane_ends;
    // Workspace of each thread.
    std::size_t workspace_bytes;
  };
  struct Running;
  Program(std::shared_ptr<ConstantStore> store, int num_threads);
  Status Decode(std::span<const std::byte> bytes, Parallel& parallel);
  // `num_inputs`: of each instruction.
  Status DecodeGroup(std::span<const std::uint64_t> lanes, std::uint64_t first, std::span<const std::size_t> num_inputs);
  // Whether two lanes touch bytes that one of them writes.
  bool LanesMeet(const Group& group, std::span<const std::size_t> num_inputs) const;
  // Runs an instruction; a status other than ok names it.
  Status Step(const Running& running, std::size_t instruction, Parallel& parallel, std::byte* workspace) const;
  Status RunGroup(const Running& running, const Group& group) const;
  Status Prepare(const Instruction& instruction, std::uint64_t id, std::uint32_t tensor, Parallel& parallel);
  std::size_t ArenaBytes() const;
  std::unique_ptr<Context> Acquire();
  void Release(std::unique_ptr<Context> context);

  std::shared_ptr<ConstantStore> store_;
  memory::SessionHeap& heap_;
  const int num_threads_;
  std::size_t arena_bytes_ = 0;
  std::size_t workspace_bytes_ = 0;
  std::vector<std::size_t> input_bytes_;
  std::vector<std::size_t> output_bytes_;
  std::vector<Place> places_;
  // Pointers of arena tensors are offsets until a context adds its arena; constants are final.
  std::vector<std::byte*> fixed_;
  std::vector<Made> instructions_;
  // Of each instruction, inputs then outputs.
  std::vector<std::vector<Operand>> operands_;
  // In their order, apart from each other.
  std::vector<Group> groups_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Context>> idle_;
};

}  // namespace inferlab::program
