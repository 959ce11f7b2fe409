// The operators that the session itself executes (runtime/control_flow.cc, runtime/variables.cc): those that run other
// graphs, and variables. Their operands and results keep their types when a model is quantized.
#include "ops/op_def.h"

namespace litequant {
namespace {

constexpr OpDef row_of(OpCode code) {
  return {.code = code, .types = kAllTypes, .is_pure = false, .runs_in_session = true, .version = version_one};
}

}  // namespace

extern const OpDef kIf, kWhile, kCall, kCallOnce, kStablehloComposite, kVarHandle, kReadVariable, kAssignVariable;
const OpDef kIf = row_of(OpCode::if_);
const OpDef kWhile = row_of(OpCode::while_);
const OpDef kCall = row_of(OpCode::call);
const OpDef kCallOnce = row_of(OpCode::call_once);
const OpDef kStablehloComposite = row_of(OpCode::stablehlo_composite);
const OpDef kVarHandle = row_of(OpCode::var_handle);
const OpDef kReadVariable = row_of(OpCode::read_variable);
const OpDef kAssignVariable = row_of(OpCode::assign_variable);

}  // namespace litequant
