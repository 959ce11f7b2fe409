// An operator is a row: what it is called, what its output shapes are, how it is quantized, how it is compiled, which
// version is written. One file per operator or family defines its rows; ops/list.h is the only list of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "model/model.h"
#include "ops/step_function.h"

namespace litequant {

// Thrown where a value is needed that only a run computes; a plan then leaves the node to the run (see runtime/plan.h).
class ValueNotKnown : public Error {
 public:
  ValueNotKnown(size_t input, std::string detail, Place place)
      : Error(ErrorCode::unsupported_operator, std::move(detail), std::move(place)), input_(input) {}
  size_t input() const { return input_; }

 private:
  size_t input_;
};

// ---- What an operator sees of its node ------------------------------------------------------------------------------

// An operand as known when a plan is made.
struct Operand {
  const Tensor* tensor = nullptr;  // name and quantization
  DataType type = DataType::float32;
  Shape shape;
  std::span<const std::byte> constant;  // its bytes where they are known already, else empty
  bool has_value = false;  // the bytes are known (a constant without elements has none to show)

  const Quantization& quantization() const { return tensor->quantization; }
  bool is_quantized() const { return tensor->quantization.is_quantized(); }
  // Per-tensor parameters.
  float scale() const { return tensor->quantization.scale[0]; }
  int32_t zero_point() const { return static_cast<int32_t>(tensor->quantization.zero_point[0]); }
};

// A node with its operands. Every accessor that cannot answer throws an Error that says where and why.
class NodeView {
 public:
  // Operands as the file states them: types and static shapes, constants' bytes.
  NodeView(const Model& model, int32_t graph, int32_t node);

  const Node& node() const { return *node_; }
  const Model& model() const { return *model_; }
  const Options& options() const { return node_->options; }
  size_t input_count() const { return inputs_.size(); }
  size_t output_count() const { return outputs_.size(); }
  bool has_input(size_t i) const { return i < inputs_.size() && inputs_[i].tensor != nullptr; }

  const Operand& input(size_t i) const;
  const Operand& output(size_t i) const;
  // A tensor that the node lists beside its results: the quantization of values within the kernel.
  const Operand& intermediate(size_t i) const;

  // For the planner, which knows more than the file does.
  Operand& mutable_input(size_t i) { return inputs_[i]; }
  Operand& mutable_output(size_t i) { return outputs_[i]; }

  // The values of an input that must be known when the node is compiled: else ValueNotKnown. `integers` reads INT32 and
  // INT64 (and INT16).
  template <typename T>
  std::span<const T> values(size_t i) const {
    const Operand& operand = known(i, DataTypeOf<T>::value);
    return {reinterpret_cast<const T*>(operand.constant.data()), operand.constant.size() / sizeof(T)};
  }
  std::vector<int64_t> integers(size_t i) const;

  // Axis out of a file: negative counts from the end.
  int axis(int64_t value, int rank) const;

  [[noreturn]] void fail(ErrorCode code, TextParts detail, TextParts hint = {}) const;
  // BAD_MODEL unless `holds`.
  template <typename... Parts>
  [[gnu::always_inline]] void require(bool holds, const Parts&... need) const {
    if (!holds) fail(ErrorCode::bad_model, {TextPart(need)...});
  }
  // All of the listed inputs and outputs have this many dimensions at least and at most.
  void require_rank(const Operand& operand, std::string_view what, int least, int most) const;
  void require_type(const Operand& operand, std::string_view what, DataType type) const;
  [[noreturn]] void fail_type() const;  // UNSUPPORTED_TYPE, naming the types of all operands

 private:
  const Operand& known(size_t i, DataType type) const;

  const Model* model_;
  int32_t graph_;
  int32_t index_;
  const Node* node_;
  std::vector<Operand> inputs_, outputs_, intermediates_;
};

// ---- What a node is compiled to -------------------------------------------------------------------------------------

// The addresses of one run of a step. Absent inputs are null. Constants appear like any other input.
struct Frame {
  std::span<const std::byte* const> inputs;
  std::span<std::byte* const> outputs;
  std::byte* scratch_bytes = nullptr;

  template <typename T>
  const T* in(size_t i) const {
    return reinterpret_cast<const T*>(inputs[i]);
  }
  template <typename T>
  T* out(size_t i = 0) const {
    return reinterpret_cast<T*>(outputs[i]);
  }
  template <typename T>
  T* scratch() const {
    return reinterpret_cast<T*>(scratch_bytes);
  }
};

// The range of values within a kernel that calibration needs: two floats at `offset` of the scratch after a run, the
// least and the greatest value that `tensor` (a variable, or an intermediate) had.
struct InnerRange {
  int32_t tensor = kNoTensor;
  size_t offset = 0;
};

// A compiled node. Everything that can fail was checked when it was made; `run` never fails.
struct Step {
  StepFunction run;
  size_t scratch_bytes = 0;  // working memory, 16-byte aligned, shared between steps
  std::vector<InnerRange> inner_ranges = {};  // only with CompileOptions::reproducible
};

enum class KernelSet : uint8_t {
  optimized,  // the fastest that are exact
  reference,  // plain loops: the specification
};

struct CompileOptions {
  KernelSet kernels = KernelSet::optimized;
  // Float results must not depend on the build (calibration): no relaxed instruction, fixed order of additions.
  bool reproducible = false;
};

// ---- How an operator is quantized -----------------------------------------------------------------------------------

enum class Role : uint8_t {
  none,  // shapes, axes, indices: never quantized
  data,  // real values, one scale per tensor
  weight,  // constant weights, symmetric
  bias,  // constant, scale = data scale x weight scale
};

enum class OutputRule : uint8_t {
  none,  // the result is not real-valued (indices, shapes) or its type is chosen elsewhere
  free,  // its own range
  same,  // integers are moved or compared, so data operands and result share scale and zero point
  fixed,  // prescribed
};

struct FixedOutput {
  float scale = 0;
  int32_t zero_point = 0;
};

// A set of operands, one bit each.
using OperandSet = uint64_t;
constexpr OperandSet operand_set() { return 0; }
template <typename... Rest>
constexpr OperandSet operand_set(int first, Rest... rest) {
  return (OperandSet{1} << first) | operand_set(rest...);
}

// Recurrent cells whose integer form roles cannot tell (see quantize/passes/cell_form.h).
enum class CellForm : uint8_t { none, lstm, svdf };

// Data, read by the quantizer; what the kernels in TensorFlow Lite accept.
struct QuantRule {
  std::array<Role, 5> roles = {Role::none, Role::none, Role::none, Role::none, Role::none};
  bool variadic = false;  // every operand has the role of the first
  OutputRule output = OutputRule::none;
  FixedOutput fixed_int8 = {}, fixed_int16 = {};  // with OutputRule::fixed
  int weight_axis = -1;  // of the per-channel scales; -1: one scale per tensor
  bool int8 = false;  // a full integer kernel exists
  bool int16 = false;  // with int16 activations
  bool hybrid = false;  // float activations with int8 weights
  // Recurrent cells: the weights, which become int8 together (one scale each), and the integer form.
  OperandSet cell_weights = 0;
  CellForm cell_form = CellForm::none;
  bool same_in_int16 = false;  // `same` with int16 activations although not in int8

  Role role(size_t operand) const {
    if (variadic) return roles[0];
    return operand < roles.size() ? roles[operand] : Role::none;
  }
};

// ---- The row --------------------------------------------------------------------------------------------------------

// A set of element types, one bit each.
using TypeSet = uint32_t;
constexpr TypeSet types() { return 0; }
template <typename... Rest>
constexpr TypeSet types(DataType first, Rest... rest) {
  return (TypeSet{1} << static_cast<int>(first)) | types(rest...);
}
inline constexpr TypeSet kAllTypes = ~TypeSet{0};
inline constexpr TypeSet kFloatAndInt8 = types(DataType::float32, DataType::int8, DataType::uint8);
inline constexpr TypeSet kFloatAndInt16 = kFloatAndInt8 | types(DataType::int16);

struct OpDef {
  OpCode code;
  const char* custom_code = nullptr;  // of a custom operator
  int8_t data_operand = 0;  // whose element type selects the kernel
  TypeSet types = 0;  // element types of that operand which run
  bool hybrid = false;  // also runs float data with int8 weights
  bool is_pure = true;  // same inputs, same result: computed once when all inputs are constants
  // Executed by the session itself: runs other graphs, or touches what lives from one run to the next. `infer` and
  // `compile` are null.
  bool runs_in_session = false;
  bool needs_only_shapes = false;  // the result follows from the inputs' shapes alone (SHAPE, RANK)

  std::vector<Shape> (*infer)(const NodeView& node) = nullptr;
  Step (*compile)(const NodeView& node, const CompileOptions& options) = nullptr;
  QuantRule quant = {};
  int (*version)(const NodeView& node);  // operator version that a writer must set
  // What one run does beyond visiting each element of its operands and results once: multiply-adds, for most. Called
  // when `infer` has passed.
  double (*operations)(const NodeView& node) = nullptr;
};

// What one run of a node does, about, in multiply-adds and visits of elements. Real numbers, so that no product of
// dimensions is too large.
double operations_of(const OpDef& row, const NodeView& node);
// Elements from `first_axis` up to `end_axis`, a dimension of 0 counting as 1: loops over the others run all the same.
double visits(const Shape& shape, int first_axis, int end_axis);
inline double visits(const Shape& shape) { return visits(shape, 0, shape.rank()); }

// The usual rule: one version for int8 data (and uint8 where the format says so), one for int16, else 1.
template <int kInt8, int kInt16>
int version_by_type(const NodeView& node) {
  switch (node.input(0).type) {
    case DataType::int8: return kInt8;
    case DataType::int16: return kInt16;
    default: return 1;
  }
}
int version_one(const NodeView& node);

// The row of an operator, or null when it is not executed. Unknown operators are still loaded, kept and saved.
const OpDef* find_op(const Node& node);
std::span<const OpDef* const> all_ops();

}  // namespace litequant
