// What the integer modes decide about a graph before any of it is rewritten.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/model.h"
#include "ops/op_def.h"
#include "quantize/parameters.h"
#include "quantize/passes/links.h"
#include "quantize/passes/prescriptions.h"
#include "quantize/recipe.h"
#include "quantize/statistics.h"

namespace litequant {

class ConstantStore;

// The parameters of a graph's activations in one integer type.
struct Activations {
  explicit Activations(const Graph& graph);

  // Per tensor: the parameters under which its integers are read.
  std::vector<std::optional<Parameters>> value;
  // Per tensor: those under which its node writes them, where they differ (a prescribed output under a tied reader).
  std::vector<std::optional<Parameters>> produced;
  // Operands (node, operand) that are read under other parameters than `value`.
  std::map<std::pair<int32_t, int32_t>, Parameters> operand;
  // Per node whose operands and results are tied: the common parameters.
  std::vector<std::optional<Parameters>> tied;
};

struct GraphDesign {
  GraphDesign(const Graph& graph, int32_t graph_index);

  int32_t graph_index;
  Links links;
  Prescriptions prescribed;

  std::vector<bool> is_needed;  // per node

  // Per node: the type of the activations it computes with, int8 or int16; float32: it stays as it is, and where it is
  // a float operator, why.
  std::vector<DataType> node_type;
  std::vector<std::string> reason;
  // Per node: what the user should know of its integer form; mostly nothing.
  std::vector<std::string> warning;
  // Per node of int8 without a kernel: the operand that a table of 256 results is looked up by (see table_form.h).
  std::vector<std::optional<size_t>> table;
  // Per node: its number in the model that was given, for messages.
  std::vector<int32_t> origin;

  Activations int8, int16;
  // Per variable and intermediate of recurrent cells: what calibration saw within the kernel.
  std::map<int32_t, Range> inner_ranges;

  bool is_integer(int32_t node) const { return node_type[static_cast<size_t>(node)] != DataType::float32; }
  bool has_integers(DataType type) const;
  const Activations& of(DataType type) const { return type == DataType::int16 ? int16 : int8; }
  Activations& of(DataType type) { return type == DataType::int16 ? int16 : int8; }
};

// What a node's results are in activations of this type.
OutputRule output_rule(const QuantRule& rule, DataType type);

// A float32 tensor that is computed or given, not a constant.
bool is_real_value(const Model& model, const Tensor& tensor);
// A float32 constant.
bool is_real_constant(const Model& model, const Tensor& tensor);

// The role of an operand in the node at hand: weights that are computed at run time are data.
Role role_of(const Model& model, const Graph& graph, const Node& node, const OpDef& row, size_t operand);

// The axis of the node's weights that has a scale per channel; -1: one scale.
int channel_axis(const Recipe& recipe, const Node& node, const OpDef& row);

// Whether a quantized model's DEQUANTIZE or QUANTIZE: a bridge between integers that were there and floats.
bool is_bridge(const Model& model, const Graph& graph, const Node& node);

// Why this node cannot compute with activations of this type, int8 or int16; empty when it can. The node touches
// floats.
std::string obstacle(const Model& model, const Graph& graph, const Node& node, DataType type);

// The graphs that nodes run (branches, loop bodies), and those that nothing runs. What passes in and out of them stays
// float, whatever the mode, so that it fits the node that runs them and, in a loop, itself; within they are as integer
// as any.
std::vector<bool> inner_graphs(const Model& model);

// Per node: whether some graph output, or a state, needs it.
std::vector<bool> needed_nodes(const Graph& graph);

// ---- The passes, in the order they run ------------------------------------------------------------------------------

// Readers of float16 constants behind DEQUANTIZE read float32 constants instead. Nodes keep their numbers.
void fold_half_constants(Model& model);

// RELU, RELU6 and RELU_N1_TO_1 into the operator before, where nothing else reads between and no range is prescribed
// there. Nodes keep their numbers;
// the operators before become dead.
void fuse_activations(Model& model, const Recipe& recipe, std::span<const Prescriptions> prescribed);

// Fills node_type and reason. Throws REFUSED for a node that the recipe wants in int16 and that has no such kernel.
void choose_nodes(const Model& model, const Recipe& recipe, GraphDesign& design);
// The `-only` modes: throws REFUSED with one message that names every float operator left.
void refuse_float_nodes(const Model& model, const Recipe& recipe, std::span<const GraphDesign> designs);
// Nodes that calibration did not reach, and for which nothing is prescribed, become float nodes, with that as the
// reason; so do quotients whose divisor may be 0.
void leave_uncalibrated(const Model& model, const Statistics& statistics, GraphDesign& design);
// Whether an `-only` mode lets this float node be: a custom operator (detection post-processing) that makes results of
// the graph only. They stay float: boxes and class numbers have no common scale.
bool may_stay_float(const Graph& graph, const GraphDesign& design, int32_t node);
// An int8 CONCATENATION whose operands' ranges differ so much that one scale would wipe out the smallest: in mode int8
// with float outputs it stays in float where only floats follow, else it gets a warning.
void spare_mixed_ranges(const Model& model, const Recipe& recipe, const Statistics& statistics, GraphDesign& design);
// Fills the activations of one type from the statistics.
void assign_parameters(const Model& model, const Recipe& recipe, const Statistics& statistics, DataType type,
                       GraphDesign& design);
// Rewrites the graph: integer nodes, their constants, QUANTIZE and DEQUANTIZE where readers disagree, the border.
// Returns, per node written, the node of the model given that it was written for; kNoNode at the border.
std::vector<int32_t> write_integers(Model& model, const Recipe& recipe, const GraphDesign& design);

// The operands that `dynamic` makes int8; none when the node stays as it is. The row has hybrid kernels.
std::vector<size_t> hybrid_weights(const Model& model, const Graph& graph, const Node& node, const OpDef& row,
                                   int64_t least_elements);
// Whether `dynamic` makes the table int8 that this GATHER or GATHER_ND reads from.
bool reads_table(const Model& model, const Graph& graph, const Node& node, int64_t least_elements);
// dynamic: such tables become int8, with a DEQUANTIZE behind each node. The graph's nodes get other numbers.
void store_tables(Model& model, const Recipe& recipe, int32_t graph, ConstantStore& constants);
// dynamic: int8 weights under float activations.
void quantize_weights_only(Model& model, const Recipe& recipe, std::span<const Prescriptions> prescribed);
// float16: constants in half precision, each with a DEQUANTIZE.
void halve_constants(Model& model, const Recipe& recipe);

// Nodes without effect on any graph output go, and with them their entries in `origins` (per graph and node), if given.
void drop_dead_nodes(Model& model, std::vector<std::vector<int32_t>>* origins = nullptr);
// What no graph, signature or metadata refers to goes; indices close up.
void drop_unused(Model& model);
// Entries of the metadata that no longer hold go.
void update_metadata(Model& model, const Recipe& recipe);

}  // namespace litequant
