// Errors: thrown in set-up code only (load, plan, quantize), never by kernels; caught once at the language border.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "base/text.h"

namespace litequant {

// Stable codes, part of the public interface. `error_code_name` gives the spelling users see.
enum class ErrorCode : uint8_t {
  bad_file,              // the bytes are not a model file (what they are instead is said)
  bad_model,             // a model file whose contents contradict themselves
  too_large,             // beyond what the format or this build can hold
  unsupported_operator,  // an operator that is kept but cannot be run or quantized as asked
  unsupported_type,      // an element type that this operator does not run in
  bad_argument,          // the caller's option, name or index is not valid
  shape_mismatch,        // an array's shape or type is not what the tensor needs
  bad_sample,            // a sample holds NaN or infinity, or cannot be read
  empty_dataset,         // no sample where at least one is needed
  nonfinite_weight,      // a constant holds NaN or infinity
  nonfinite_activation,  // the float model itself produces NaN or infinity
  refused,               // the mode's promise cannot be kept for this model
  out_of_memory,
  internal,              // a fault of ours
};

// "BAD_MODEL" and so on.
std::string_view error_code_name(ErrorCode code);

// Where in a model; -1 and empty are "not applicable".
struct Place {
  int32_t graph = -1;
  int32_t node = -1;
  std::string operator_name = {};  // "CONV_2D"
  std::string name = {};           // of the node's first output or of the tensor
  bool is_tensor = false;     // `name` is a tensor's, `node` does not apply
};

class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string detail, Place place = {}, std::string hint = {});

  const char* what() const noexcept override { return message_.c_str(); }  // place and detail
  const std::string& message() const { return message_; }
  ErrorCode code() const { return code_; }
  const Place& place() const { return place_; }
  const std::string& hint() const { return hint_; }  // what the user can do, or empty

 private:
  ErrorCode code_;
  Place place_;
  std::string hint_;
  std::string message_;
};

// "subgraph 0, node 12 CONV_2D 'block1/conv'" or "subgraph 0, tensor 'x'".
std::string place_text(const Place& place);

[[noreturn]] void fail(ErrorCode code, TextParts detail);
[[noreturn]] void fail(ErrorCode code, TextParts detail, const Place& place, TextParts hint = {});

}  // namespace litequant
