// RFFT2D: the two-dimensional Fourier transform of real values over the last two axes; of each row of frequencies the
// half that is not the mirror of the other.
#include <algorithm>
#include <cmath>
#include <memory>

#include "kernels/fourier.h"
#include "ops/dense_layer.h"
#include "ops/movement.h"

namespace litequant {
namespace {

constexpr int64_t kLongest = int64_t{1} << 20;

struct Lengths {
  int64_t height = 1, width = 1;
};

Lengths lengths_of(const NodeView& node) {
  node.require(node.input(0).shape.rank() >= 2, "its input must have two dimensions at least");
  node.require_type(node.input(1), "its fft_length", DataType::int32);
  const std::vector<int64_t> lengths = node.integers(1);
  node.require(lengths.size() == 2, "its fft_length must be two numbers, found ", lengths.size());
  for (const int64_t length : lengths) {
    node.require(length >= 1 && length <= kLongest && (length & (length - 1)) == 0,
                 "its fft_length must be powers of two, found ", list_text(lengths));
  }
  return {lengths[0], lengths[1]};
}

std::vector<Shape> infer(const NodeView& node) {
  const Lengths lengths = lengths_of(node);
  Shape shape = node.input(0).shape;
  shape[shape.rank() - 2] = static_cast<int32_t>(lengths.height);
  shape[shape.rank() - 1] = static_cast<int32_t>(lengths.width / 2 + 1);
  checked_count(node, shape);
  return {shape};
}

Step compile(const NodeView& node, const CompileOptions&) {
  node.require_type(node.output(0), "its result", DataType::complex64);
  const Lengths lengths = lengths_of(node);
  const Shape& shape = node.input(0).shape;
  const int64_t rows = shape[shape.rank() - 2], columns = shape.back();
  const int64_t kept = lengths.width / 2 + 1;
  ScratchLayout layout(node);
  const size_t at_table = layout.add(lengths.height * kept, sizeof(ComplexNumber));
  const size_t at_line = layout.add(std::max(lengths.height, lengths.width), sizeof(ComplexNumber));
  const auto along_rows = std::make_shared<const FourierTransform>(lengths.width);
  const auto along_columns = std::make_shared<const FourierTransform>(lengths.height);
  const auto run = [=, slices = shape.count(0, shape.rank() - 2)](const Frame& frame) {
    auto* table = reinterpret_cast<ComplexNumber*>(frame.scratch_bytes + at_table);  // [height, kept]
    auto* line = reinterpret_cast<ComplexNumber*>(frame.scratch_bytes + at_line);
    const float* input = frame.in<float>(0);
    float* output = frame.out<float>();
    for (int64_t slice = 0; slice < slices; ++slice, input += rows * columns) {
      for (int64_t y = 0; y < lengths.height; ++y) {
        for (int64_t x = 0; x < lengths.width; ++x) {
          line[x] = {y < rows && x < columns ? static_cast<double>(input[y * columns + x]) : 0.0, 0.0};
        }
        along_rows->run(line);
        std::copy_n(line, kept, table + y * kept);
      }
      for (int64_t x = 0; x < kept; ++x) {
        for (int64_t y = 0; y < lengths.height; ++y) line[y] = table[y * kept + x];
        along_columns->run(line);
        for (int64_t y = 0; y < lengths.height; ++y) table[y * kept + x] = line[y];
      }
      for (int64_t i = 0; i < lengths.height * kept; ++i) {
        *output++ = static_cast<float>(table[i].re);
        *output++ = static_cast<float>(table[i].im);
      }
    }
  };
  return {.run = run, .scratch_bytes = layout.total()};
}

// Each transform visits each of its values once for each halving of its length.
double operations(const NodeView& node) {
  const Lengths lengths = lengths_of(node);
  const Shape& shape = node.input(0).shape;
  const auto values = static_cast<double>(lengths.height) * static_cast<double>(lengths.width);
  return visits(shape, 0, shape.rank() - 2) * values * (2.0 + std::log2(values));
}

}  // namespace

extern const OpDef kRfft2d;
const OpDef kRfft2d = {.code = OpCode::rfft2d,
                       .types = types(DataType::float32),
                       .infer = infer,
                       .compile = compile,
                       .quant = {.roles = {Role::data}, .output = OutputRule::none},
                       .version = version_one,
                       .operations = operations};

}  // namespace litequant
