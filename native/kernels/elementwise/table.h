// Private to the family: what each instruction set provides.
#pragma once
#include <cstddef>

#include "base/codes.gen.h"
#include "base/dtype.h"
#include "base/isa.h"

namespace inferlab::elementwise {

using TileFunction = void (*)(const void* a, const void* b, const void* c, void* y, std::size_t n, double alpha,
                              double beta);

struct Table {
  // nullptr where there is no kernel for the types.
  TileFunction (*find)(ElementwiseFunction function, DType type, DType result);
};

INFERLAB_DECLARE_TABLES()

}  // namespace inferlab::elementwise
