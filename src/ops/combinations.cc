#include "ops/combinations.h"

namespace litequant {
namespace {

template <typename T>
struct Replaced {
  T operator()(T, T b) const { return b; }
};

template <typename T, template <typename> typename Operation>
void combine(std::byte* to, const std::byte* from) {
  T& target = *reinterpret_cast<T*>(to);
  target = Operation<T>()(target, *reinterpret_cast<const T*>(from));
}

template <template <typename> typename Operation>
Combine function_for(DataType type) {
  switch (type) {
    case DataType::boolean: return combine<bool, Operation>;
    case DataType::int8: return combine<int8_t, Operation>;
    case DataType::uint8: return combine<uint8_t, Operation>;
    case DataType::int16: return combine<int16_t, Operation>;
    case DataType::uint16: return combine<uint16_t, Operation>;
    case DataType::int32: return combine<int32_t, Operation>;
    case DataType::uint32: return combine<uint32_t, Operation>;
    case DataType::int64: return combine<int64_t, Operation>;
    case DataType::uint64: return combine<uint64_t, Operation>;
    case DataType::float32: return combine<float, Operation>;
    case DataType::float64: return combine<double, Operation>;
    default: return nullptr;
  }
}

}  // namespace

Combine combine_function(Combination combination, DataType type) {
  const bool is_boolean = type == DataType::boolean;
  switch (combination) {
    case Combination::update: return function_for<Replaced>(type);
    case Combination::sum: return function_for<Sum>(type);
    case Combination::product: return function_for<Product>(type);
    case Combination::greatest: return function_for<Greater>(type);
    case Combination::least: return function_for<Lesser>(type);
    case Combination::all: return is_boolean ? combine<bool, Product> : nullptr;
    case Combination::any: return is_boolean ? combine<bool, Sum> : nullptr;
  }
  return nullptr;
}

Combination combination_of_body(const NodeView& node, const char* graph_field) {
  const int64_t index = node.options().integer(graph_field);
  const std::vector<Graph>& graphs = node.model().graphs;
  node.require(index >= 0 && index < static_cast<int64_t>(graphs.size()), "there is no subgraph ", index);
  const std::vector<Node>& nodes = graphs[static_cast<size_t>(index)].nodes;
  if (nodes.empty()) return Combination::update;
  if (nodes.size() == 1) {
    switch (nodes[0].op) {
      case OpCode::add:
      case OpCode::stablehlo_add: return Combination::sum;
      case OpCode::mul:
      case OpCode::stablehlo_multiply: return Combination::product;
      case OpCode::maximum:
      case OpCode::stablehlo_maximum: return Combination::greatest;
      case OpCode::minimum:
      case OpCode::stablehlo_minimum: return Combination::least;
      case OpCode::logical_and:
      case OpCode::stablehlo_and: return Combination::all;
      case OpCode::logical_or:
      case OpCode::stablehlo_or: return Combination::any;
      default: break;
    }
  }
  node.fail(ErrorCode::unsupported_operator,
            {"its body of ", nodes.size(), " nodes",
             nodes.size() == 1 ? " (" + operator_name(nodes[0]) + ")" : std::string(), " is not executed"});
}

}  // namespace litequant
