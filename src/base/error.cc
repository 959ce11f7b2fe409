#include "base/error.h"

#include <utility>

namespace litequant {

std::string_view error_code_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::bad_file: return "BAD_FILE";
    case ErrorCode::bad_model: return "BAD_MODEL";
    case ErrorCode::too_large: return "TOO_LARGE";
    case ErrorCode::unsupported_operator: return "UNSUPPORTED_OPERATOR";
    case ErrorCode::unsupported_type: return "UNSUPPORTED_TYPE";
    case ErrorCode::bad_argument: return "BAD_ARGUMENT";
    case ErrorCode::shape_mismatch: return "SHAPE_MISMATCH";
    case ErrorCode::bad_sample: return "BAD_SAMPLE";
    case ErrorCode::empty_dataset: return "EMPTY_DATASET";
    case ErrorCode::nonfinite_weight: return "NONFINITE_WEIGHT";
    case ErrorCode::nonfinite_activation: return "NONFINITE_ACTIVATION";
    case ErrorCode::refused: return "REFUSED";
    case ErrorCode::out_of_memory: return "OUT_OF_MEMORY";
    case ErrorCode::internal: return "INTERNAL";
  }
  return "INTERNAL";
}

std::string place_text(const Place& place) {
  std::string out;
  if (place.graph >= 0) out = text("subgraph ", place.graph);
  const auto separate = [&] {
    if (!out.empty()) out += ", ";
  };
  if (place.is_tensor) {
    separate();
    out += text("tensor ", quoted(place.name));
  } else if (place.node >= 0) {
    separate();
    out += text("node ", place.node);
    if (!place.operator_name.empty()) out += text(" ", place.operator_name);
    if (!place.name.empty()) out += text(" ", quoted(place.name));
  }
  return out;
}

Error::Error(ErrorCode code, std::string detail, Place place, std::string hint)
    : code_(code), place_(std::move(place)), hint_(std::move(hint)) {
  message_ = place_text(place_);
  if (!message_.empty()) message_ += ": ";
  message_ += detail;
}

void fail(ErrorCode code, TextParts detail) { fail(code, detail, {}); }

void fail(ErrorCode code, TextParts detail, const Place& place, TextParts hint) {
  throw Error(code, join_text(detail), place, join_text(hint));
}

}  // namespace litequant
