// Element types as programs write them: the codes of ONNX TensorProto.DataType (onnx.proto, IR version 13) for those native
// kernels know. Storage is one array element per tensor element (src/base/dtypes.ts).
#pragma once
#include <cstddef>
#include <cstdint>

namespace inferlab {

enum class DType : std::int64_t {
  kFloat32 = 1,
  kUint8 = 2,
  kInt8 = 3,
  kUint16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kBool = 9,
  kFloat16 = 10,
  kFloat64 = 11,
  kUint32 = 12,
  kUint64 = 13,
};

// Bytes an element takes; 0 for a code no kernel knows.
constexpr std::size_t SizeOf(DType type) {
  switch (type) {
    case DType::kUint8:
    case DType::kInt8:
    case DType::kBool:
      return 1;
    case DType::kUint16:
    case DType::kInt16:
    case DType::kFloat16:
      return 2;
    case DType::kFloat32:
    case DType::kInt32:
    case DType::kUint32:
      return 4;
    case DType::kInt64:
    case DType::kUint64:
    case DType::kFloat64:
      return 8;
  }
  return 0;
}

// The greatest rank after collapsing that strided kernels take.
inline constexpr int kMaxRank = 8;

}  // namespace inferlab
