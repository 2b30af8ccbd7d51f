// Made by `npm run gen` from the instructions in src/compiler/program/lower/.
#include "program/schema.gen.h"

#include "program/reader.h"

namespace inferlab::program {

Status Make(std::uint32_t opcode, std::span<const std::byte> parameters, const Site& site, Made* made) {
  Reader reader(parameters);
  switch (opcode) {
    case 0: {
      ConvParams params;
      params.algorithm = reader.Int();
      params.input_layout = reader.Int();
      params.output_layout = reader.Int();
      params.channels = reader.Ints();
      params.axes = reader.Ints();
      params.transposed = reader.Int();
      params.tile_columns = reader.Int();
      params.activation = reader.Int();
      params.alpha = reader.Float();
      params.beta = reader.Float();
      params.residual = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Conv");
      return MakeConv(params, site, made);
    }
    case 1: {
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
    case 2: {
      ElementwiseParams params;
      params.dims = reader.Ints();
      params.inputs = reader.Ints();
      params.steps = reader.Ints();
      params.constants = reader.Floats();
      params.outputs = reader.Ints();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Elementwise");
      return MakeElementwise(params, site, made);
    }
    case 3: {
      GemmParams params;
      params.sizes = reader.Ints();
      params.strides = reader.Ints();
      params.packed = reader.Int();
      params.batch = reader.Ints();
      params.a_batch_strides = reader.Ints();
      params.b_batch_strides = reader.Ints();
      params.alpha = reader.Float();
      params.beta = reader.Float();
      params.activation = reader.Int();
      params.activation_alpha = reader.Float();
      params.activation_beta = reader.Float();
      params.residual = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Gemm");
      return MakeGemm(params, site, made);
    }
    case 4: {
      PackConvParams params;
      params.algorithm = reader.Int();
      params.input_layout = reader.Int();
      params.output_layout = reader.Int();
      params.channels = reader.Ints();
      params.axes = reader.Ints();
      params.transposed = reader.Int();
      params.tile_columns = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of PackConv");
      return MakePackConv(params, site, made);
    }
    case 5: {
      PackGemmParams params;
      params.k = reader.Int();
      params.n = reader.Int();
      params.row_stride = reader.Int();
      params.column_stride = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of PackGemm");
      return MakePackGemm(params, site, made);
    }
    case 6: {
      PoolParams params;
      params.kind = reader.Int();
      params.batch = reader.Int();
      params.channels = reader.Int();
      params.axes = reader.Ints();
      params.count_padding = reader.Int();
      params.layout = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Pool");
      return MakePool(params, site, made);
    }
    case 7: {
      ReorderParams params;
      params.batch = reader.Int();
      params.channels = reader.Int();
      params.plane = reader.Int();
      params.to_blocked = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Reorder");
      return MakeReorder(params, site, made);
    }
    default:
      return Status::Malformed("opcode", opcode, 8);
  }
}

}  // namespace inferlab::program
