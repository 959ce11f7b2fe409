#include "base/json.h"
#include "compare/comparison.h"

namespace litequant {
namespace {

void write_error(JsonWriter& json, const ErrorSums& error) {
  json.field("sqnr", error.sqnr())  // null: nothing differs
      .field("identical", error.noise == 0)
      .field("maxError", error.max_error)
      .field("rmse", error.rmse())
      .field("elements", error.count);
}

}  // namespace

std::string Report::json() const {
  const auto share = [](int64_t part, int64_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  JsonWriter writer;
  writer.begin_object().field("samples", samples).key("outputs").begin_array();
  for (const OutputReport& output : outputs) {
    writer.begin_object().field("name", output.name);
    write_error(writer, output.error);
    writer.key("agreement");
    if (output.rows > 0) {
      writer.value(share(output.agreeing_rows, output.rows));
    } else {
      writer.null();
    }
    writer.end_object();
  }
  writer.end_array().key("accuracy");
  if (accuracy.labelled > 0) {
    const auto write_model = [&](const char* name, int64_t top1, int64_t top5) {
      writer.key(name).begin_object().field("top1", share(top1, accuracy.labelled));
      writer.field("top5", share(top5, accuracy.labelled)).end_object();
    };
    writer.begin_object().field("labelled", accuracy.labelled);
    write_model("reference", accuracy.reference_top1, accuracy.reference_top5);
    write_model("candidate", accuracy.candidate_top1, accuracy.candidate_top5);
    writer.end_object();
  } else {
    writer.null();
  }
  writer.key("tensors").begin_array();
  for (const TensorReport& tensor : tensors) {
    writer.begin_object()
        .field("name", tensor.name)
        .field("operator", tensor.operator_name)
        .field("node", tensor.node)
        .field("type", data_type_name(tensor.type))
        .field("scale", tensor.scale)
        .field("rmsePerScale", tensor.rmse_per_scale());
    write_error(writer, tensor.error);
    writer.end_object();
  }
  writer.end_array().end_object();
  return writer.text();
}

}  // namespace litequant
