// The only list of operators. Each line names a row (an OpDef) that its own file defines; the README's table, `describe`
// and every test over "all operators" read this list.
//
// LITEQUANT_OP(row)
LITEQUANT_OP(kReshape)
LITEQUANT_OP(kSqueeze)
LITEQUANT_OP(kExpandDims)
LITEQUANT_OP(kConcatenation)
LITEQUANT_OP(kPad)
LITEQUANT_OP(kPadV2)
LITEQUANT_OP(kTranspose)
LITEQUANT_OP(kSlice)
LITEQUANT_OP(kStridedSlice)
LITEQUANT_OP(kPack)
LITEQUANT_OP(kUnpack)
LITEQUANT_OP(kSplit)
LITEQUANT_OP(kSplitV)
LITEQUANT_OP(kShape)
LITEQUANT_OP(kRank)
