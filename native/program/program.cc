#include "program/program.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "program/arena_guard.h"
#include "program/reader.h"
#include "program/schema.gen.h"

namespace inferlab::program {
namespace {

constexpr std::uint32_t kMagic = 0x47504c49;  // "ILPG"
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 44;
constexpr std::uint64_t kMaxConstants = std::uint64_t{1} << 24;

enum PlaceKind : std::uint32_t { kArena = 0, kConstant = 1, kInput = 2, kOutput = 3 };

constexpr std::size_t WholeLines(std::size_t bytes) {
  return (bytes + memory::kAlignment - 1) / memory::kAlignment * memory::kAlignment;
}

struct Record {
  std::uint32_t opcode = 0;
  std::vector<Operand> inputs;
  std::vector<Operand> outputs;
  std::span<const std::byte> parameters;
};

Status ReadRecord(Reader& reader, std::size_t num_tensors, Record* record) {
  record->opcode = reader.U32();
  const std::uint32_t num_inputs = reader.U32();
  const std::uint32_t num_outputs = reader.U32();
  const std::uint32_t parameter_bytes = reader.U32();
  if (!reader.ok() || (std::uint64_t{num_inputs} + num_outputs) * 4 > reader.remaining())
    return Status::Malformed("operand count", std::int64_t{num_inputs} + num_outputs);
  const auto read = [&](std::uint32_t count, std::vector<Operand>* operands) {
    operands->resize(count);
    for (Operand& operand : *operands) {
      operand.tensor = reader.U32();
      if (operand.present() && operand.tensor >= num_tensors) return false;
    }
    return true;
  };
  if (!read(num_inputs, &record->inputs) || !read(num_outputs, &record->outputs))
    return Status::Malformed("operand's tensor index", 0, static_cast<std::int64_t>(num_tensors));
  if ((num_inputs + num_outputs) % 2) reader.U32();
  record->parameters = reader.Bytes(parameter_bytes);
  return reader.ok() ? Status::Ok() : Status::Malformed("instruction's end");
}

}  // namespace

ConstantStore::~ConstantStore() { heap_->Close(); }

bool ConstantStore::Put(std::uint64_t id, const void* data, std::size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (id > kMaxConstants) return false;
  if (id >= constants_.size()) constants_.resize(id + 1);
  if (constants_[id].known) return false;
  // Only read: programs with a constant among an instruction's outputs are refused.
  constants_[id] = {static_cast<std::byte*>(const_cast<void*>(data)), bytes, true, false};
  return true;
}

bool ConstantStore::Adopt(std::uint64_t id, std::byte* data, std::size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (id > kMaxConstants) return false;
  if (id >= constants_.size()) constants_.resize(id + 1);
  if (constants_[id].known) return false;
  constants_[id] = {data, bytes, true, true};
  return true;
}

void ConstantStore::Drop(std::uint64_t id) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (id >= constants_.size() || !constants_[id].owned) return;
  heap_->Free(memory::SessionHeap::kWeights, constants_[id].data, constants_[id].bytes);
  constants_[id] = {};
}

void ConstantStore::Forget(std::uint64_t id) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (id < constants_.size() && !constants_[id].owned) constants_[id] = {};
}

ConstantStore::Constant ConstantStore::Get(std::uint64_t id) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return id < constants_.size() ? constants_[id] : Constant{};
}

std::size_t ConstantStore::owned_bytes() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::size_t bytes = 0;
  for (const Constant& constant : constants_)
    if (constant.owned) bytes += constant.bytes;
  return bytes;
}

// What one run at a time needs. Its memory goes back to the heap between runs, so that programs that do not run at once use
// the same; `tensors` are right for the place it had last, which the next run mostly gets again.
struct Program::Context {
  std::byte* memory = nullptr;  // arena, then workspace
  std::byte* workspace = nullptr;
  std::vector<std::byte*> tensors;
};

Program::Program(std::shared_ptr<ConstantStore> store, int num_threads)
    : store_(std::move(store)), heap_(*store_->heap()), num_threads_(num_threads) {}

Program::~Program() = default;

Status Program::Load(std::span<const std::byte> bytes, std::shared_ptr<ConstantStore> store, int num_threads,
                     Parallel& parallel, std::unique_ptr<Program>* program) {
  std::unique_ptr<Program> made(new Program(std::move(store), num_threads));
  INFERLAB_RETURN_IF_ERROR(made->Decode(bytes, parallel));
  *program = std::move(made);
  return Status::Ok();
}

Status Program::Decode(std::span<const std::byte> bytes, Parallel& parallel) {
  Reader reader(bytes);
  if (reader.U32() != kMagic || !reader.ok()) return Status::Malformed("magic number");
  reader.U32();
  const std::uint64_t hash = reader.U64();
  if (hash != kSchemaHash) return {StatusCode::kStale, "schema hash", static_cast<std::int64_t>(hash), static_cast<std::int64_t>(kSchemaHash)};
  const std::uint64_t arena_bytes = reader.U64();
  if (arena_bytes > kMaxBytes) return Status::OutOfMemory(static_cast<std::int64_t>(arena_bytes));
  arena_bytes_ = arena_bytes;

  std::vector<std::size_t> sizes;
  places_.resize(reader.Count(24));
  sizes.resize(places_.size());
  for (std::size_t i = 0; i < places_.size(); ++i) {
    places_[i].kind = reader.U32();
    places_[i].index = reader.U32();
    places_[i].offset = reader.U64();
    sizes[i] = reader.U64();
    if (places_[i].offset > kMaxBytes || sizes[i] > kMaxBytes)
      return Status::Malformed("tensor bytes", static_cast<std::int64_t>(i));
  }
  const auto read_sizes = [&](std::vector<std::size_t>* list) {
    list->resize(reader.Count(8));
    for (auto& size : *list) {
      size = reader.U64();
      if (size > kMaxBytes) return false;
    }
    return true;
  };
  if (!read_sizes(&input_bytes_) || !read_sizes(&output_bytes_)) return Status::Malformed("input or output bytes");
  std::vector<std::uint64_t> constants(reader.Count(8));
  for (auto& id : constants) id = reader.U64();

  // Constants first: preparations make some of them, then every tensor's place must exist.
  fixed_.assign(places_.size(), nullptr);
  const auto place_constant = [&](std::size_t i) {
    const Place& place = places_[i];
    if (place.index >= constants.size()) return false;
    const auto constant = store_->Get(constants[place.index]);
    if (!constant.known || place.offset > constant.bytes) return false;
    // A prepared constant's size is its kernel's business; the program says 0.
    if (sizes[i] == 0) sizes[i] = constant.bytes - place.offset;
    if (sizes[i] > constant.bytes - place.offset) return false;
    fixed_[i] = constant.data + place.offset;
    return true;
  };
  const auto resolve = [&](Record* record) {
    for (auto* operands : {&record->inputs, &record->outputs})
      for (Operand& operand : *operands)
        if (operand.present()) operand.bytes = sizes[operand.tensor];
  };

  const std::size_t num_preparations = reader.Count(16);
  for (std::size_t p = 0; p < num_preparations; ++p) {
    Record record;
    INFERLAB_RETURN_IF_ERROR(ReadRecord(reader, places_.size(), &record));
    for (const Operand& operand : record.inputs) {
      if (operand.present() && (places_[operand.tensor].kind != kConstant || !place_constant(operand.tensor)))
        return Status::Malformed("constant to prepare from", operand.tensor);
    }
    if (record.outputs.size() != 1 || !record.outputs[0].present() ||
        places_[record.outputs[0].tensor].kind != kConstant ||
        places_[record.outputs[0].tensor].index >= constants.size() || places_[record.outputs[0].tensor].offset != 0)
      return Status::Malformed("constant to prepare", static_cast<std::int64_t>(p));
    resolve(&record);
    Made instruction;
    INFERLAB_RETURN_IF_ERROR(Make(record.opcode, record.parameters, {record.inputs, record.outputs, true}, &instruction));
    const std::uint32_t tensor = record.outputs[0].tensor;
    const std::uint64_t id = constants[places_[tensor].index];
    if (store_->Get(id).known) continue;  // made meanwhile for another shape
    INFERLAB_RETURN_IF_ERROR(Prepare(*instruction, id, tensor, parallel));
  }

  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_[i];
    const auto fits = [&](std::size_t whole) { return place.offset <= whole && sizes[i] <= whole - place.offset; };
    bool valid = false;
    switch (place.kind) {
      case kArena:
        valid = fits(arena_bytes_);
        break;
      case kConstant:
        valid = place_constant(i);
        break;
      case kInput:
        valid = place.index < input_bytes_.size() && fits(input_bytes_[place.index]);
        break;
      case kOutput:
        valid = place.index < output_bytes_.size() && fits(output_bytes_[place.index]);
        break;
    }
    if (!valid) return Status::Malformed("tensor's place", static_cast<std::int64_t>(i));
  }

  const std::size_t num_instructions = reader.Count(16);
  instructions_.reserve(num_instructions);
  std::vector<std::size_t> num_inputs;
  num_inputs.reserve(num_instructions);
  for (std::size_t i = 0; i < num_instructions; ++i) {
    Record record;
    Status status = ReadRecord(reader, places_.size(), &record);
    if (status.ok()) {
      resolve(&record);
      for (const Operand& operand : record.outputs) {
        if (operand.present() && (places_[operand.tensor].kind == kConstant || places_[operand.tensor].kind == kInput))
          status = Status::Malformed("output that must not be written", operand.tensor);
      }
    }
    Made instruction;
    if (status.ok()) status = Make(record.opcode, record.parameters, {record.inputs, record.outputs}, &instruction);
    if (!status.ok()) {
      status.instruction = static_cast<std::int64_t>(i);
      return status;
    }
    workspace_bytes_ = std::max(workspace_bytes_, instruction->WorkspaceBytes(num_threads_));
    num_inputs.push_back(record.inputs.size());
    std::vector<Operand>& operands = operands_.emplace_back(std::move(record.inputs));
    operands.insert(operands.end(), record.outputs.begin(), record.outputs.end());
    instructions_.push_back(std::move(instruction));
  }
  const std::size_t num_groups = reader.Count(16);
  for (std::size_t g = 0; g < num_groups; ++g) {
    const std::uint64_t first = reader.U64();
    std::vector<std::uint64_t> lanes(reader.Count(8));
    for (auto& count : lanes) count = reader.U64();
    if (!reader.ok()) break;
    INFERLAB_RETURN_IF_ERROR(DecodeGroup(lanes, first, num_inputs));
  }
  if (!reader.ok() || !reader.at_end())
    return Status::Malformed("program's length", static_cast<std::int64_t>(bytes.size()), static_cast<std::int64_t>(reader.position()));
  return Status::Ok();
}

Status Program::DecodeGroup(std::span<const std::uint64_t> lanes, std::uint64_t first,
                            std::span<const std::size_t> num_inputs) {
  const auto index = static_cast<std::int64_t>(groups_.size());
  const std::size_t after = groups_.empty() ? 0 : groups_.back().end;
  if (lanes.size() < 2 || first < after || first > instructions_.size()) return Status::Malformed("group of lanes", index);
  Group group{static_cast<std::size_t>(first), static_cast<std::size_t>(first), {}, 0};
  for (std::uint64_t count : lanes) {
    if (count == 0 || count > instructions_.size() - group.end) return Status::Malformed("lane of a group", index);
    group.end += static_cast<std::size_t>(count);
    group.lane_ends.push_back(group.end);
  }
  if (LanesMeet(group, num_inputs)) return Status::Malformed("group whose lanes touch the same memory", index);
  for (std::size_t i = group.begin; i < group.end; ++i)
    group.workspace_bytes = std::max(group.workspace_bytes, instructions_[i]->WorkspaceBytes(1));
  group.workspace_bytes = WholeLines(group.workspace_bytes);
  workspace_bytes_ = std::max(workspace_bytes_, group.workspace_bytes * static_cast<std::size_t>(num_threads_));
  groups_.push_back(std::move(group));
  return Status::Ok();
}

bool Program::LanesMeet(const Group& group, std::span<const std::size_t> num_inputs) const {
  struct Touch {
    std::uint64_t space;  // the arena, or one of the outputs
    std::uint64_t begin;
    std::uint64_t end;
    std::size_t lane;
    bool writes;
  };
  std::vector<Touch> touches;
  for (std::size_t i = group.begin, lane = 0; i < group.end; ++i) {
    if (i == group.lane_ends[lane]) ++lane;
    for (std::size_t k = 0; k < operands_[i].size(); ++k) {
      const Operand& operand = operands_[i][k];
      if (!operand.present() || operand.bytes == 0) continue;
      const Place& place = places_[operand.tensor];
      if (place.kind != kArena && place.kind != kOutput) continue;
      const std::uint64_t space = place.kind == kArena ? 0 : std::uint64_t{1} + place.index;
      touches.push_back({space, place.offset, place.offset + operand.bytes, lane, k >= num_inputs[i]});
    }
  }
  std::sort(touches.begin(), touches.end(),
            [](const Touch& a, const Touch& b) { return a.space != b.space ? a.space < b.space : a.begin < b.begin; });
  for (std::size_t a = 0; a < touches.size(); ++a) {
    for (std::size_t b = a + 1; b < touches.size() && touches[b].space == touches[a].space && touches[b].begin < touches[a].end; ++b)
      if (touches[a].lane != touches[b].lane && (touches[a].writes || touches[b].writes)) return true;
  }
  return false;
}

Status Program::Prepare(const Instruction& instruction, std::uint64_t id, std::uint32_t tensor, Parallel& parallel) {
  const std::size_t bytes = instruction.PreparedBytes();
  const std::size_t scratch_bytes = instruction.WorkspaceBytes(parallel.num_threads());
  using memory::SessionHeap;
  auto* data = static_cast<std::byte*>(heap_.Allocate(SessionHeap::kWeights, bytes, "prepared weights"));
  if (!data) return heap_.Refusal("prepared weights", bytes);
  auto* scratch = static_cast<std::byte*>(
      heap_.Allocate(SessionHeap::kScratch, scratch_bytes, "scratch memory of a preparation"));
  Status status = scratch ? Status::Ok() : heap_.Refusal("scratch memory to prepare weights", scratch_bytes);
  if (status.ok()) {
    fixed_[tensor] = data;
    status = instruction.Execute({fixed_.data(), parallel, scratch});
  }
  heap_.Free(SessionHeap::kScratch, scratch, scratch_bytes);
  if (!status.ok() || !store_->Adopt(id, data, bytes)) heap_.Free(SessionHeap::kWeights, data, bytes);
  return status;
}

// Arena and workspace, as one block.
std::size_t Program::ArenaBytes() const {
  return WholeLines(arena_bytes_) + workspace_bytes_;
}

std::unique_ptr<Program::Context> Program::Acquire() {
  std::unique_ptr<Context> context;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!idle_.empty()) {
      context = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (!context) {
    context = std::make_unique<Context>();
    context->tensors = fixed_;
  }
  const std::size_t arena = ArenaBytes() - workspace_bytes_;
  auto* memory = static_cast<std::byte*>(heap_.Allocate(memory::SessionHeap::kArena, ArenaBytes(), "arena of a program"));
  if (!memory) return nullptr;
  if (memory != context->memory) {
    context->memory = memory;
    context->workspace = memory + arena;
    for (std::size_t i = 0; i < places_.size(); ++i)
      if (places_[i].kind == kArena) context->tensors[i] = memory + places_[i].offset;
  }
  return context;
}

void Program::Release(std::unique_ptr<Context> context) {
  heap_.Free(memory::SessionHeap::kArena, context->memory, ArenaBytes());
  std::lock_guard<std::mutex> lock(mutex_);
  idle_.push_back(std::move(context));
}

namespace {

using Clock = std::chrono::steady_clock;

std::int64_t NanosecondsSince(Clock::time_point origin) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - origin).count();
}

// Another's threads, with a note of who worked when.
class Watched final : public Parallel {
 public:
  // `stints`: see RunRequest.
  Watched(Parallel& inner, Clock::time_point origin, std::span<Stint> stints)
      : inner_(inner), origin_(origin), stints_(stints), num_instructions_(stints.size() / inner.num_threads()) {}

  void Begin(std::size_t instruction) { instruction_ = instruction; }
  int num_threads() const override { return inner_.num_threads(); }
  bool Cancelled() const override { return inner_.Cancelled(); }
  void Run(std::size_t num_tasks, Task task, void* context) override {
    inner_.For(num_tasks, [&](std::size_t index, int thread) {
      Stint& stint = stints_[static_cast<std::size_t>(thread) * num_instructions_ + instruction_];
      const std::int64_t start = NanosecondsSince(origin_);
      task(context, index, thread);
      const std::int64_t end = NanosecondsSince(origin_);
      if (stint.end_ns == 0) stint.start_ns = start;
      stint.end_ns = end;
      stint.busy_ns += end - start;
    });
  }

 private:
  Parallel& inner_;
  const Clock::time_point origin_;
  const std::span<Stint> stints_;
  const std::size_t num_instructions_;
  std::size_t instruction_ = 0;
};

// One thread of a run, for a lane: what the others do is no business of its instructions.
class LaneThread final : public Parallel {
 public:
  explicit LaneThread(const Parallel& run) : run_(run) {}
  int num_threads() const override { return 1; }
  bool Cancelled() const override { return run_.Cancelled(); }
  void Run(std::size_t num_tasks, Task task, void* context) override {
    for (std::size_t i = 0; i < num_tasks && !Cancelled(); ++i) task(context, i, 0);
  }

 private:
  const Parallel& run_;
};

}  // namespace

struct Program::Running {
  const RunRequest& request;
  const Context& context;
};

Status Program::Step(const Running& running, std::size_t instruction, Parallel& parallel, std::byte* workspace) const {
  const auto& [request, context] = running;
  if (request.cancel && request.cancel->load(std::memory_order_relaxed)) return Status::Cancelled();
  if (!request.timings.empty()) request.timings[instruction].start_ns = NanosecondsSince(request.origin);
  Status status;
  {
    const std::size_t bytes = instructions_[instruction]->WorkspaceBytes(parallel.num_threads() == 1 ? 1 : num_threads_);
    const ArenaGuard guard({context.memory, context.workspace + workspace_bytes_}, workspace, bytes, operands_[instruction],
                           context.tensors.data());
    status = instructions_[instruction]->Execute({context.tensors.data(), parallel, workspace});
  }
  if (!request.timings.empty()) request.timings[instruction].end_ns = NanosecondsSince(request.origin);
  if (!status.ok()) status.instruction = static_cast<std::int64_t>(instruction);
  return status;
}

Status Program::RunGroup(const Running& running, const Group& group) const {
  const RunRequest& request = running.request;
  // Where several lanes fail, the first instruction of those.
  std::mutex mutex;
  Status first;
  std::atomic<bool> stop{false};
  const auto run_lane = [&](std::size_t lane, int thread) {
    LaneThread alone(request.parallel);
    std::byte* const workspace = running.context.workspace + group.workspace_bytes * static_cast<std::size_t>(thread);
    for (std::size_t i = lane == 0 ? group.begin : group.lane_ends[lane - 1]; i < group.lane_ends[lane]; ++i) {
      if (stop.load(std::memory_order_relaxed)) return;
      const std::int64_t start = request.stints.empty() ? 0 : NanosecondsSince(request.origin);
      const Status status = Step(running, i, alone, workspace);
      if (!request.stints.empty()) {
        const std::int64_t end = NanosecondsSince(request.origin);
        request.stints[static_cast<std::size_t>(thread) * instructions_.size() + i] = {start, end, end - start};
      }
      if (status.ok()) continue;
      const std::lock_guard<std::mutex> lock(mutex);
      if (first.ok() || status.instruction < first.instruction) first = status;
      stop.store(true, std::memory_order_relaxed);
      return;
    }
  };
  const std::size_t lanes = group.lane_ends.size();
  const std::size_t at_once = ArenaGuard::kOneAtATime ? 1 : lanes;
  for (std::size_t begin = 0; begin < lanes; begin += at_once)
    request.parallel.For(at_once, [&](std::size_t i, int thread) { run_lane(begin + i, thread); });
  return first;
}

Status Program::Execute(const RunRequest& request) {
  if (request.inputs.size() != input_bytes_.size() || request.outputs.size() != output_bytes_.size())
    return {StatusCode::kArgument, "number of inputs and outputs"};
  if (request.parallel.num_threads() > num_threads_)
    return {StatusCode::kArgument, "number of threads", request.parallel.num_threads(), num_threads_};
  if (!request.stints.empty() && request.stints.size() != instructions_.size() * request.parallel.num_threads())
    return {StatusCode::kArgument, "number of stints"};
  std::unique_ptr<Context> context = Acquire();
  if (!context) return heap_.Refusal("arena of a run", ArenaBytes());
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const Place& place = places_[i];
    if (place.kind == kInput) {
      // Only read: programs with an input among an instruction's outputs are refused.
      context->tensors[i] = const_cast<std::byte*>(request.inputs[place.index]) + place.offset;
    } else if (place.kind == kOutput) {
      context->tensors[i] = request.outputs[place.index] + place.offset;
    }
  }
  std::optional<Watched> watched;
  if (!request.stints.empty()) watched.emplace(request.parallel, request.origin, request.stints);
  Parallel& parallel = watched ? *watched : request.parallel;
  const Running running{request, *context};
  Status status;
  std::size_t group = 0;
  for (std::size_t i = 0; i < instructions_.size() && status.ok();) {
    if (group < groups_.size() && groups_[group].begin == i) {
      status = RunGroup(running, groups_[group]);
      i = groups_[group++].end;
    } else {
      if (watched) watched->Begin(i);
      status = Step(running, i, parallel, context->workspace);
      ++i;
    }
  }
  // A cancel inside the last instruction skipped some of its tasks.
  if (status.ok() && request.cancel && request.cancel->load(std::memory_order_relaxed)) status = Status::Cancelled();
  Release(std::move(context));
  // Checked mode: a kernel, or anybody else, wrote where it should not. The findings say who and where.
  if (status.ok() && heap_.Check() > 0) status = {StatusCode::kCorrupted, "memory was misused"};
  return status;
}

}  // namespace inferlab::program
