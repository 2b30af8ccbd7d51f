// A table of functions by the number of rows of a register tile, up to those the instruction set has registers for: entry i is
// F<i>. For *_isa.cc sources only.
#pragma once

#if defined(__AVX512F__)
#define INFERLAB_TILES(F) \
  {nullptr, F<1>, F<2>, F<3>, F<4>, F<5>, F<6>, F<7>, F<8>, F<9>, F<10>, F<11>, F<12>, F<13>, F<14>}
#elif defined(__AVX2__) || defined(__ARM_NEON)
#define INFERLAB_TILES(F) {nullptr, F<1>, F<2>, F<3>, F<4>, F<5>, F<6>}
#else
#define INFERLAB_TILES(F) {nullptr, F<1>, F<2>, F<3>, F<4>}
#endif
