// What JavaScript sees of the process's heap. src/runtime/native/addon.ts declares the same in TypeScript.
#include <napi.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "addon/state.h"
#include "memory/pages.h"

namespace inferlab::addon {
namespace {

using memory::SessionHeap;

memory::Heap& HeapOf(const Napi::CallbackInfo& info) { return State::Of(info.Env()).cpu.heap; }
double Number(std::uint64_t value) { return static_cast<double>(value); }

// visit(Heap&) with the heaps that sessions have for their weights, beside the process's.
template <typename Visit>
void ForEachWeights(Visit visit) {
  SessionHeap::ForEach([&](SessionHeap& heap) { heap.WithWeights(visit); });
}

Napi::Value MemoryStats(const Napi::CallbackInfo& info) {
  memory::HeapStats stats = HeapOf(info).Stats();
  ForEachWeights([&](memory::Heap& weights) { stats.reserved_bytes += weights.Stats().reserved_bytes; });
  Napi::Object object = Napi::Object::New(info.Env());
  object.Set("liveBytes", Number(stats.live_bytes));
  object.Set("peakBytes", Number(stats.peak_bytes));
  object.Set("reservedBytes", Number(stats.reserved_bytes));
  object.Set("cachedBytes", Number(stats.cached_bytes));
  object.Set("allocations", Number(stats.allocations));
  object.Set("frees", Number(stats.frees));
  return object;
}

// memoryUse() → {bins, threads}: bins that were ever used, threads that ever allocated small blocks.
Napi::Value MemoryUse(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  memory::HeapUse use = HeapOf(info).Use();
  ForEachWeights([&](memory::Heap& weights) {
    const memory::HeapUse more = weights.Use();
    for (std::size_t i = 0; i < more.bins.size() && i < use.bins.size(); ++i) {
      use.bins[i].slabs += more.bins[i].slabs;
      use.bins[i].allocations += more.bins[i].allocations;
      use.bins[i].frees += more.bins[i].frees;
    }
    for (const memory::ThreadUse& thread : more.threads) {
      const auto known = std::find_if(use.threads.begin(), use.threads.end(),
                                      [&](const auto& one) { return one.number == thread.number; });
      if (known == use.threads.end()) {
        use.threads.push_back(thread);
      } else {
        known->slabs += thread.slabs;
        known->live_bytes += thread.live_bytes;
      }
    }
  });
  Napi::Array bins = Napi::Array::New(env);
  for (const memory::BinUse& bin : use.bins) {
    if (bin.allocations == 0) continue;
    Napi::Object object = Napi::Object::New(env);
    object.Set("blockBytes", Number(bin.block_bytes));
    object.Set("slabs", Number(bin.slabs));
    object.Set("allocations", Number(bin.allocations));
    object.Set("frees", Number(bin.frees));
    bins.Set(bins.Length(), object);
  }
  Napi::Array threads = Napi::Array::New(env);
  for (const memory::ThreadUse& thread : use.threads) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("thread", thread.number);
    object.Set("slabs", Number(thread.slabs));
    object.Set("liveBytes", Number(thread.live_bytes));
    threads.Set(threads.Length(), object);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("bins", bins);
  result.Set("threads", threads);
  return result;
}

// memoryRegions() → parts of the heap's addresses, by address.
Napi::Value MemoryRegions(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  static constexpr const char* kinds[] = {"slab", "block", "free"};
  auto regions = HeapOf(info).Regions();
  ForEachWeights([&](memory::Heap& weights) {
    for (memory::HeapRegion& region : weights.Regions()) regions.push_back(std::move(region));
  });
  std::sort(regions.begin(), regions.end(), [](const auto& a, const auto& b) { return a.address < b.address; });
  Napi::Array array = Napi::Array::New(env, regions.size());
  for (std::size_t i = 0; i < regions.size(); ++i) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("address", Number(regions[i].address));
    object.Set("bytes", Number(regions[i].bytes));
    object.Set("liveBytes", Number(regions[i].live_bytes));
    object.Set("kind", Napi::String::New(env, kinds[regions[i].kind]));
    object.Set("owner", Napi::String::New(env, regions[i].owner));
    object.Set("scope", Napi::String::New(env, regions[i].scope));
    array.Set(static_cast<std::uint32_t>(i), object);
  }
  return array;
}

// memoryRecord(on) starts or ends; memoryEvents() → what was recorded, as columns; `names` by tag.
Napi::Value MemoryRecord(const Napi::CallbackInfo& info) {
  HeapOf(info).Record(info[0].ToBoolean().Value());
  return info.Env().Undefined();
}

Napi::Value MemoryEvents(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  memory::Heap& heap = HeapOf(info);
  const std::vector<memory::HeapEvent> events = heap.TakeEvents();
  Napi::Float64Array times = Napi::Float64Array::New(env, events.size());
  Napi::Float64Array addresses = Napi::Float64Array::New(env, events.size());
  Napi::Float64Array bytes = Napi::Float64Array::New(env, events.size());
  Napi::Float64Array tags = Napi::Float64Array::New(env, events.size());
  Napi::Object names = Napi::Object::New(env);
  std::map<std::uint32_t, bool> named;
  for (std::size_t i = 0; i < events.size(); ++i) {
    times[i] = static_cast<double>(events[i].time_ns) / 1e3;
    addresses[i] = Number(events[i].address);
    bytes[i] = static_cast<double>(events[i].bytes);
    tags[i] = events[i].tag;
    if (!named.emplace(events[i].tag, true).second) continue;
    const auto [owner, scope] = heap.TagNames(events[i].tag);
    Napi::Array pair = Napi::Array::New(env, 2);
    pair.Set(std::uint32_t{0}, Napi::String::New(env, owner));
    pair.Set(std::uint32_t{1}, Napi::String::New(env, scope));
    names.Set(events[i].tag, pair);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("timesUs", times);
  result.Set("addresses", addresses);
  result.Set("bytes", bytes);
  result.Set("tags", tags);
  result.Set("names", names);
  return result;
}

Napi::Value MemoryScope(const Napi::CallbackInfo& info) {
  HeapOf(info).SetScope(info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : "");
  return info.Env().Undefined();
}

Napi::Value MemorySetChecked(const Napi::CallbackInfo& info) {
  HeapOf(info).SetChecked(info[0].ToBoolean().Value());
  return info.Env().Undefined();
}

Napi::Value MemoryIsChecked(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), HeapOf(info).checked());
}

// memoryInspect() looks at all checked blocks now; number of new findings.
Napi::Value MemoryInspect(const Napi::CallbackInfo& info) {
  std::size_t found = HeapOf(info).Check();
  ForEachWeights([&](memory::Heap& weights) { found += weights.Check(); });
  return Napi::Number::New(info.Env(), Number(found));
}

// allocate(bytes, owner?) → ArrayBuffer in pool memory.
Napi::Value Allocate(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const double bytes = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
  if (!(bytes >= 0)) {
    Throw(env, {StatusCode::kArgument, "number of bytes"});
    return env.Undefined();
  }
  memory::Heap& heap = HeapOf(info);
  const std::string owner = info[1].IsString() ? info[1].As<Napi::String>().Utf8Value() : "buffer";
  void* block = bytes < 1e15 ? heap.Allocate(static_cast<std::size_t>(bytes), owner.c_str()) : nullptr;
  if (!block) {
    Throw(env, Status::OutOfMemory(static_cast<std::int64_t>(bytes)));
    return env.Undefined();
  }
  const Napi::Value buffer = WrapBlock(env, heap, block, static_cast<std::size_t>(bytes));
  if (buffer.IsEmpty()) Throw(env, Status::OutOfMemory(static_cast<std::int64_t>(bytes)));
  return buffer.IsEmpty() ? env.Undefined() : buffer;
}

// release(buffer): the memory of an ArrayBuffer goes back now; the buffer is empty from then on. The caller promises that no
// run reads it.
Napi::Value Release(const Napi::CallbackInfo& info) {
  if (!info[0].IsArrayBuffer()) {
    Throw(info.Env(), {StatusCode::kArgument, "ArrayBuffer"});
    return info.Env().Undefined();
  }
  Napi::ArrayBuffer buffer = info[0].As<Napi::ArrayBuffer>();
  if (buffer.IsDetached()) return info.Env().Undefined();
  void* block = buffer.Data();
  buffer.Detach();
  // Node would free an output's memory some turns later.
  if (buffer.IsDetached()) SessionHeap::TakeBackNow(block);
  return info.Env().Undefined();
}

Napi::Array ToArray(Napi::Env env, const std::vector<memory::Finding>& findings) {
  Napi::Array array = Napi::Array::New(env, findings.size());
  for (std::size_t i = 0; i < findings.size(); ++i) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("misuse", Napi::String::New(env, memory::MisuseName(findings[i].misuse)));
    object.Set("owner", Napi::String::New(env, findings[i].owner));
    object.Set("blockBytes", Number(findings[i].block_bytes));
    object.Set("offset", static_cast<double>(findings[i].offset));
    object.Set("bytes", Number(findings[i].bytes));
    array.Set(static_cast<std::uint32_t>(i), object);
  }
  return array;
}

void Append(std::vector<memory::Finding>* all, std::vector<memory::Finding> more) {
  std::move(more.begin(), more.end(), std::back_inserter(*all));
}

// memoryFindings() → what checked mode found since the last call.
Napi::Value MemoryFindings(const Napi::CallbackInfo& info) {
  std::vector<memory::Finding> findings = HeapOf(info).TakeFindings();
  ForEachWeights([&](memory::Heap& weights) { Append(&findings, weights.TakeFindings()); });
  Append(&findings, SessionHeap::TakeLostFindings());
  return ToArray(info.Env(), findings);
}

// memoryLeaks() → blocks alive now; checked mode only.
Napi::Value MemoryLeaks(const Napi::CallbackInfo& info) {
  std::vector<memory::Finding> leaks = HeapOf(info).Leaks();
  ForEachWeights([&](memory::Heap& weights) { Append(&leaks, weights.Leaks()); });
  return ToArray(info.Env(), leaks);
}

// memoryHeaps() → the heaps of all sessions in the process, oldest first.
Napi::Value MemoryHeaps(const Napi::CallbackInfo& info) {
  // Objects are made afterwards: the collector, which ends heaps, may run while they are.
  std::vector<SessionHeap::Report> reports;
  SessionHeap::ForEach([&](SessionHeap& heap) { reports.push_back(heap.Look()); });
  Napi::Array array = Napi::Array::New(info.Env());
  for (const SessionHeap::Report& report : reports) array.Set(array.Length(), ToObject(info.Env(), report));
  return array;
}

// trim() → gives what the heap and the C library keep for reuse back to the system.
Napi::Value Trim(const Napi::CallbackInfo& info) {
  HeapOf(info).Trim();
  ForEachWeights([](memory::Heap& weights) { weights.Trim(); });
  memory::pages::TrimLibrary();
  return info.Env().Undefined();
}

}  // namespace

Napi::Object ToObject(Napi::Env env, const SessionHeap::Report& report) {
  static constexpr const char* kinds[] = {"weights", "scratch", "arenas", "outputs"};
  Napi::Object object = Napi::Object::New(env);
  object.Set("id", Number(report.id));
  object.Set("name", Napi::String::New(env, report.name));
  object.Set("liveBytes", Number(report.live_bytes));
  object.Set("peakBytes", Number(report.peak_bytes));
  object.Set("limitBytes", Number(report.limit_bytes));
  object.Set("closed", Napi::Boolean::New(env, report.is_closed));
  Napi::Object by_kind = Napi::Object::New(env);
  for (int kind = 0; kind < SessionHeap::kNumKinds; ++kind) {
    Napi::Object use = Napi::Object::New(env);
    use.Set("bytes", Number(report.kinds[kind].bytes));
    use.Set("blocks", Number(report.kinds[kind].blocks));
    use.Set("peakBytes", Number(report.kinds[kind].peak_bytes));
    by_kind.Set(kinds[kind], use);
  }
  object.Set("byKind", by_kind);
  Napi::Array tensors = Napi::Array::New(env, report.outputs.size());
  for (std::size_t i = 0; i < report.outputs.size(); ++i) {
    Napi::Object tensor = Napi::Object::New(env);
    tensor.Set("name", Napi::String::New(env, report.outputs[i].name));
    tensor.Set("bytes", Number(report.outputs[i].bytes));
    tensor.Set("scope", Napi::String::New(env, report.outputs[i].scope));
    tensors.Set(static_cast<std::uint32_t>(i), tensor);
  }
  object.Set("tensors", tensors);
  return object;
}

void DefineMemory(Napi::Env env, Napi::Object exports) {
  const auto define = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  define("memoryStats", MemoryStats);
  define("memoryUse", MemoryUse);
  define("memoryRegions", MemoryRegions);
  define("memoryRecord", MemoryRecord);
  define("memoryEvents", MemoryEvents);
  define("memoryScope", MemoryScope);
  define("memorySetChecked", MemorySetChecked);
  define("memoryIsChecked", MemoryIsChecked);
  define("memoryInspect", MemoryInspect);
  define("memoryHeaps", MemoryHeaps);
  define("memoryFindings", MemoryFindings);
  define("memoryLeaks", MemoryLeaks);
  define("allocate", Allocate);
  define("release", Release);
  define("trim", Trim);
}

}  // namespace inferlab::addon
