// The only list of operators. Each line names a row (an OpDef) that its own file defines; the README's table, `describe`
// and every test over "all operators" read this list.
//
// LITEQUANT_OP(row)
LITEQUANT_OP(kReshape)
