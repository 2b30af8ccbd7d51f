// Made by `npm run gen` from the instructions in src/compiler/program/lower/.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "program/instruction.h"

namespace inferlab::program {

inline constexpr std::uint64_t kSchemaHash = 0xb58262cfefaaf5f3;

// y[out_offset + i·out_strides] = x[in_offset + i·in_strides] for every index i of dims, in elements of element_bytes
// (1, 2, 4, 8).
struct CopyParams {
  std::int64_t element_bytes = 0;
  std::vector<std::int64_t> dims;
  std::vector<std::int64_t> in_strides;
  std::vector<std::int64_t> out_strides;
  std::int64_t in_offset = 0;
  std::int64_t out_offset = 0;
};
Status MakeCopy(const CopyParams& params, const Site& site, Made* made);

// A chain of pointwise steps in one pass (kernels/elementwise). inputs: per operand its type, then a stride in elements
// for each of dims. steps: function, argument type, result type and three slots each (-1: none); constants: alpha and
// beta of each step. outputs: the slot each output operand gets.
struct ElementwiseParams {
  std::vector<std::int64_t> dims;
  std::vector<std::int64_t> inputs;
  std::vector<std::int64_t> steps;
  std::vector<double> constants;
  std::vector<std::int64_t> outputs;
};
Status MakeElementwise(const ElementwiseParams& params, const Site& site, Made* made);

// Decodes one instruction's parameters and makes it.
Status Make(std::uint32_t opcode, std::span<const std::byte> parameters, const Site& site, Made* made);

}  // namespace inferlab::program
