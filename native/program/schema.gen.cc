// Made by `npm run gen` from the instructions in src/compiler/program/lower/.
#include "program/schema.gen.h"

#include "program/reader.h"

namespace inferlab::program {

Status Make(std::uint32_t opcode, std::span<const std::byte> parameters, const Site& site, Made* made) {
  Reader reader(parameters);
  switch (opcode) {
    case 0: {
      ArgReduceParams params;
      params.largest = reader.Int();
      params.last = reader.Int();
      params.outer = reader.Int();
      params.axis = reader.Int();
      params.inner = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of ArgReduce");
      return MakeArgReduce(params, site, made);
    }
    case 1: {
      ConvParams params;
      params.algorithm = reader.Int();
      params.input_layout = reader.Int();
      params.output_layout = reader.Int();
      params.channels = reader.Ints();
      params.axes = reader.Ints();
      params.transposed = reader.Int();
      params.tile_columns = reader.Int();
      params.tile_blocks = reader.Int();
      params.activation = reader.Int();
      params.alpha = reader.Float();
      params.beta = reader.Float();
      params.residual = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Conv");
      return MakeConv(params, site, made);
    }
    case 2: {
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
    case 3: {
      ElementwiseParams params;
      params.dims = reader.Ints();
      params.inputs = reader.Ints();
      params.steps = reader.Ints();
      params.constants = reader.Floats();
      params.outputs = reader.Ints();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Elementwise");
      return MakeElementwise(params, site, made);
    }
    case 4: {
      GatherParams params;
      params.outer = reader.Int();
      params.axis = reader.Int();
      params.indices = reader.Int();
      params.block_bytes = reader.Int();
      params.index_bytes = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Gather");
      return MakeGather(params, site, made);
    }
    case 5: {
      GatherNdParams params;
      params.dims = reader.Ints();
      params.batch = reader.Int();
      params.count = reader.Int();
      params.slice_bytes = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of GatherNd");
      return MakeGatherNd(params, site, made);
    }
    case 6: {
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
    case 7: {
      NormalizeParams params;
      params.rows = reader.Int();
      params.size = reader.Int();
      params.channels = reader.Int();
      params.layout = reader.Int();
      params.rms = reader.Int();
      params.epsilon = reader.Float();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Normalize");
      return MakeNormalize(params, site, made);
    }
    case 8: {
      PackConvParams params;
      params.algorithm = reader.Int();
      params.input_layout = reader.Int();
      params.output_layout = reader.Int();
      params.channels = reader.Ints();
      params.axes = reader.Ints();
      params.transposed = reader.Int();
      params.tile_columns = reader.Int();
      params.tile_blocks = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of PackConv");
      return MakePackConv(params, site, made);
    }
    case 9: {
      PackGemmParams params;
      params.k = reader.Int();
      params.n = reader.Int();
      params.row_stride = reader.Int();
      params.column_stride = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of PackGemm");
      return MakePackGemm(params, site, made);
    }
    case 10: {
      PackQuantizedColumnsParams params;
      params.k = reader.Int();
      params.n = reader.Int();
      params.is_signed = reader.Int();
      params.row_stride = reader.Int();
      params.column_stride = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of PackQuantizedColumns");
      return MakePackQuantizedColumns(params, site, made);
    }
    case 11: {
      PackQuantizedRowsParams params;
      params.m = reader.Int();
      params.k = reader.Int();
      params.is_signed = reader.Int();
      params.zero_per_row = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of PackQuantizedRows");
      return MakePackQuantizedRows(params, site, made);
    }
    case 12: {
      PackRnnParams params;
      params.kind = reader.Int();
      params.inputs = reader.Int();
      params.hidden = reader.Int();
      params.directions = reader.Int();
      params.linear_before_reset = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of PackRnn");
      return MakePackRnn(params, site, made);
    }
    case 13: {
      PadParams params;
      params.element_bytes = reader.Int();
      params.mode = reader.Int();
      params.axes = reader.Ints();
      params.block = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Pad");
      return MakePad(params, site, made);
    }
    case 14: {
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
    case 15: {
      QuantizedConvParams params;
      params.channels = reader.Ints();
      params.axes = reader.Ints();
      params.types = reader.Ints();
      params.scale_per_filter = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of QuantizedConv");
      return MakeQuantizedConv(params, site, made);
    }
    case 16: {
      QuantizedGemmParams params;
      params.sizes = reader.Ints();
      params.strides = reader.Ints();
      params.types = reader.Ints();
      params.along = reader.Ints();
      params.packed = reader.Int();
      params.batch = reader.Ints();
      params.a_batch_strides = reader.Ints();
      params.b_batch_strides = reader.Ints();
      params.alpha = reader.Float();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of QuantizedGemm");
      return MakeQuantizedGemm(params, site, made);
    }
    case 17: {
      ReduceParams params;
      params.function = reader.Int();
      params.kept_dims = reader.Ints();
      params.kept_strides = reader.Ints();
      params.reduced_dims = reader.Ints();
      params.reduced_strides = reader.Ints();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Reduce");
      return MakeReduce(params, site, made);
    }
    case 18: {
      ReorderParams params;
      params.batch = reader.Int();
      params.channels = reader.Int();
      params.plane = reader.Int();
      params.to_blocked = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Reorder");
      return MakeReorder(params, site, made);
    }
    case 19: {
      ResizeParams params;
      params.planes = reader.Int();
      params.input_rows = reader.Int();
      params.input_columns = reader.Int();
      params.output_rows = reader.Int();
      params.output_columns = reader.Int();
      params.nearest = reader.Int();
      params.row_taps = reader.Int();
      params.row_indices = reader.Ints();
      params.row_weights = reader.Floats();
      params.column_taps = reader.Int();
      params.column_indices = reader.Ints();
      params.column_weights = reader.Floats();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Resize");
      return MakeResize(params, site, made);
    }
    case 20: {
      RnnParams params;
      params.kind = reader.Int();
      params.steps = reader.Int();
      params.batch = reader.Int();
      params.inputs = reader.Int();
      params.hidden = reader.Int();
      params.directions = reader.Int();
      params.reverse = reader.Int();
      params.linear_before_reset = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Rnn");
      return MakeRnn(params, site, made);
    }
    case 21: {
      ScatterNdParams params;
      params.dims = reader.Ints();
      params.count = reader.Int();
      params.slice_bytes = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of ScatterNd");
      return MakeScatterNd(params, site, made);
    }
    case 22: {
      SoftmaxParams params;
      params.logarithm = reader.Int();
      params.outer = reader.Int();
      params.axis = reader.Int();
      params.inner = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of Softmax");
      return MakeSoftmax(params, site, made);
    }
    case 23: {
      TopKParams params;
      params.largest = reader.Int();
      params.outer = reader.Int();
      params.axis = reader.Int();
      params.inner = reader.Int();
      params.k = reader.Int();
      if (!reader.ok() || !reader.at_end()) return Status::Malformed("parameters of TopK");
      return MakeTopK(params, site, made);
    }
    default:
      return Status::Malformed("opcode", opcode, 24);
  }
}

}  // namespace inferlab::program
