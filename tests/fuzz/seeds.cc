#include "fuzz/seeds.h"

#include <filesystem>
#include <utility>

#include "base/error.h"
#include "format/load.h"
#include "format/model_builder.h"
#include "format/save.h"
#include "runtime/plan.h"
#include "support/files.h"

namespace litequant::test {
namespace {

constexpr size_t kLargestModel = 200 << 10, kLargestDamaged = 64 << 10;

std::vector<float> ramp(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = 0.05f * static_cast<float>((i * 7) % 41) - 1;
  return values;
}

void add(std::vector<Seed>& seeds, std::string name, std::vector<std::byte> file) {
  Seed seed{.name = std::move(name), .file = std::move(file), .model = nullptr};
  try {
    seed.model = load_model(seed.file);
  } catch (const Error&) {
  }
  seeds.push_back(std::move(seed));
}

std::vector<std::byte> convolutions() {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 6, 6, 3});
  const int w = b.constant("w", DataType::float32, {4, 3, 3, 3}, ramp(108));
  const int bias = b.constant("bias", DataType::float32, {4}, ramp(4));
  const int c = b.tensor("c", DataType::float32, {1, 6, 6, 4});
  b.node(OpCode::conv_2d, {x, w, bias}, {c},
         b.options("Conv2DOptions",
                   {{"stride_w", int64_t{1}}, {"stride_h", int64_t{1}}, {"fused_activation_function", int64_t{1}}}));
  const int dw = b.constant("dw", DataType::float32, {1, 3, 3, 4}, ramp(36));
  const int d = b.tensor("d", DataType::float32, {1, 3, 3, 4});
  b.node(OpCode::depthwise_conv_2d, {c, dw, bias}, {d},
         b.options("DepthwiseConv2DOptions",
                   {{"stride_w", int64_t{2}}, {"stride_h", int64_t{2}}, {"depth_multiplier", int64_t{1}}}));
  const int axes = b.constant("axes", DataType::int32, {2}, std::vector<int32_t>{1, 2});
  const int m = b.tensor("m", DataType::float32, {1, 4});
  b.node(OpCode::mean, {d, axes}, {m}, b.options("ReducerOptions"));
  const int fw = b.constant("fw", DataType::float32, {5, 4}, ramp(20));
  const int f = b.tensor("f", DataType::float32, {1, 5});
  b.node(OpCode::fully_connected, {m, fw, kNoTensor}, {f}, b.options("FullyConnectedOptions"));
  const int s = b.output("s", DataType::float32, {1, 5});
  b.node(OpCode::softmax, {f}, {s}, b.options("SoftmaxOptions", {{"beta", 1.0}}));
  b.signature("serve", {{"x", static_cast<uint32_t>(x)}}, {{"s", static_cast<uint32_t>(s)}});
  return b.save();
}

std::vector<std::byte> movements() {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {1, 4, 4, 2});
  const int pads = b.constant("pads", DataType::int32, {4, 2}, std::vector<int32_t>{0, 0, 1, 1, 1, 1, 0, 0});
  const int p = b.tensor("p", DataType::float32, {1, 6, 6, 2});
  b.node(OpCode::pad, {x, pads}, {p}, b.options("PadOptions"));
  const int q = b.tensor("q", DataType::float32, {1, 3, 3, 2});
  b.node(OpCode::average_pool_2d, {p}, {q},
         b.options("Pool2DOptions", {{"stride_w", int64_t{2}},
                                     {"stride_h", int64_t{2}},
                                     {"filter_width", int64_t{2}},
                                     {"filter_height", int64_t{2}}}));
  const int size = b.constant("size", DataType::int32, {2}, std::vector<int32_t>{6, 6});
  const int r = b.tensor("r", DataType::float32, {1, 6, 6, 2});
  b.node(OpCode::resize_bilinear, {q, size}, {r}, b.options("ResizeBilinearOptions"));
  const int sum = b.tensor("sum", DataType::float32, {1, 6, 6, 2});
  b.node(OpCode::add, {p, r}, {sum}, b.options("AddOptions"));
  const int cat = b.tensor("cat", DataType::float32, {1, 6, 6, 4});
  b.node(OpCode::concatenation, {sum, p}, {cat}, b.options("ConcatenationOptions", {{"axis", int64_t{3}}}));
  const int begin = b.constant("begin", DataType::int32, {4}, std::vector<int32_t>{0, 1, 1, 0});
  const int end = b.constant("end", DataType::int32, {4}, std::vector<int32_t>{1, 5, 5, 4});
  const int step = b.constant("step", DataType::int32, {4}, std::vector<int32_t>{1, 2, 2, 1});
  const int cut = b.tensor("cut", DataType::float32, {1, 2, 2, 4});
  b.node(OpCode::strided_slice, {cat, begin, end, step}, {cut}, b.options("StridedSliceOptions"));
  const int shape = b.constant("shape", DataType::int32, {2}, std::vector<int32_t>{1, 16});
  const int flat = b.tensor("flat", DataType::float32, {1, 16});
  b.node(OpCode::reshape, {cut, shape}, {flat}, b.options("ReshapeOptions"));
  const int k = b.constant("k", DataType::int32, {}, std::vector<int32_t>{3});
  const int top = b.output("top", DataType::float32, {1, 3});
  b.node(OpCode::topk_v2, {flat, k}, {top, b.output("at", DataType::int32, {1, 3})}, b.options("TopKV2Options"));
  return b.save();
}

std::vector<std::byte> control_flow() {
  ModelBuilder b;
  const int x = b.input("x", DataType::float32, {2, 2});
  const int y = b.tensor("y", DataType::float32, {2, 2});
  b.node(OpCode::logistic, {x}, {y});
  b.node(OpCode::while_, {y}, {b.output("z", DataType::float32, {2, 2})},
         b.options("WhileOptions", {{"cond_subgraph_index", int64_t{1}}, {"body_subgraph_index", int64_t{2}}}));
  b.graph("cond");
  b.input("v", DataType::float32, {2, 2});
  b.current().outputs = {b.constant("no", DataType::boolean, {1}, std::vector<uint8_t>{0})};
  b.graph("body");
  const int v = b.input("v", DataType::float32, {2, 2});
  b.node(OpCode::tanh, {v}, {b.output("u", DataType::float32, {2, 2})});
  return b.save();
}

// One node from float to float for each operator that needs nothing but its operands.
void add_unary(std::vector<Seed>& seeds) {
  for (const OpCode code : {OpCode::abs, OpCode::tanh, OpCode::relu, OpCode::relu6, OpCode::hard_swish, OpCode::exp,
                            OpCode::log, OpCode::sqrt, OpCode::rsqrt, OpCode::square, OpCode::neg, OpCode::floor,
                            OpCode::ceil, OpCode::round, OpCode::elu, OpCode::sign, OpCode::l2_normalization}) {
    ModelBuilder b;
    const int x = b.input("x", DataType::float32, {1, 3, 5});
    b.node(code, {x}, {b.output("y", DataType::float32, {1, 3, 5})});
    add(seeds, std::string(op_code_name(code)), b.save());
  }
  for (const OpCode code : {OpCode::mul, OpCode::sub, OpCode::div, OpCode::maximum, OpCode::minimum,
                            OpCode::squared_difference, OpCode::batch_matmul, OpCode::pow, OpCode::floor_div}) {
    ModelBuilder b;
    const int x = b.input("x", DataType::float32, {1, 4, 4});
    const int y = b.input("y", DataType::float32, {1, 4, 4});
    b.node(code, {x, y}, {b.output("z", DataType::float32, {1, 4, 4})});
    add(seeds, std::string(op_code_name(code)), b.save());
  }
}

void add_shared(std::vector<Seed>& seeds) {
  const auto folder = shared_folder();
  if (folder.empty()) return;
  const auto name_of = [&](const std::filesystem::path& path) {
    return std::filesystem::relative(path, folder).generic_string();
  };
  for (const auto& path : files_below(folder / "vectors", ".tflite")) {
    add(seeds, name_of(path), read_file(path));
    if (!seeds.back().model) continue;
    const auto floats = float_version(*seeds.back().model);
    if (floats) seeds.push_back({name_of(path) + " in floats", save_model(*floats), floats});
  }
  for (const auto& path : files_below(folder / "malformed", "")) {
    const bool is_model = path.extension() == ".bin" || path.extension() == ".tflite";
    if (is_model && std::filesystem::file_size(path) <= kLargestDamaged) add(seeds, name_of(path), read_file(path));
  }
  for (const auto& path : files_below(folder / "zoo", ".tflite")) {
    if (std::filesystem::file_size(path) <= kLargestModel) add(seeds, name_of(path), read_file(path));
  }
}

Buffer dequantized(const Model& model, const Tensor& tensor) {
  const Quantization& quantization = tensor.quantization;
  const int64_t count = tensor.shape.count();
  const int64_t inner =
      quantization.is_per_channel() ? tensor.shape.count(quantization.axis + 1, tensor.shape.rank()) : 1;
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) {
    const auto channel = static_cast<size_t>(static_cast<int64_t>(i) / inner) % quantization.scale.size();
    int64_t integer = 0;
    switch (tensor.type) {
      case DataType::int8: integer = model.constant_as<int8_t>(tensor)[i]; break;
      case DataType::uint8: integer = model.constant_as<uint8_t>(tensor)[i]; break;
      case DataType::int16: integer = model.constant_as<int16_t>(tensor)[i]; break;
      case DataType::int32: integer = model.constant_as<int32_t>(tensor)[i]; break;
      default: integer = model.constant_as<int64_t>(tensor)[i];
    }
    values[i] = quantization.scale[channel] * static_cast<float>(integer - quantization.zero_point[channel]);
  }
  return Buffer::of(values);
}

}  // namespace

std::shared_ptr<const Model> float_version(const Model& model) {
  Model floats = model;
  bool is_changed = false;
  for (Graph& graph : floats.graphs) {
    for (Tensor& tensor : graph.tensors) {
      const bool is_integer =
          is_quantizable_integer(tensor.type) || tensor.type == DataType::int32 || tensor.type == DataType::int64;
      if (!tensor.quantization.is_quantized() || !is_integer || tensor.sparsity) continue;
      if (model.is_constant(tensor)) tensor.buffer = floats.add_buffer(dequantized(model, tensor));
      tensor.type = DataType::float32;
      tensor.quantization = {};
      tensor.has_quantization = false;
      is_changed = true;
    }
  }
  if (!is_changed) return nullptr;
  try {
    compact_buffers(floats);
    const auto loaded = load_model(save_model(floats));
    Plan::make(loaded, 0, {}, {});
    return loaded;
  } catch (const Error&) {
    return nullptr;
  }
}

std::vector<std::byte> own_model_file() {
  return read_file(std::filesystem::path(LITEQUANT_ROOT) / "web/examples/characters/characters.tflite");
}

std::vector<Seed> own_seeds() {
  std::vector<Seed> seeds;
  add(seeds, "convolutions", convolutions());
  add(seeds, "movements", movements());
  add(seeds, "control flow", control_flow());
  add_unary(seeds);
  add(seeds, "characters", own_model_file());
  return seeds;
}

std::vector<Seed> fuzz_seeds() {
  std::vector<Seed> seeds = own_seeds();
  add_shared(seeds);
  return seeds;
}

}  // namespace litequant::test
