// Every golden vector of every operator in the list, with the reference and with the optimized kernels.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/half.h"
#include "format/load.h"
#include "runtime/session.h"
#include "support/byte_dot.h"
#include "support/files.h"
#include "support/vector_case.h"

namespace litequant {
namespace {

using test::VectorCase;
using test::VectorTensor;

// Cases that are not asked of us, each with its reason.
const std::map<std::string, std::string> kExcused = {};

double element(std::span<const std::byte> bytes, DataType type, size_t i) {
  const auto at = [&]<typename T>(T) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    return static_cast<double>(value);
  };
  switch (type) {
    case DataType::float32: return at(float{});
    case DataType::int8: return at(int8_t{});
    case DataType::uint8: return at(uint8_t{});
    case DataType::boolean: return at(uint8_t{});
    case DataType::int16: return at(int16_t{});
    case DataType::int32: return at(int32_t{});
    case DataType::int64: return at(int64_t{});
    case DataType::uint16: return at(uint16_t{});
    case DataType::uint32: return at(uint32_t{});
    case DataType::uint64: return at(uint64_t{});
    case DataType::float64: return at(double{});
    case DataType::float16: return half_to_float(static_cast<uint16_t>(at(uint16_t{})));
    default: ADD_FAILURE() << "cannot read " << data_type_name(type); return 0;
  }
}

// A complex number counts as two real ones; what is only moved is compared as it lies there.
DataType type_of_parts(DataType type) {
  switch (type) {
    case DataType::complex64: return DataType::float32;
    case DataType::complex128: return DataType::float64;
    case DataType::bfloat16: return DataType::uint16;
    case DataType::int4:
    case DataType::uint4:
    case DataType::string: return DataType::uint8;
    default: return type;
  }
}

// The first difference, or nothing.
std::string difference(const VectorCase& vector, const VectorTensor& want, std::span<const std::byte> got) {
  if (got.size() != want.data.size()) return text("has ", got.size(), " bytes, needs ", want.data.size());
  const DataType type = type_of_parts(want.type);
  const size_t count = want.data.size() / bytes_per_element(type);
  double largest = 0;
  for (size_t i = 0; i < count && vector.share_of_largest > 0; ++i) {
    const double magnitude = std::abs(element(want.data, type, i));
    if (std::isfinite(magnitude)) largest = std::max(largest, magnitude);
  }
  size_t wrong = 0;
  std::string first;
  for (size_t i = 0; i < count; ++i) {
    const double wanted = element(want.data, type, i);
    const double found = element(got, type, i);
    const double allowed =
        vector.exact ? 0 : vector.absolute + vector.relative * std::abs(wanted) + vector.share_of_largest * largest;
    if (std::abs(found - wanted) <= allowed || (std::isnan(found) && std::isnan(wanted)) || found == wanted) continue;
    if (wrong++ == 0) first = text("element ", i, ": ", found, ", needs ", wanted);
  }
  return wrong == 0 ? "" : text(wrong, " of ", count, " differ; ", first);
}

std::shared_ptr<const Plan> plan_for(const test::VectorSet& set, const std::shared_ptr<const Model>& model,
                                     KernelSet kernels) {
  std::vector<Shape> shapes;
  for (const VectorTensor& input : set.inputs) shapes.push_back(input.shape);
  return Plan::make(model, 0, shapes, {.kernels = kernels, .reproducible = false, .keep_all_tensors = false});
}

// Runs one set; returns what is wrong.
std::string run_set(const VectorCase& vector, const test::VectorSet& set, const Model& model, Session& session) {
  for (size_t i = 0; i < set.inputs.size(); ++i) {
    if (set.inputs[i].type == DataType::string) {
      session.set_strings(i, set.inputs[i].data);
      continue;
    }
    const auto target = session.input(i);
    if (target.size() != set.inputs[i].data.size()) return text("input ", i, " has another size");
    std::memcpy(target.data(), set.inputs[i].data.data(), target.size());
  }
  session.run();
  for (size_t i = 0; i < set.outputs.size(); ++i) {
    std::vector<std::byte> strings;
    if (set.outputs[i].type == DataType::string) strings = session.strings(model.graphs[0].outputs[i]);
    const std::string wrong =
        difference(vector, set.outputs[i], strings.empty() ? session.output(i) : std::span<const std::byte>(strings));
    if (!wrong.empty()) return text("output ", i, ": ", wrong);
  }
  return "";
}

class GoldenVectors : public testing::TestWithParam<KernelSet> {};

TEST_P(GoldenVectors, EveryCaseOfEveryOperatorInTheList) {
  std::map<std::string, int> passed;
  std::set<std::string> not_in_list;
  for (const std::string& id : test::vector_ids()) {
    const VectorCase vector = test::read_vector_case(id);
    const auto bytes = test::read_file(test::vector_model_path(id));
    try {
      const std::shared_ptr<const Model> model = load_model(bytes);
      if (find_op(model->graphs[0].nodes[0]) == nullptr) {
        not_in_list.insert(vector.op);
        continue;
      }
      if (kExcused.contains(id)) continue;
      bool is_right = true;
      test::for_each_byte_dot([&] {
        std::optional<Session> session;
        for (size_t i = 0; i < vector.sets.size(); ++i) {
          if (!session || !vector.is_stream) session.emplace(plan_for(vector.sets[i], model, GetParam()));
          const std::string wrong = run_set(vector, vector.sets[i], *model, *session);
          EXPECT_EQ(wrong, "") << id << " set " << i;
          is_right &= wrong.empty();
        }
      });
      if (is_right) passed[vector.op] += static_cast<int>(vector.sets.size());
    } catch (const Error& error) {
      ADD_FAILURE() << id << ": " << error.message();
    }
  }
  int total = 0;
  for (const auto& [op, count] : passed) total += count;
  std::string missing;
  for (const std::string& op : not_in_list) missing += " " + op;
  std::cout << total << " sets passed; operators with vectors that are not in the list:" << missing << "\n";
  EXPECT_GT(total, 0);
}

INSTANTIATE_TEST_SUITE_P(Kernels, GoldenVectors, testing::Values(KernelSet::reference, KernelSet::optimized),
                         [](const auto& info) {
                           return info.param == KernelSet::reference ? "reference" : "optimized";
                         });

}  // namespace
}  // namespace litequant
