// Kinds of misuse × block sizes: one test each, named Misuse.<kind>/<size>. Writes that would be undefined behaviour in a
// program are real here, and stay inside the mappings that checked mode makes around a block.
#include "memory/checked.h"

#include <alloca.h>

#include <cstdio>
#include <functional>

#include "memory/heap.h"
#include "test/testing.h"

namespace inferlab::memory {
namespace {

struct Element {
  double value[2];
};

// What a test may use: blocks of one size, and what was found.
struct Scene {
  explicit Scene(std::size_t block_bytes) : size(block_bytes) {}

  CheckedBlocks blocks;
  std::size_t size;

  std::byte* New(const char* owner = "tensor x", Kind kind = Kind::kBytes) {
    return static_cast<std::byte*>(blocks.Allocate(size, owner, kind));
  }
  bool Free(void* block, Kind kind = Kind::kBytes, std::size_t bytes = CheckedBlocks::kAnySize) {
    std::size_t freed;
    return blocks.Free(block, &freed, kind, bytes);
  }
  // Exactly one finding of the kind, with the owner, at the offset and of the length said.
  bool Found(Misuse misuse, std::int64_t offset, std::size_t bytes, const char* owner = "tensor x") {
    blocks.Check();
    const auto findings = blocks.TakeFindings();
    return findings.size() == 1 && findings[0].misuse == misuse && findings[0].owner == owner &&
           findings[0].offset == offset && findings[0].bytes == bytes;
  }
  bool FoundForeign() {
    const auto findings = blocks.TakeFindings();
    return findings.size() == 1 && findings[0].misuse == Misuse::kForeignFree;
  }
};

// The compiler must not see that a pointer leaves its block.
template <typename T>
T* Hide(T* pointer) {
  asm volatile("" : "+r"(pointer));
  return pointer;
}

void WriteByIndex(std::byte* at, std::size_t count) {
  volatile std::byte* to = Hide(at);
  for (std::size_t i = 0; i < count; ++i) to[i] = std::byte{0x41};
}

void WriteByCopy(std::byte* at, std::size_t count) {
  const std::vector<std::byte> from(count, std::byte{0x41});
  std::memcpy(Hide(at), from.data(), count);
}

struct Kind42 {
  const char* name;
  std::function<bool(Scene&)> caught;
};

std::vector<Kind42> Kinds() {
  std::vector<Kind42> kinds;
  static const std::pair<const char*, std::size_t> lengths[] = {{"1B", 1}, {"32B", 32}, {"1MiB", std::size_t{1} << 20}};
  static std::vector<std::string> names;
  names.reserve(64);
  using Write = void (*)(std::byte*, std::size_t);
  static const std::pair<const char*, Write> ways[] = {{"Index", WriteByIndex}, {"Memcpy", WriteByCopy}};
  for (const auto& [how, write] : ways) {
    for (const auto& [length, count] : lengths) {
      names.push_back(std::string("OverflowBy") + how + length);
      kinds.push_back({names.back().c_str(), [write = write, count = count](Scene& s) {
                         write(s.New() + s.size, count);
                         return s.Found(Misuse::kOverflow, static_cast<std::int64_t>(s.size), count);
                       }});
      names.push_back(std::string("UnderflowBy") + how + length);
      kinds.push_back({names.back().c_str(), [write = write, count = count](Scene& s) {
                         write(s.New() - count, count);
                         return s.Found(Misuse::kUnderflow, -static_cast<std::int64_t>(count), count);
                       }});
    }
  }
  const auto twice = [](Scene& s, std::byte* block) { return !s.Free(block) && s.Found(Misuse::kDoubleFree, 0, s.size); };
  kinds.push_back({"DoubleFreeAtOnce", [twice](Scene& s) {
                     std::byte* a = s.New();
                     return s.Free(a) && twice(s, a);
                   }});
  kinds.push_back({"DoubleFreeAfterOthers", [twice](Scene& s) {
                     std::byte *a = s.New(), *b = s.New("b"), *c = s.New("c");
                     return s.Free(a) && s.Free(b) && s.Free(c) && twice(s, a);
                   }});
  kinds.push_back({"DoubleFreeInterleaved", [twice](Scene& s) {
                     std::byte *a = s.New(), *b = s.New("b");
                     return s.Free(a) && s.Free(b) && twice(s, a);
                   }});
  kinds.push_back({"DoubleFreeAfterGivenOutAgain", [twice](Scene& s) {
                     std::byte* a = s.New();
                     s.Free(a);
                     for (int i = 0; i < 16; ++i) s.New("other");
                     return twice(s, a);
                   }});
  kinds.push_back({"DoubleFreeAfterSingleReuse", [twice](Scene& s) {
                     std::byte* a = s.New();
                     s.Free(a);
                     return s.New("other") != a && twice(s, a);
                   }});
  const auto foreign = [](const char* name, std::function<void*(Scene&, std::byte*)> pointer) {
    return Kind42{name, [pointer](Scene& s) {
                    std::byte* a = s.New();
                    return !s.Free(pointer(s, a)) && s.FoundForeign() && s.Free(a);
                  }};
  };
  kinds.push_back(foreign("FreeOffByOne", [](Scene&, std::byte* a) { return a + 1; }));
  kinds.push_back(foreign("FreeOffBySeveral", [](Scene&, std::byte* a) { return a + 16; }));
  kinds.push_back(foreign("FreeUnaligned", [](Scene&, std::byte* a) { return a + 3; }));
  kinds.push_back(foreign("FreeFarOutside", [](Scene&, std::byte*) { return reinterpret_cast<void*>(0x7fff0000); }));
  kinds.push_back(foreign("FreeNearAnotherBlock", [](Scene& s, std::byte*) { return s.New("b") - 64; }));
  kinds.push_back({"FreeStackVariable", [](Scene& s) {
                     int variable = 0;
                     return !s.Free(Hide(&variable)) && s.FoundForeign();
                   }});
  kinds.push_back({"FreeAllocaBlock", [](Scene& s) { return !s.Free(Hide(alloca(64))) && s.FoundForeign(); }});
  kinds.push_back({"FreeStaticBlock", [](Scene& s) {
                     static char block[64];
                     return !s.Free(Hide(block)) && s.FoundForeign();
                   }});
  const auto mismatch = [](const char* name, Kind made, Kind released, std::size_t element) {
    return Kind42{name, [made, released, element](Scene& s) {
                    s.size = (s.size + element - 1) / element * element;
                    std::byte* a = s.New("tensor x", made);
                    return !s.Free(a, released) && s.Found(Misuse::kWrongRelease, 0, s.size);
                  }};
  };
  kinds.push_back(mismatch("ReleaseArrayAsSingle", Kind::kArray, Kind::kSingle, 1));
  kinds.push_back(mismatch("ReleaseSingleAsArray", Kind::kSingle, Kind::kArray, 1));
  kinds.push_back(mismatch("ReleaseClassArrayAsSingle", Kind::kArray, Kind::kSingle, sizeof(Element)));
  kinds.push_back(mismatch("ReleaseClassSingleAsArray", Kind::kSingle, Kind::kArray, sizeof(Element)));
  kinds.push_back({"ReleaseWithWrongSize", [](Scene& s) {
                     std::byte* a = s.New();
                     return !s.Free(a, Kind::kBytes, s.size + 1) && s.Found(Misuse::kWrongRelease, 0, s.size + 1);
                   }});
  kinds.push_back({"WriteAfterFree", [](Scene& s) {
                     std::byte* a = s.New();
                     s.Free(a);
                     WriteByIndex(a + 2, 3);
                     return s.Found(Misuse::kUseAfterFree, 2, 3);
                   }});
  kinds.push_back({"WriteAfterReuse", [](Scene& s) {
                     std::byte* a = s.New();
                     s.Free(a);
                     std::byte* b = s.New("b");
                     WriteByIndex(a, 4);
                     return b != a && s.Found(Misuse::kUseAfterFree, 0, 4);
                   }});
  kinds.push_back({"ContentsGoneAfterFree", [](Scene& s) {
                     std::byte* a = s.New();
                     WriteByIndex(a, s.size);
                     s.Free(a);
                     const volatile std::byte* old = Hide(a);
                     for (std::size_t i = 0; i < s.size; ++i)
                       if (old[i] == std::byte{0x41}) return false;
                     return true;
                   }});
  kinds.push_back({"NoReuseAtOnce", [](Scene& s) {
                     std::byte* a = s.New();
                     s.Free(a);
                     return s.New() != a;
                   }});
  kinds.push_back({"NoReuseAfterRealloc", [](Scene& s) {
                     std::byte* a = s.New();
                     std::byte* larger = static_cast<std::byte*>(s.blocks.Allocate(s.size * 2, "larger"));
                     std::memcpy(larger, a, s.size);
                     s.Free(a);
                     return s.New() != a && larger != a;
                   }});
  kinds.push_back({"NoReuseForSmaller", [](Scene& s) {
                     std::byte* a = s.New();
                     s.Free(a);
                     return s.blocks.Allocate(s.size / 2, "smaller") != a;
                   }});
  // Blocks of no bytes, among neighbours of the size tested.
  const auto zero = [](const char* name, bool freed, bool writes) {
    return Kind42{name, [freed, writes](Scene& s) {
                    s.New("neighbour");
                    auto* a = static_cast<std::byte*>(s.blocks.Allocate(0, "tensor x"));
                    s.New("neighbour");
                    if (!a) return false;
                    if (freed) s.Free(a);
                    // Reading has no effect: it gives no byte of another block.
                    if (!writes) return *static_cast<const volatile std::byte*>(Hide(a)) == std::byte{0xc5};
                    WriteByIndex(a, 1);
                    return s.Found(Misuse::kOverflow, 0, 1);
                  }};
  };
  kinds.push_back(zero("ZeroSizeRead", false, false));
  kinds.push_back(zero("ZeroSizeReadAfterFree", true, false));
  kinds.push_back(zero("ZeroSizeWrite", false, true));
  kinds.push_back(zero("ZeroSizeWriteAfterFree", true, true));
  kinds.push_back({"AbsurdRequestIsRefused", [](Scene& s) {
                     return !s.blocks.Allocate(~std::size_t{0} - s.size, "absurd") &&
                            !s.blocks.Allocate(std::size_t{1} << 60, "absurd");
                   }});
  kinds.push_back({"FreshMemoryIsZero", [](Scene& s) {
                     for (int round = 0; round < 3; ++round) {
                       std::byte* a = s.New();
                       for (std::size_t i = 0; i < s.size; ++i)
                         if (a[i] != std::byte{0}) return false;
                       WriteByIndex(a, s.size);
                       s.Free(a);
                     }
                     return true;
                   }});
  kinds.push_back({"PagesAreNotExecutable", [](Scene& s) {
                     const auto address = reinterpret_cast<std::uintptr_t>(s.New());
                     std::FILE* maps = std::fopen("/proc/self/maps", "r");
                     if (!maps) return false;
                     char line[512];
                     bool refused = false;
                     while (std::fgets(line, sizeof line, maps)) {
                       unsigned long begin, end;
                       char rights[8];
                       if (std::sscanf(line, "%lx-%lx %7s", &begin, &end, rights) == 3 && address >= begin && address < end)
                         refused = rights[2] != 'x';
                     }
                     std::fclose(maps);
                     return refused;
                   }});
  return kinds;
}

[[maybe_unused]] const bool registered = [] {
  static const std::vector<Kind42> kinds = Kinds();
  static const std::pair<const char*, std::size_t> sizes[] = {{"8B", 8}, {"256KiB", 256 << 10}, {"4MiB", 4 << 20}};
  for (const Kind42& kind : kinds) {
    for (const auto& [size_name, size] : sizes) {
      testing::Tests().push_back({std::string("Misuse.") + kind.name + "/" + size_name, [&kind, size = size] {
                                    Scene scene(size);
                                    EXPECT(kind.caught(scene));
                                  }});
    }
  }
  return true;
}();

TEST(CheckedBlocks, SayNothingOfProperUse) {
  CheckedBlocks blocks(1 << 20);
  testing::Random random(1);
  std::vector<std::pair<std::byte*, std::size_t>> live;
  for (int i = 0; i < 1000; ++i) {
    if (live.size() > 50 || (!live.empty() && random.Int(0, 1))) {
      const auto at = static_cast<std::size_t>(random.Int(0, static_cast<std::int64_t>(live.size()) - 1));
      std::size_t freed;
      EXPECT(blocks.Free(live[at].first, &freed) && freed == live[at].second);
      live.erase(live.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      const auto size = static_cast<std::size_t>(random.Int(0, i % 50 == 0 ? 3000000 : 5000));
      auto* block = static_cast<std::byte*>(blocks.Allocate(size, "x"));
      EXPECT(block && reinterpret_cast<std::uintptr_t>(block) % kAlignment == 0);
      std::memset(block, 0x77, size);
      live.push_back({block, size});
    }
  }
  EXPECT(blocks.Check() == 0);
  EXPECT(blocks.TakeFindings().empty());
  EXPECT(blocks.Leaks().size() == live.size());
}

TEST(Heap, KeepsItsLimitAndCountsWhatLives) {
  Heap heap(1 << 20);
  void* a = heap.Allocate(600 << 10);
  EXPECT(a && reinterpret_cast<std::uintptr_t>(a) % kAlignment == 0);
  EXPECT(!heap.Allocate(600 << 10));
  heap.Free(a);
  void* b = heap.Allocate(600 << 10);
#if !defined(__SANITIZE_ADDRESS__)
  EXPECT(b == a);  // the freed block is used again
#endif
  EXPECT(!heap.Allocate(std::size_t{1} << 60));
  const HeapStats stats = heap.Stats();
  EXPECT(stats.live_bytes >= 600 << 10 && stats.allocations == 2 && stats.frees == 1);
  heap.Free(b);
  heap.Trim();
  EXPECT(heap.Stats().live_bytes == 0 && heap.Stats().reserved_bytes == 0);
}

TEST(Heap, InCheckedModeFindsWhatWasWrittenBeyondABlock) {
  Heap heap(0, Backing::kChecked);
  auto* block = static_cast<std::byte*>(heap.Allocate(100, "tensor conv1"));
  EXPECT(heap.Check() == 0);
  WriteByIndex(block + 100, 4);
  EXPECT(heap.Check() == 1);
  const auto findings = heap.TakeFindings();
  EXPECT(findings.size() == 1 && findings[0].owner == "tensor conv1" && findings[0].offset == 100 && findings[0].bytes == 4);
}

}  // namespace
}  // namespace inferlab::memory
