#include "quantize/alternatives.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/text.h"

namespace litequant {
namespace {

constexpr int64_t kMostCopies = 64;  // of a tensor in one CONCATENATION

// Writes the replacement of one node: a line per operator.
class Draft {
 public:
  Draft(Model& model, Alternative& made)
      : model_(model), made_(made), node_(graph().nodes[static_cast<size_t>(made.node)]) {}

  const Node& node() const { return node_; }
  bool has_operands(size_t count) const {
    if (node_.inputs.size() != count || node_.outputs.size() != 1 || node_.outputs[0] == kNoTensor) return false;
    return std::none_of(node_.inputs.begin(), node_.inputs.end(), [](int32_t t) { return t == kNoTensor; });
  }
  int32_t input(size_t i) const { return node_.inputs[i]; }
  int32_t result() const { return node_.outputs[0]; }
  bool is_float(int32_t t) const { return tensor(t).type == DataType::float32; }
  const Tensor& tensor(int32_t t) const {
    return model_.graphs[static_cast<size_t>(made_.graph)].tensors[static_cast<size_t>(t)];
  }
  bool is_constant(int32_t t) const { return model_.is_constant(tensor(t)) && !tensor(t).is_variable; }
  std::span<const float> values(int32_t t) const { return model_.constant_as<float>(tensor(t)); }
  const Model& model() const { return model_; }

  // A new tensor of the form of `like`.
  int32_t inside(int32_t like, std::string_view what) {
    Tensor made = tensor(like);
    made.name = text(tensor(result()).name, "/", what);
    made.quantization = {};
    made.has_quantization = false;
    made.buffer = 0;
    made.external_buffer = 0;
    made.sparsity.reset();
    made.is_variable = false;
    const int32_t t = add(std::move(made));
    made_.inside.push_back(t);
    return t;
  }
  // The same with dimensions of its own; -1: as many as the elements need.
  int32_t inside(int32_t like, std::string_view what, const std::vector<int32_t>& dims) {
    const int32_t made = inside(like, what);
    Tensor& tensor = graph().tensors[static_cast<size_t>(made)];
    const int64_t elements = tensor.shape.count();
    int64_t known = 1;
    for (const int32_t dim : dims) known *= dim < 0 ? 1 : dim;
    tensor.shape = {};
    for (const int32_t dim : dims) {
      tensor.shape.push_back(dim < 0 ? static_cast<int32_t>(elements / std::max<int64_t>(known, 1)) : dim);
    }
    if (tensor.shape_signature) tensor.shape_signature = dims;
    return made;
  }
  template <typename T>
  int32_t constant(Shape shape, const std::vector<T>& values, std::string_view what) {
    Tensor made;
    made.name = text(tensor(result()).name, "/", what);
    made.type = DataTypeOf<T>::value;
    made.shape = std::move(shape);
    made.has_rank = made.shape.rank() > 0;
    made.buffer = model_.add_buffer(Buffer::of(values));
    return add(std::move(made));
  }
  int32_t list(const std::vector<int32_t>& values, std::string_view what) {
    return constant(Shape{static_cast<int32_t>(values.size())}, values, what);
  }
  int32_t scalar(float value, std::string_view what) { return constant(Shape(), std::vector<float>{value}, what); }

  void op(OpCode code, std::vector<int32_t> inputs, int32_t output, Options options = {}) {
    Node& made = made_.nodes.emplace_back();
    made.op = code;
    made.inputs = std::move(inputs);
    made.outputs = {output};
    made.options = std::move(options);
  }
  void add_op(int32_t a, int32_t b, int32_t output, int64_t activation = 0) {
    Options options("AddOptions");
    options.set("fused_activation_function", activation);
    options.set("pot_scale_int16", int64_t{0});
    op(OpCode::add, {a, b}, output, std::move(options));
  }
  void sub_op(int32_t a, int32_t b, int32_t output) {
    Options options("SubOptions");
    options.set("pot_scale_int16", int64_t{0});
    op(OpCode::sub, {a, b}, output, std::move(options));
  }
  void mul_op(int32_t a, int32_t b, int32_t output, int64_t activation = 0) {
    Options options("MulOptions");
    options.set("fused_activation_function", activation);
    op(OpCode::mul, {a, b}, output, std::move(options));
  }
  void least_op(int32_t a, int32_t b, int32_t output) {
    op(OpCode::minimum, {a, b}, output, Options("MaximumMinimumOptions"));
  }
  void most_op(int32_t a, int32_t b, int32_t output) {
    op(OpCode::maximum, {a, b}, output, Options("MaximumMinimumOptions"));
  }

 private:
  Graph& graph() { return model_.graphs[static_cast<size_t>(made_.graph)]; }
  int32_t add(Tensor made) {
    graph().tensors.push_back(std::move(made));
    return static_cast<int32_t>(graph().tensors.size() - 1);
  }

  Model& model_;
  Alternative& made_;
  const Node node_;
};

constexpr int64_t kRelu6 = 3;  // of fused activations

// ---- The replacements: each returns false, having added nothing, where it does not hold ----

bool write_square(Draft& d) {
  if (!d.has_operands(1)) return false;
  d.mul_op(d.input(0), d.input(0), d.result());
  return true;
}

bool write_neg(Draft& d) {
  if (!d.has_operands(1)) return false;
  d.mul_op(d.input(0), d.scalar(-1, "minus_one"), d.result());
  return true;
}

bool write_zeros_like(Draft& d) {
  if (!d.has_operands(1)) return false;
  d.mul_op(d.input(0), d.scalar(0, "zero"), d.result());
  return true;
}

// The int16 kernel adds stored integers and neither rescales nor widens: sums of more than a few elements saturate. The
// mean has a scale of its own.
bool write_sum(Draft& d) {
  const int64_t results = d.tensor(d.result()).shape.count();
  const int64_t elements = d.tensor(d.input(0)).shape.count();
  // How many there are must be known.
  const auto& open = d.tensor(d.input(0)).shape_signature;
  if (open && std::find(open->begin(), open->end(), -1) != open->end()) return false;
  if (d.node().inputs.size() != 2 || results <= 0 || elements % results != 0) return false;
  const int32_t mean = d.inside(d.result(), "mean");
  d.op(OpCode::mean, {d.input(0), d.input(1)}, mean, d.node().options);
  d.mul_op(mean, d.scalar(static_cast<float>(elements / results), "count"), d.result());
  return true;
}

bool write_add_n(Draft& d) {
  const size_t count = d.node().inputs.size();
  if (count < 2 || !d.has_operands(count)) return false;
  int32_t sum = d.input(0);
  for (size_t i = 1; i < count; ++i) {
    const int32_t next = i + 1 == count ? d.result() : d.inside(d.result(), text("sum_", i));
    d.add_op(sum, d.input(i), next);
    sum = next;
  }
  return true;
}

bool write_clamp(Draft& d, float low, float high) {
  if (!d.has_operands(1)) return false;
  const int32_t below = d.inside(d.result(), "below");
  d.least_op(d.input(0), d.scalar(high, "high"), below);
  d.most_op(below, d.scalar(low, "low"), d.result());
  return true;
}
bool write_relu_n1_to_1(Draft& d) { return write_clamp(d, -1, 1); }
bool write_relu_0_to_1(Draft& d) { return write_clamp(d, 0, 1); }

bool write_squared_difference(Draft& d) {
  if (!d.has_operands(2)) return false;
  const int32_t difference = d.inside(d.result(), "difference");
  d.sub_op(d.input(0), d.input(1), difference);
  d.mul_op(difference, difference, d.result());
  return true;
}

bool write_tile(Draft& d) {
  if (!d.has_operands(2) || !d.is_constant(d.input(1))) return false;
  const Tensor& multiples = d.tensor(d.input(1));
  std::vector<int64_t> copies;
  if (multiples.type == DataType::int32) {
    for (const int32_t value : d.model().constant_as<int32_t>(multiples)) copies.push_back(value);
  } else if (multiples.type == DataType::int64) {
    for (const int64_t value : d.model().constant_as<int64_t>(multiples)) copies.push_back(value);
  }
  std::vector<size_t> axes;
  for (size_t axis = 0; axis < copies.size(); ++axis) {
    if (copies[axis] < 1 || copies[axis] > kMostCopies) return false;
    if (copies[axis] > 1) axes.push_back(axis);
  }
  if (axes.empty() || static_cast<int>(copies.size()) != d.tensor(d.input(0)).shape.rank()) return false;
  int32_t from = d.input(0);
  std::vector<int32_t> dims = d.tensor(from).shape.dims();
  for (const size_t axis : axes) {
    const int32_t to = axis == axes.back() ? d.result() : d.inside(d.result(), text("axis_", axis));
    Options options("ConcatenationOptions");
    options.set("axis", static_cast<int64_t>(axis));
    d.op(OpCode::concatenation, std::vector<int32_t>(static_cast<size_t>(copies[axis]), from), to, std::move(options));
    from = to;
  }
  return true;
}

// x * relu6(x + 3) / 6
bool write_hard_swish(Draft& d) {
  if (!d.has_operands(1)) return false;
  const int32_t six = d.inside(d.result(), "relu6"), gate = d.inside(d.result(), "gate");
  d.add_op(d.input(0), d.scalar(3, "three"), six, kRelu6);
  d.mul_op(six, d.scalar(1.0f / 6, "sixth"), gate);
  d.mul_op(d.input(0), gate, d.result());
  return true;
}

// max(x, 0) + alpha * min(x, 0)
bool write_prelu(Draft& d) {
  if (!d.has_operands(2)) return false;
  const int32_t zero = d.scalar(0, "zero");
  const int32_t negative = d.inside(d.input(0), "negative"), positive = d.inside(d.input(0), "positive");
  const int32_t scaled = d.inside(d.result(), "scaled");
  d.least_op(d.input(0), zero, negative);
  d.mul_op(negative, d.input(1), scaled);
  d.most_op(d.input(0), zero, positive);
  d.add_op(positive, scaled, d.result());
  return true;
}

// max(x, 0) + (exp(min(x, 0)) - 1)
bool write_elu(Draft& d) {
  if (!d.has_operands(1)) return false;
  const int32_t zero = d.scalar(0, "zero");
  const int32_t negative = d.inside(d.result(), "negative"), positive = d.inside(d.result(), "positive");
  const int32_t power = d.inside(d.result(), "exp"), below = d.inside(d.result(), "expm1");
  d.least_op(d.input(0), zero, negative);
  d.op(OpCode::exp, {negative}, power);
  d.add_op(power, d.scalar(-1, "minus_one"), below);
  d.most_op(d.input(0), zero, positive);
  d.add_op(positive, below, d.result());
  return true;
}

// A product with the inverse: a constant, or in int8 a table of the divisor's 256 values.
bool write_div(Draft& d) {
  if (!d.has_operands(2)) return false;
  const int64_t activation = d.node().options.integer("fused_activation_function");
  if (!d.is_constant(d.input(1))) {
    const int32_t inverse = d.inside(d.input(1), "inverse");
    d.op(OpCode::div, {d.scalar(1, "one"), d.input(1)}, inverse, Options("DivOptions"));
    d.mul_op(d.input(0), inverse, d.result(), activation);
    return true;
  }
  const Shape shape = d.tensor(d.input(1)).shape;
  std::vector<float> inverse;
  for (const float value : d.values(d.input(1))) inverse.push_back(1.0f / value);
  if (!std::all_of(inverse.begin(), inverse.end(), [](float value) { return std::isfinite(value); })) return false;
  d.mul_op(d.input(0), d.constant(shape, inverse, "inverse"), d.result(), activation);
  return true;
}

bool write_pow(Draft& d) {
  if (!d.has_operands(2) || !d.is_constant(d.input(1)) || d.values(d.input(1)).size() != 1) return false;
  if (d.tensor(d.input(1)).shape.rank() > d.tensor(d.input(0)).shape.rank()) return false;
  const float exponent = d.values(d.input(1))[0];
  const int32_t x = d.input(0);
  if (exponent == 2) {
    d.mul_op(x, x, d.result());
  } else if (exponent == 3) {
    const int32_t square = d.inside(d.result(), "square");
    d.mul_op(x, x, square);
    d.mul_op(square, x, d.result());
  } else if (exponent == 0.5f) {
    d.op(OpCode::sqrt, {x}, d.result());
  } else if (exponent == -0.5f) {
    d.op(OpCode::rsqrt, {x}, d.result());
  } else {
    return false;
  }
  return true;
}

// Elements of an image change places by an exchange of two axes: `apart` splits its axes into four, `together` are
// those of the result.
bool write_exchange(Draft& d, const std::vector<int32_t>& apart, const std::vector<int32_t>& together) {
  const int32_t before = d.inside(d.input(0), "apart", apart);
  const int32_t after = d.inside(d.input(0), "exchanged", {apart[0], apart[2], apart[1], apart[3]});
  const auto reshape = [&](int32_t from, const std::vector<int32_t>& dims, int32_t to, std::string_view what) {
    d.op(OpCode::reshape, {from, d.list(dims, what)}, to, Options("ReshapeOptions"));
  };
  reshape(d.input(0), apart, before, "apart_shape");
  d.op(OpCode::transpose, {before, d.list({0, 2, 1, 3}, "order")}, after, Options("TransposeOptions"));
  reshape(after, together, d.result(), "shape");
  return true;
}

// Height, width and channels of an image [batches, height, width, channels], all known, and a block size; empty where
// they are not. int16 has no kernel for either operator below.
std::vector<int32_t> image_in_blocks(const Draft& d) {
  if (!d.has_operands(1)) return {};
  const Tensor& image = d.tensor(d.input(0));
  const int64_t block = d.node().options.integer("block_size");
  if (image.shape.rank() != 4 || block < 1 || block > 64 || image.shape.count() == 0) return {};
  std::vector<int32_t> sizes;
  for (const int axis : {1, 2, 3}) {
    if (image.shape_signature && (*image.shape_signature)[static_cast<size_t>(axis)] < 0) return {};
    if (image.shape[axis] * block * block > std::numeric_limits<int32_t>::max()) return {};
    sizes.push_back(image.shape[axis]);
  }
  sizes.push_back(static_cast<int32_t>(block));
  return sizes;
}

bool write_depth_to_space(Draft& d) {
  const std::vector<int32_t> sizes = image_in_blocks(d);
  if (sizes.empty()) return false;
  const int32_t height = sizes[0], width = sizes[1], channels = sizes[2], block = sizes[3];
  if (channels % (block * block) != 0) return false;
  return write_exchange(d, {-1, width, block, channels / block},
                        {-1, height * block, width * block, channels / (block * block)});
}

bool write_space_to_depth(Draft& d) {
  const std::vector<int32_t> sizes = image_in_blocks(d);
  if (sizes.empty()) return false;
  const int32_t height = sizes[0], width = sizes[1], channels = sizes[2], block = sizes[3];
  if (height % block != 0 || width % block != 0) return false;
  return write_exchange(d, {-1, block, width / block, channels * block},
                        {-1, height / block, width / block, channels * block * block});
}

struct Row {
  OpCode op;
  bool (*write)(Draft& draft);
};
constexpr Row kRows[] = {
    {OpCode::square, write_square},
    {OpCode::neg, write_neg},
    {OpCode::zeros_like, write_zeros_like},
    {OpCode::add_n, write_add_n},
    {OpCode::relu_n1_to_1, write_relu_n1_to_1},
    {OpCode::relu_0_to_1, write_relu_0_to_1},
    {OpCode::squared_difference, write_squared_difference},
    {OpCode::tile, write_tile},
    {OpCode::hard_swish, write_hard_swish},
    {OpCode::prelu, write_prelu},
    {OpCode::sum, write_sum},
    {OpCode::elu, write_elu},
    {OpCode::div, write_div},
    {OpCode::pow, write_pow},
    {OpCode::depth_to_space, write_depth_to_space},
    {OpCode::space_to_depth, write_space_to_depth},
};

}  // namespace

Extended extend(const Model& model) {
  Extended extended{model, {}};
  for (size_t g = 0; g < model.graphs.size(); ++g) {
    for (size_t n = 0; n < model.graphs[g].nodes.size(); ++n) {
      const Node& node = model.graphs[g].nodes[n];
      const Row* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.op == node.op; });
      if (row == std::end(kRows) || node.inputs.empty() || node.inputs[0] == kNoTensor) continue;
      if (model.graphs[g].tensors[static_cast<size_t>(node.inputs[0])].type != DataType::float32) continue;
      Alternative made{static_cast<int32_t>(g), static_cast<int32_t>(n), {}, {}};
      Draft draft(extended.model, made);
      if (row->write(draft)) extended.alternatives.push_back(std::move(made));
    }
  }
  return extended;
}

}  // namespace litequant
