// MATRIX_DIAG: each row of the last axis as the diagonal of a square of zeros. MATRIX_SET_DIAG: each matrix of the last
// two axes with another diagonal.
#include <algorithm>
#include <cstring>

#include "ops/movement.h"

namespace litequant {
namespace {

// ---- MATRIX_DIAG ----------------------------------------------------------------------------------------------------

std::vector<Shape> infer_diag(const NodeView& node) {
  Shape shape = node.input(0).shape;
  node.require(shape.rank() >= 1, "its input must have a dimension");
  shape.push_back(shape.back());
  checked_count(node, shape);
  return {shape};
}

Step compile_diag(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  const Shape& shape = node.input(0).shape;
  return {.run = [size = size_t(shape.back()), rows = shape.count(0, shape.rank() - 1),
                  bytes = bytes_per_element(node.input(0).type)](const Frame& frame) {
    const auto* from = frame.in<std::byte>(0);
    auto* to = frame.out<std::byte>();
    for (int64_t row = 0; row < rows; ++row, to += size * size * bytes) {
      if (size > 0) std::memset(to, 0, size * size * bytes);
      for (size_t i = 0; i < size; ++i, from += bytes) std::memcpy(to + i * (size + 1) * bytes, from, bytes);
    }
  }};
}

// ---- MATRIX_SET_DIAG ------------------------------------------------------------------------------------------------

std::vector<Shape> infer_set_diag(const NodeView& node) {
  const Shape& shape = node.input(0).shape;
  const Shape& diagonal = node.input(1).shape;
  node.require(shape.rank() >= 2, "its input must have two dimensions at least");
  Shape needed;
  for (int i = 0; i + 2 < shape.rank(); ++i) needed.push_back(shape[i]);
  needed.push_back(std::min(shape.back(0), shape.back(1)));
  node.require(diagonal == needed, "the diagonals of ", shape_text(shape), " are ", shape_text(needed), ", found ",
               shape_text(diagonal));
  return {shape};
}

Step compile_set_diag(const NodeView& node, const CompileOptions&) {
  require_same_type(node);
  if (node.input(1).type != node.input(0).type) node.fail_type();
  const Shape& shape = node.input(0).shape;
  return {.run = [rows = size_t(shape.back(1)), columns = size_t(shape.back(0)),
                  matrices = shape.count(0, shape.rank() - 2),
                  bytes = bytes_per_element(node.input(0).type)](const Frame& frame) {
    const auto* diagonal = frame.in<std::byte>(1);
    auto* to = frame.out<std::byte>();
    const size_t matrix = rows * columns * bytes;
    if (matrix > 0) std::memcpy(to, frame.in<std::byte>(0), static_cast<size_t>(matrices) * matrix);
    for (int64_t m = 0; m < matrices; ++m, to += matrix) {
      for (size_t i = 0; i < std::min(rows, columns); ++i, diagonal += bytes) {
        std::memcpy(to + i * (columns + 1) * bytes, diagonal, bytes);
      }
    }
  }};
}

constexpr TypeSet kTypes =
    types(DataType::float32, DataType::int8, DataType::uint8, DataType::int16, DataType::int32, DataType::int64);

}  // namespace

// The zeros of MATRIX_DIAG are stored ones, which are the real 0 where nothing is quantized, or the zero point is 0.
extern const OpDef kMatrixDiag, kMatrixSetDiag;
const OpDef kMatrixDiag = {.code = OpCode::matrix_diag,
                           .types = kTypes,
                           .infer = infer_diag,
                           .compile = compile_diag,
                           .quant = {.roles = {Role::data}, .output = OutputRule::same, .int16 = true},
                           .version = version_one};
const OpDef kMatrixSetDiag = {
    .code = OpCode::matrix_set_diag,
    .types = kTypes,
    .infer = infer_set_diag,
    .compile = compile_set_diag,
    .quant = {.roles = {Role::data, Role::data}, .output = OutputRule::same, .int8 = true, .int16 = true},
    .version = version_one};

}  // namespace litequant
