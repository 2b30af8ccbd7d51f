// Made by `npm run gen` from the instructions in src/compiler/program/lower/.
#include "program/schema.gen.h"

#include "program/reader.h"

namespace inferlab::program {

Status Make(std::uint32_t opcode, std::span<const std::byte> parameters, const Site& site, Made* made) {
  Reader reader(parameters);
  switch (opcode) {
    case 0: {
      CopyParams params;
      params.element_bytes = reader.Int();
      params.dims = reader.Ints();
      params.in_strides = reader.Ints();
      params.out_strides = reader.Ints();
      params.in_offset = reader.Int();
      params.out_offset = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Copy");
      return MakeCopy(params, site, made);
    }
    case 1: {
      ElementwiseParams params;
      params.dims = reader.Ints();
      params.inputs = reader.Ints();
      params.steps = reader.Ints();
      params.constants = reader.Floats();
      params.outputs = reader.Ints();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Elementwise");
      return MakeElementwise(params, site, made);
    }
    default:
      return Status::Malformed("opcode", opcode, 2);
  }
}

}  // namespace inferlab::program
