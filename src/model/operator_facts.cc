#include "model/operator_facts.h"

#include <initializer_list>

namespace litequant {
namespace {

constexpr uint8_t kAny = OperatorFacts::kAny;

constexpr uint64_t operands(std::initializer_list<int> indices) {
  uint64_t set = 0;
  for (const int index : indices) set |= uint64_t{1} << index;
  return set;
}
template <typename... Indices>
constexpr uint64_t operands(Indices... indices) {
  return operands({indices...});
}

constexpr uint64_t kAll = ~uint64_t{0};
// Input gate (absent when coupled to the forget gate), peepholes, projection, layer normalisation.
constexpr uint64_t kLstmOptional = operands(1, 5, 9, 10, 11, 12, 16, 17, 20, 21, 22, 23);
// The same twice, without layer normalisation, then the auxiliary input and its weights.
constexpr uint64_t kBidirectionalLstmOptional =
    operands(1, 5, 9, 10, 11, 12, 16, 17, 18, 22, 26, 27, 28, 29, 33, 34, 39, 40, 41, 42, 43, 44, 45, 46, 47);

// In the order of the codes: options, needed, inputs, outputs, operands that may be absent.
// clang-format off
constexpr OperatorFacts kFacts[kOpCodeCount] = {
    {OpCode::add, "AddOptions", false, 2, 2, 1, 1, 0},
    {OpCode::average_pool_2d, "Pool2DOptions", true, 1, 1, 1, 1, 0},
    {OpCode::concatenation, "ConcatenationOptions", false, 1, kAny, 1, 1, 0},
    {OpCode::conv_2d, "Conv2DOptions", true, 2, 3, 1, 1, operands(2)},
    {OpCode::depthwise_conv_2d, "DepthwiseConv2DOptions", true, 2, 3, 1, 1, operands(2)},
    {OpCode::depth_to_space, "DepthToSpaceOptions", true, 1, 1, 1, 1, 0},
    {OpCode::dequantize, "DequantizeOptions", false, 1, 1, 1, 1, 0},
    {OpCode::embedding_lookup, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::floor, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::fully_connected, "FullyConnectedOptions", false, 2, 3, 1, 2, operands(2)},
    {OpCode::hashtable_lookup, nullptr, false, 3, 3, 2, 2, 0},
    {OpCode::l2_normalization, "L2NormOptions", false, 1, 1, 1, 1, 0},
    {OpCode::l2_pool_2d, "Pool2DOptions", true, 1, 1, 1, 1, 0},
    {OpCode::local_response_normalization, "LocalResponseNormalizationOptions", false, 1, 1, 1, 1, 0},
    {OpCode::logistic, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::lsh_projection, "LSHProjectionOptions", false, 2, 3, 1, 1, operands(2)},
    {OpCode::lstm, "LSTMOptions", false, 5, 24, 1, 4, kLstmOptional},
    {OpCode::max_pool_2d, "Pool2DOptions", true, 1, 1, 1, 1, 0},
    {OpCode::mul, "MulOptions", false, 2, 2, 1, 1, 0},
    {OpCode::relu, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::relu_n1_to_1, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::relu6, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::reshape, "ReshapeOptions", false, 1, 2, 1, 1, 0},
    {OpCode::resize_bilinear, "ResizeBilinearOptions", false, 2, 2, 1, 1, 0},
    {OpCode::rnn, "RNNOptions", false, 5, 5, 1, 1, 0},
    {OpCode::softmax, "SoftmaxOptions", false, 1, 1, 1, 1, 0},
    {OpCode::space_to_depth, "SpaceToDepthOptions", true, 1, 1, 1, 1, 0},
    {OpCode::svdf, "SVDFOptions", true, 5, 5, 1, 1, operands(3)},
    {OpCode::tanh, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::concat_embeddings, "ConcatEmbeddingsOptions", false, 0, kAny, 0, kAny, kAll},
    {OpCode::skip_gram, "SkipGramOptions", false, 1, 1, 1, 1, 0},
    {OpCode::call, "CallOptions", true, 0, kAny, 0, kAny, kAll},
    {OpCode::custom, nullptr, false, 0, kAny, 0, kAny, kAll},
    {OpCode::embedding_lookup_sparse, "EmbeddingLookupSparseOptions", false, 5, 5, 1, 1, 0},
    {OpCode::pad, "PadOptions", false, 2, 2, 1, 1, 0},
    {OpCode::unidirectional_sequence_rnn, "SequenceRNNOptions", false, 5, 5, 1, 1, 0},
    {OpCode::gather, "GatherOptions", false, 2, 2, 1, 1, 0},
    {OpCode::batch_to_space_nd, "BatchToSpaceNDOptions", false, 3, 3, 1, 1, 0},
    {OpCode::space_to_batch_nd, "SpaceToBatchNDOptions", false, 3, 3, 1, 1, 0},
    {OpCode::transpose, "TransposeOptions", false, 2, 2, 1, 1, 0},
    {OpCode::mean, "ReducerOptions", false, 2, 2, 1, 1, 0},
    {OpCode::sub, "SubOptions", false, 2, 2, 1, 1, 0},
    {OpCode::div, "DivOptions", false, 2, 2, 1, 1, 0},
    {OpCode::squeeze, "SqueezeOptions", false, 1, 1, 1, 1, 0},
    {OpCode::unidirectional_sequence_lstm, "UnidirectionalSequenceLSTMOptions", false, 20, 24, 1, 1, kLstmOptional},
    {OpCode::strided_slice, "StridedSliceOptions", false, 4, 4, 1, 1, 0},
    {OpCode::bidirectional_sequence_rnn, "BidirectionalSequenceRNNOptions", false, 12, 12, 1, 2, operands(9, 10, 11)},
    {OpCode::exp, "ExpOptions", false, 1, 1, 1, 1, 0},
    {OpCode::topk_v2, "TopKV2Options", false, 2, 2, 2, 2, 0},
    {OpCode::split, "SplitOptions", true, 2, 2, 1, kAny, 0},
    {OpCode::log_softmax, "LogSoftmaxOptions", false, 1, 1, 1, 1, 0},
    {OpCode::delegate, nullptr, false, 0, kAny, 0, kAny, kAll},
    {OpCode::bidirectional_sequence_lstm, "BidirectionalSequenceLSTMOptions", false, 48, 48, 1, 2, kBidirectionalLstmOptional},
    {OpCode::cast, "CastOptions", false, 1, 1, 1, 1, 0},
    {OpCode::prelu, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::maximum, "MaximumMinimumOptions", false, 2, 2, 1, 1, 0},
    {OpCode::arg_max, "ArgMaxOptions", false, 2, 2, 1, 1, 0},
    {OpCode::minimum, "MaximumMinimumOptions", false, 2, 2, 1, 1, 0},
    {OpCode::less, "LessOptions", false, 2, 2, 1, 1, 0},
    {OpCode::neg, "NegOptions", false, 1, 1, 1, 1, 0},
    {OpCode::padv2, "PadV2Options", false, 3, 3, 1, 1, 0},
    {OpCode::greater, "GreaterOptions", false, 2, 2, 1, 1, 0},
    {OpCode::greater_equal, "GreaterEqualOptions", false, 2, 2, 1, 1, 0},
    {OpCode::less_equal, "LessEqualOptions", false, 2, 2, 1, 1, 0},
    {OpCode::select, "SelectOptions", false, 3, 3, 1, 1, 0},
    {OpCode::slice, "SliceOptions", false, 3, 3, 1, 1, 0},
    {OpCode::sin, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::transpose_conv, "TransposeConvOptions", true, 3, 4, 1, 1, operands(3)},
    {OpCode::sparse_to_dense, "SparseToDenseOptions", false, 4, 4, 1, 1, 0},
    {OpCode::tile, "TileOptions", false, 2, 2, 1, 1, 0},
    {OpCode::expand_dims, "ExpandDimsOptions", false, 2, 2, 1, 1, 0},
    {OpCode::equal, "EqualOptions", false, 2, 2, 1, 1, 0},
    {OpCode::not_equal, "NotEqualOptions", false, 2, 2, 1, 1, 0},
    {OpCode::log, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::sum, "ReducerOptions", false, 2, 2, 1, 1, 0},
    {OpCode::sqrt, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::rsqrt, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::shape, "ShapeOptions", false, 1, 1, 1, 1, 0},
    {OpCode::pow, "PowOptions", false, 2, 2, 1, 1, 0},
    {OpCode::arg_min, "ArgMinOptions", false, 2, 2, 1, 1, 0},
    {OpCode::fake_quant, "FakeQuantOptions", false, 1, 1, 1, 1, 0},
    {OpCode::reduce_prod, "ReducerOptions", false, 2, 2, 1, 1, 0},
    {OpCode::reduce_max, "ReducerOptions", false, 2, 2, 1, 1, 0},
    {OpCode::pack, "PackOptions", false, 1, kAny, 1, 1, 0},
    {OpCode::logical_or, "LogicalOrOptions", false, 2, 2, 1, 1, 0},
    {OpCode::one_hot, "OneHotOptions", false, 4, 4, 1, 1, 0},
    {OpCode::logical_and, "LogicalAndOptions", false, 2, 2, 1, 1, 0},
    {OpCode::logical_not, "LogicalNotOptions", false, 1, 1, 1, 1, 0},
    {OpCode::unpack, "UnpackOptions", true, 1, 1, 1, kAny, 0},
    {OpCode::reduce_min, "ReducerOptions", false, 2, 2, 1, 1, 0},
    {OpCode::floor_div, "FloorDivOptions", false, 2, 2, 1, 1, 0},
    {OpCode::reduce_any, "ReducerOptions", false, 2, 2, 1, 1, 0},
    {OpCode::square, "SquareOptions", false, 1, 1, 1, 1, 0},
    {OpCode::zeros_like, "ZerosLikeOptions", false, 1, 1, 1, 1, 0},
    {OpCode::fill, "FillOptions", false, 2, 2, 1, 1, 0},
    {OpCode::floor_mod, "FloorModOptions", false, 2, 2, 1, 1, 0},
    {OpCode::range, "RangeOptions", false, 3, 3, 1, 1, 0},
    {OpCode::resize_nearest_neighbor, "ResizeNearestNeighborOptions", false, 2, 2, 1, 1, 0},
    {OpCode::leaky_relu, "LeakyReluOptions", false, 1, 1, 1, 1, 0},
    {OpCode::squared_difference, "SquaredDifferenceOptions", false, 2, 2, 1, 1, 0},
    {OpCode::mirror_pad, "MirrorPadOptions", false, 2, 2, 1, 1, 0},
    {OpCode::abs, "AbsOptions", false, 1, 1, 1, 1, 0},
    {OpCode::split_v, "SplitVOptions", true, 3, 3, 1, kAny, 0},
    {OpCode::unique, "UniqueOptions", false, 1, 1, 2, 2, 0},
    {OpCode::ceil, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::reverse_v2, "ReverseV2Options", false, 2, 2, 1, 1, 0},
    {OpCode::add_n, "AddNOptions", false, 1, kAny, 1, 1, 0},
    {OpCode::gather_nd, "GatherNdOptions", false, 2, 2, 1, 1, 0},
    {OpCode::cos, "CosOptions", false, 1, 1, 1, 1, 0},
    {OpCode::where, "WhereOptions", false, 1, 1, 1, 1, 0},
    {OpCode::rank, "RankOptions", false, 1, 1, 1, 1, 0},
    {OpCode::elu, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::reverse_sequence, "ReverseSequenceOptions", false, 2, 2, 1, 1, 0},
    {OpCode::matrix_diag, "MatrixDiagOptions", false, 1, 1, 1, 1, 0},
    {OpCode::quantize, "QuantizeOptions", false, 1, 1, 1, 1, 0},
    {OpCode::matrix_set_diag, "MatrixSetDiagOptions", false, 2, 2, 1, 1, 0},
    {OpCode::round, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::hard_swish, "HardSwishOptions", false, 1, 1, 1, 1, 0},
    {OpCode::if_, "IfOptions", true, 1, kAny, 0, kAny, 0},
    {OpCode::while_, "WhileOptions", true, 0, kAny, 0, kAny, 0},
    {OpCode::non_max_suppression_v4, "NonMaxSuppressionV4Options", false, 5, 5, 2, 2, 0},
    {OpCode::non_max_suppression_v5, "NonMaxSuppressionV5Options", false, 6, 6, 3, 3, 0},
    {OpCode::scatter_nd, "ScatterNdOptions", false, 3, 3, 1, 1, 0},
    {OpCode::select_v2, "SelectV2Options", false, 3, 3, 1, 1, 0},
    {OpCode::densify, "DensifyOptions", false, 1, 1, 1, 1, 0},
    {OpCode::segment_sum, "SegmentSumOptions", false, 2, 2, 1, 1, 0},
    {OpCode::batch_matmul, "BatchMatMulOptions", false, 2, 2, 1, 1, 0},
    {OpCode::placeholder_for_greater_op_codes, nullptr, false, 0, kAny, 0, kAny, kAll},
    {OpCode::cumsum, "CumsumOptions", false, 2, 2, 1, 1, 0},
    {OpCode::call_once, "CallOnceOptions", true, 0, 0, 0, 0, 0},
    {OpCode::broadcast_to, "BroadcastToOptions", false, 2, 2, 1, 1, 0},
    {OpCode::rfft2d, "Rfft2dOptions", false, 2, 2, 1, 1, 0},
    {OpCode::conv_3d, "Conv3DOptions", true, 2, 3, 1, 1, operands(2)},
    {OpCode::imag, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::real, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::complex_abs, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::hashtable, "HashtableOptions", false, 0, 0, 1, 1, 0},
    {OpCode::hashtable_find, "HashtableFindOptions", false, 3, 3, 1, 1, 0},
    {OpCode::hashtable_import, "HashtableImportOptions", false, 3, 3, 0, 0, 0},
    {OpCode::hashtable_size, "HashtableSizeOptions", false, 1, 1, 1, 1, 0},
    {OpCode::reduce_all, "ReducerOptions", false, 2, 2, 1, 1, 0},
    {OpCode::conv_3d_transpose, "Conv3DOptions", true, 3, 4, 1, 1, operands(3)},
    {OpCode::var_handle, "VarHandleOptions", false, 0, 0, 1, 1, 0},
    {OpCode::read_variable, "ReadVariableOptions", false, 1, 1, 1, 1, 0},
    {OpCode::assign_variable, "AssignVariableOptions", false, 2, 2, 0, 0, 0},
    {OpCode::broadcast_args, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::random_standard_normal, "RandomOptions", false, 1, 1, 1, 1, 0},
    {OpCode::bucketize, "BucketizeOptions", false, 1, 1, 1, 1, 0},
    {OpCode::random_uniform, "RandomOptions", false, 1, 1, 1, 1, 0},
    {OpCode::multinomial, "RandomOptions", false, 2, 2, 1, 1, 0},
    {OpCode::gelu, "GeluOptions", false, 1, 1, 1, 1, 0},
    {OpCode::dynamic_update_slice, "DynamicUpdateSliceOptions", false, 3, 3, 1, 1, 0},
    {OpCode::relu_0_to_1, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::unsorted_segment_prod, "UnsortedSegmentProdOptions", false, 3, 3, 1, 1, 0},
    {OpCode::unsorted_segment_max, "UnsortedSegmentMaxOptions", false, 3, 3, 1, 1, 0},
    {OpCode::unsorted_segment_sum, "UnsortedSegmentSumOptions", false, 3, 3, 1, 1, 0},
    {OpCode::atan2, "ATan2Options", false, 2, 2, 1, 1, 0},
    {OpCode::unsorted_segment_min, "UnsortedSegmentMinOptions", false, 3, 3, 1, 1, 0},
    {OpCode::sign, "SignOptions", false, 1, 1, 1, 1, 0},
    {OpCode::bitcast, "BitcastOptions", false, 1, 1, 1, 1, 0},
    {OpCode::bitwise_xor, "BitwiseXorOptions", false, 2, 2, 1, 1, 0},
    {OpCode::right_shift, "RightShiftOptions", false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_logistic, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_add, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_divide, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_multiply, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_maximum, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_reshape, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_clamp, nullptr, false, 3, 3, 1, 1, 0},
    {OpCode::stablehlo_concatenate, "StablehloConcatenateOptions", false, 1, kAny, 1, 1, 0},
    {OpCode::stablehlo_broadcast_in_dim, "StablehloBroadcastInDimOptions", false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_convolution, "StablehloConvolutionOptions", false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_slice, "StablehloSliceOptions", false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_custom_call, "StablehloCustomCallOptions", false, 0, kAny, 0, kAny, kAll},
    {OpCode::stablehlo_reduce, "StablehloReduceOptions", true, 2, kAny, 1, kAny, 0},
    {OpCode::stablehlo_abs, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_and, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_cosine, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_exponential, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_floor, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_log, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_minimum, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_negate, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_or, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_power, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_remainder, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_rsqrt, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_select, nullptr, false, 3, 3, 1, 1, 0},
    {OpCode::stablehlo_subtract, nullptr, false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_tanh, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_scatter, "StablehloScatterOptions", true, 3, kAny, 1, kAny, 0},
    {OpCode::stablehlo_compare, "StablehloCompareOptions", false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_convert, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_dynamic_slice, "StablehloDynamicSliceOptions", false, 1, kAny, 1, 1, 0},
    {OpCode::stablehlo_dynamic_update_slice, nullptr, false, 2, kAny, 1, 1, 0},
    {OpCode::stablehlo_pad, "StablehloPadOptions", false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_iota, "StablehloIotaOptions", false, 0, 0, 1, 1, 0},
    {OpCode::stablehlo_dot_general, "StablehloDotGeneralOptions", false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_reduce_window, "StablehloReduceWindowOptions", true, 2, kAny, 1, kAny, 0},
    {OpCode::stablehlo_sort, "StablehloSortOptions", true, 1, kAny, 1, kAny, 0},
    {OpCode::stablehlo_while, "StablehloWhileOptions", true, 0, kAny, 0, kAny, 0},
    {OpCode::stablehlo_gather, "StablehloGatherOptions", false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_transpose, "StablehloTransposeOptions", false, 1, 1, 1, 1, 0},
    {OpCode::dilate, "DilateOptions", false, 3, 3, 1, 1, 0},
    {OpCode::stablehlo_rng_bit_generator, "StablehloRngBitGeneratorOptions", false, 1, 1, 2, 2, 0},
    {OpCode::reduce_window, "ReduceWindowOptions", false, 5, 5, 1, 1, 0},
    {OpCode::stablehlo_composite, "StableHLOCompositeOptions", true, 0, kAny, 0, kAny, kAll},
    {OpCode::stablehlo_shift_left, "StablehloShiftLeftOptions", false, 2, 2, 1, 1, 0},
    {OpCode::stablehlo_cbrt, nullptr, false, 1, 1, 1, 1, 0},
    {OpCode::stablehlo_case, "StablehloCaseOptions", true, 1, kAny, 0, kAny, 0},
};
// clang-format on

constexpr bool is_in_order() {
  for (int32_t i = 0; i < kOpCodeCount; ++i) {
    if (static_cast<int32_t>(kFacts[i].code) != i) return false;
  }
  return true;
}
static_assert(is_in_order());

struct GraphField {
  std::string_view table, field;
};
constexpr GraphField kGraphFields[] = {
    {"IfOptions", "then_subgraph_index"},
    {"IfOptions", "else_subgraph_index"},
    {"WhileOptions", "cond_subgraph_index"},
    {"WhileOptions", "body_subgraph_index"},
    {"CallOnceOptions", "init_subgraph_index"},
    {"CallOptions", "subgraph"},
    {"StableHLOCompositeOptions", "decomposition_subgraph_index"},
    {"StablehloWhileOptions", "cond_subgraph_index"},
    {"StablehloWhileOptions", "body_subgraph_index"},
    {"StablehloReduceOptions", "body_subgraph_index"},
    {"StablehloReduceWindowOptions", "body_subgraph_index"},
    {"StablehloScatterOptions", "update_computation_subgraph_index"},
    {"StablehloSortOptions", "comparator_subgraph_index"},
};

}  // namespace

const OperatorFacts* find_operator_facts(OpCode code) {
  const auto index = static_cast<int32_t>(code);
  return index >= 0 && index < kOpCodeCount ? &kFacts[index] : nullptr;
}

std::vector<GraphReference> referenced_graphs(const Node& node) {
  std::vector<GraphReference> references;
  const Options& options = node.options;
  for (const GraphField& row : kGraphFields) {
    if (row.table == options.table()) references.push_back({row.field, options.integer(row.field)});
  }
  if (options.table() == "StablehloCaseOptions") {
    constexpr std::string_view kBranches = "branch_subgraph_indices";
    for (const int64_t graph : options.integers(kBranches)) references.push_back({kBranches, graph});
  }
  return references;
}

}  // namespace litequant
