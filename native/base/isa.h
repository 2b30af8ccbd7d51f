// Instruction sets. A source named *_isa.cc is compiled once per set, in a namespace of that set (INFERLAB_ISA_NS), and
// exports one table of functions; the family's dispatcher picks the table when the process starts.
//
// Rule for *_isa.cc: no function with external linkage outside its own namespace may be instantiated there. A template or
// inline function of a shared header would be merged by the linker with the copy of another instruction set, and a machine
// without that set would crash in it. Include <cstdint>, <cstddef>, <cstring> and -inl.h files only (a test reads the
// symbols of the libraries).
#pragma once

namespace inferlab {

enum class Isa { kPlain = 0, kAvx2 = 1, kAvx512 = 2, kNeon = 3 };

// The best set this CPU has of those compiled in, or the one INFERLAB_ISA forces where the CPU has it. Fixed at the first
// call.
Isa CurrentIsa();
// "plain", "avx2", "avx512", "neon".
const char* IsaName(Isa isa);
bool IsaSupported(Isa isa);
// Tests only: makes CurrentIsa answer `isa`. Not to be called while kernels run. False where the CPU lacks it.
bool ForceIsa(Isa isa);

// The sets compiled in, as INFERLAB_FOR_EACH_ISA(X) → X(namespace, Isa value).
#if defined(__x86_64__) || defined(_M_X64)
#define INFERLAB_FOR_EACH_ISA(X) X(plain, ::inferlab::Isa::kPlain) X(avx2, ::inferlab::Isa::kAvx2) X(avx512, ::inferlab::Isa::kAvx512)
#elif defined(__aarch64__) || defined(_M_ARM64)
#define INFERLAB_FOR_EACH_ISA(X) X(plain, ::inferlab::Isa::kPlain) X(neon, ::inferlab::Isa::kNeon)
#else
#define INFERLAB_FOR_EACH_ISA(X) X(plain, ::inferlab::Isa::kPlain)
#endif

// In a family's private header, inside its namespace, after `struct Table`: declares `const Table& GetTable()` of each set.
#define INFERLAB_DECLARE_TABLE_OF(ns, isa) \
  namespace ns {                           \
  const Table& GetTable();                 \
  }
#define INFERLAB_DECLARE_TABLES() INFERLAB_FOR_EACH_ISA(INFERLAB_DECLARE_TABLE_OF)

// In the family's dispatcher: the table of the set in force.
#define INFERLAB_CASE_TABLE_OF(ns, isa) \
  case isa:                             \
    return ns::GetTable();
#define INFERLAB_SELECT_TABLE()                  \
  switch (::inferlab::CurrentIsa()) {            \
    INFERLAB_FOR_EACH_ISA(INFERLAB_CASE_TABLE_OF) \
    default:                                     \
      return plain::GetTable();                  \
  }

}  // namespace inferlab
