#include "quantize/targets.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "base/error.h"
#include "base/text.h"

namespace litequant {
namespace {

// clang-format off
constexpr OpCode kEdgeTpuOperators[] = {
    OpCode::add, OpCode::average_pool_2d, OpCode::concatenation, OpCode::conv_2d, OpCode::depthwise_conv_2d,
    OpCode::expand_dims, OpCode::fully_connected, OpCode::l2_normalization, OpCode::logistic, OpCode::maximum,
    OpCode::max_pool_2d, OpCode::mean, OpCode::minimum, OpCode::mul, OpCode::pack, OpCode::pad, OpCode::prelu,
    OpCode::quantize, OpCode::reduce_max, OpCode::reduce_min, OpCode::relu, OpCode::relu6, OpCode::relu_n1_to_1,
    OpCode::reshape, OpCode::resize_bilinear, OpCode::resize_nearest_neighbor, OpCode::rsqrt, OpCode::slice,
    OpCode::softmax, OpCode::space_to_depth, OpCode::split, OpCode::squared_difference, OpCode::squeeze,
    OpCode::strided_slice, OpCode::sub, OpCode::sum, OpCode::tanh, OpCode::transpose, OpCode::transpose_conv,
    OpCode::unidirectional_sequence_lstm};
// clang-format on

// The names of tflite-micro's MicroMutableOpResolver.
// clang-format off
constexpr OpCode kMicroOperators[] = {
    OpCode::abs, OpCode::add, OpCode::add_n, OpCode::arg_max, OpCode::arg_min, OpCode::assign_variable,
    OpCode::average_pool_2d, OpCode::batch_matmul, OpCode::batch_to_space_nd, OpCode::broadcast_args,
    OpCode::broadcast_to, OpCode::call_once, OpCode::cast, OpCode::ceil, OpCode::concatenation, OpCode::conv_2d,
    OpCode::cos, OpCode::cumsum, OpCode::depth_to_space, OpCode::depthwise_conv_2d, OpCode::dequantize, OpCode::div,
    OpCode::elu, OpCode::embedding_lookup, OpCode::equal, OpCode::exp, OpCode::expand_dims, OpCode::fill, OpCode::floor,
    OpCode::floor_div, OpCode::floor_mod, OpCode::fully_connected, OpCode::gather, OpCode::gather_nd, OpCode::greater,
    OpCode::greater_equal, OpCode::hard_swish, OpCode::if_, OpCode::l2_normalization, OpCode::l2_pool_2d,
    OpCode::leaky_relu, OpCode::less, OpCode::less_equal, OpCode::log, OpCode::logical_and, OpCode::logical_not,
    OpCode::logical_or, OpCode::logistic, OpCode::log_softmax, OpCode::maximum, OpCode::max_pool_2d, OpCode::mean,
    OpCode::minimum, OpCode::mirror_pad, OpCode::mul, OpCode::neg, OpCode::not_equal, OpCode::pack, OpCode::pad,
    OpCode::padv2, OpCode::prelu, OpCode::quantize, OpCode::read_variable, OpCode::reduce_max, OpCode::reduce_min,
    OpCode::relu, OpCode::relu6, OpCode::reshape, OpCode::resize_bilinear, OpCode::resize_nearest_neighbor,
    OpCode::reverse_v2, OpCode::round, OpCode::rsqrt, OpCode::select_v2, OpCode::shape, OpCode::sin, OpCode::slice,
    OpCode::softmax, OpCode::space_to_batch_nd, OpCode::space_to_depth, OpCode::split, OpCode::split_v, OpCode::sqrt,
    OpCode::square, OpCode::squared_difference, OpCode::squeeze, OpCode::strided_slice, OpCode::sub, OpCode::sum,
    OpCode::svdf, OpCode::tanh, OpCode::transpose, OpCode::transpose_conv, OpCode::unidirectional_sequence_lstm,
    OpCode::unpack, OpCode::var_handle, OpCode::while_, OpCode::zeros_like};
// clang-format on

bool holds(std::span<const OpCode> operators, OpCode op) {
  return std::find(operators.begin(), operators.end(), op) != operators.end();
}

bool touches_float(const Model& model, const Graph& graph, const Node& node) {
  const auto is_float = [&](int32_t index) {
    return index != kNoTensor && graph.tensors[static_cast<size_t>(index)].type == DataType::float32 &&
           !model.is_constant(graph.tensors[static_cast<size_t>(index)]);
  };
  return std::any_of(node.inputs.begin(), node.inputs.end(), is_float) ||
         std::any_of(node.outputs.begin(), node.outputs.end(), is_float);
}

std::string obstacle(const Model& model, const Graph& graph, const Node& node, Target target) {
  if (!has_operator(target, node)) {
    return target == Target::edgetpu ? "the Edge TPU compiler leaves this operator to the processor"
                                     : "tflite-micro registers no such operator";
  }
  if (target == Target::edgetpu && touches_float(model, graph, node)) return "the Edge TPU computes in integers only";
  return "";
}

}  // namespace

bool has_operator(Target target, const Node& node) {
  switch (target) {
    case Target::edgetpu: return holds(kEdgeTpuOperators, node.op);
    case Target::micro:
      return holds(kMicroOperators, node.op) || node.custom_code == "TFLite_Detection_PostProcess" ||
             node.custom_code == "CIRCULAR_BUFFER";
    default: return true;
  }
}

Recipe recipe_for_target(const Recipe& recipe) {
  const auto need = [&](bool holds, std::string_view target, std::string_view modes) {
    if (holds) return;
    fail(ErrorCode::bad_argument, {"target ", target, " cannot take mode ", mode_name(recipe.mode)}, {},
         {"target ", target, " takes ", modes});
  };
  Recipe filled = recipe;
  const bool is_int8 = recipe.mode == Mode::int8 || recipe.mode == Mode::int8_only;
  switch (recipe.target) {
    case Target::tflite: break;
    case Target::tflite_old: need(!is_int16(recipe.mode), "tflite-old", "dynamic, int8, int8-only and float16"); break;
    case Target::micro:
      need(is_int8 || is_int16(recipe.mode), "micro", "int8, int8-only, int16x8 and int16x8-only");
      break;
    case Target::edgetpu: need(recipe.mode == Mode::int8_only, "edgetpu", "int8-only"); break;
    case Target::gpu: need(recipe.mode == Mode::float16, "gpu", "float16"); break;
  }
  const bool wants_one_scale = recipe.target == Target::tflite_old || recipe.target == Target::micro;
  if (wants_one_scale && recipe.weights == WeightGranularity::per_channel) {
    filled.weights = WeightGranularity::per_tensor_dense;
  }
  return filled;
}

std::vector<TargetObstacle> target_obstacles(const Model& model, Target target) {
  std::vector<TargetObstacle> found;
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    const Graph& graph = model.graphs[g];
    for (size_t n = 0; n < graph.nodes.size(); ++n) {
      std::string reason = obstacle(model, graph, graph.nodes[n], target);
      if (!reason.empty()) found.push_back({{static_cast<int32_t>(g), static_cast<int32_t>(n)}, std::move(reason)});
    }
  }
  return found;
}

void check_static_shapes(const Model& model, Target target) {
  if (target != Target::edgetpu && target != Target::micro) return;
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    for (const int32_t input : model.graphs[g].inputs) {
      const Tensor& tensor = model.graphs[g].tensors[static_cast<size_t>(input)];
      // An open first dimension, the batch, is 1 there.
      const auto is_open = [](int32_t dim) { return dim < 0; };
      const auto& dims = tensor.shape_signature;
      if (!dims || dims->empty() || std::none_of(dims->begin() + 1, dims->end(), is_open)) continue;
      fail(ErrorCode::refused,
           {"the shape of this input is open, target ", target == Target::edgetpu ? "edgetpu" : "micro",
            " needs static shapes"},
           place_of_tensor(model, static_cast<int32_t>(g), input),
           {"convert the float model with a fixed input shape"});
    }
  }
}

}  // namespace litequant
