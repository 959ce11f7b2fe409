#include "fuzz/fuzz_case.h"

#include <cstring>
#include <ctime>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "format/load.h"
#include "format/save.h"
#include "fuzz/allocations.h"
#include "fuzz/mutate.h"
#include "model/strings.h"
#include "quantize/calibrate.h"
#include "quantize/quantize.h"
#include "runtime/session.h"

#if defined(__EMSCRIPTEN__)
#include <emscripten/em_asm.h>
#endif

namespace litequant::test {
namespace {

// What a case may take; files are at most a few hundred kilobytes.
constexpr int64_t kMemoryLimit = int64_t{32} << 20;
constexpr int64_t kMostBytes = 8 * kMemoryLimit;
constexpr double kOperationLimit = 2e7;
#if defined(__SANITIZE_ADDRESS__)
#define LITEQUANT_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LITEQUANT_SANITIZED
#endif
#endif
#ifdef LITEQUANT_SANITIZED
constexpr double kMostSeconds = 20;  // the same work takes about ten times as long
#else
constexpr double kMostSeconds = 2;
#endif

// What the process has taken, whatever else runs beside it.
double cpu_seconds() {
#if defined(__EMSCRIPTEN__)
  return EM_ASM_DOUBLE({ // std::clock() is the clock on the wall there
    const usage = process.cpuUsage();
    return (usage.user + usage.system) / 1e6;
  });
#else
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
#endif
}

PlanOptions limited(PlanOptions options) {
  options.memory_limit = kMemoryLimit;
  options.operation_limit = kOperationLimit;
  return options;
}

void fill_inputs(Session& session, Random& random) {
  const Graph& graph = session.plan().graph();
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const std::span<std::byte> bytes = session.input(i);
    const DataType type = session.plan().slot(graph.inputs[i]).type;
    if (type == DataType::float32) {
      for (size_t at = 0; at + 4 <= bytes.size(); at += 4) {
        const float value = random.between(-1, 1);
        std::memcpy(bytes.data() + at, &value, sizeof value);
      }
    } else if (type == DataType::int32 || type == DataType::int64) {
      std::memset(bytes.data(), 0, bytes.size());
      const size_t width = type == DataType::int32 ? 4 : 8;
      for (size_t at = 0; at + width <= bytes.size(); at += width) bytes[at] = static_cast<std::byte>(random.below(3));
    } else if (type == DataType::boolean) {
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.below(2));
    } else if (type == DataType::string && random.percent(70)) {  // else numbers that were never given
      std::vector<std::string_view> strings(bytes.size() / sizeof(StringNumber));
      for (std::string_view& one : strings) one = random.pick<std::string_view>({"", "a", "ab", "word"});
      session.set_strings(i, stored_strings(strings));
    } else {
      for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.next());
    }
  }
}

void read_strings(const Session& session) {
  for (const int32_t output : session.plan().graph().outputs) {
    if (session.slot(output).type == DataType::string) session.strings(output);
  }
}

Recipe any_recipe(Random& random) {
  Recipe recipe;
  recipe.mode = random.pick(
      {Mode::int8, Mode::int8, Mode::int8_only, Mode::dynamic, Mode::float16, Mode::int16x8, Mode::int16x8_only});
  recipe.dynamic_minimum_elements = random.pick<int64_t>({0, 16, 1024});
  if (random.percent(20)) recipe.weights = WeightGranularity::per_tensor;
  if (random.percent(10)) recipe.keep_float = {{0, static_cast<int32_t>(random.below(3))}};
  if (random.percent(10)) recipe.keep_int16 = {{0, static_cast<int32_t>(random.below(3))}};
  recipe.symmetric_activations = random.percent(10);
  if (random.percent(15)) {
    recipe.io = is_int16(recipe.mode) ? random.pick({DataType::int16, DataType::float32})
                                      : random.pick({DataType::int8, DataType::uint8, DataType::float32});
  }
  return recipe;
}

Statistics calibrated(const std::shared_ptr<const Model>& model, Random& random) {
  Statistics statistics(*model);
  std::vector<bool> is_entry(model->graphs.size(), false);
  is_entry[0] = true;
  for (const Signature& signature : model->signatures) is_entry[signature.graph] = true;
  for (size_t graph = 0; graph < is_entry.size(); ++graph) {
    if (!is_entry[graph]) continue;
    Session session(Plan::make(model, static_cast<int32_t>(graph), {}, limited(calibration_plan_options())));
    for (int64_t sample = 0; sample < 2; ++sample) {
      fill_inputs(session, random);
      calibrate_sample(session, statistics, sample);
    }
  }
  return statistics;
}

bool has_control_character(const std::string& message) {
  for (const char c : message) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return true;
  }
  return false;
}

// What is wrong with an error, or nothing.
std::string fault_of(const Error& error) {
  if (error.code() == ErrorCode::internal) return "an error of our own making";
  if (error.message().empty()) return "an error without a message";
  // A refusal names every operator that would stay in float.
  if (error.message().size() >= 300 && error.code() != ErrorCode::refused) return "a message of more than 300 bytes";
  if (has_control_character(error.message()) || has_control_character(error.hint())) {
    return "a message with control characters";
  }
  if (place_text(error.place()).empty()) {
    for (const std::string_view part : {"buffer", "subgraph", "signature", "metadata", "operator", "version", "file",
                                        "mode", "memory", "parts", "input", "archive"}) {
      if (error.message().find(part) != std::string::npos) return "";
    }
    return "an error that names no place";
  }
  return "";
}

}  // namespace

FuzzCase::FuzzCase(const std::vector<Seed>& seeds, uint64_t seed, uint64_t number) : seed_(seed), number_(number) {
  Random random(seed, number);
  // Large seeds take long and show little more.
  const Seed* chosen = nullptr;
  do {
    chosen = &seeds[random.below(seeds.size())];
  } while (chosen->file.size() > 16384 && !random.percent(chosen->file.size() > 131072 ? 3 : 15));
  name_ = chosen->name;
  damage(*chosen, random);
}

void FuzzCase::damage(const Seed& seed, Random& random) {
  file_ = seed.file;
  const auto note = [&](const std::string& change) {
    if (change.empty()) return;
    if (!changes_.empty()) changes_ += ", ";
    changes_ += change;
  };
  const bool damages_bytes = !seed.model || random.percent(15);
  if (seed.model && (!damages_bytes || random.percent(10))) {
    // Some edits cannot be written down (a number too wide for its field): others are tried.
    for (int attempt = 0; attempt < 8 && changes_.empty(); ++attempt) {
      Model model = *seed.model;
      std::string change;
      for (size_t edits = random.percent(80) ? 1 : 2; edits > 0; --edits) {
        const size_t kind = random.below(100);
        const std::string made = kind < 50   ? change_values(model, random)
                                 : kind < 63 ? change_scalar(model, random)
                                 : kind < 70 ? change_list(model, random)
                                 : kind < 74 ? change_buffer(model, random)
                                 : kind < 84 ? change_graph(model, random)
                                 : kind < 96 ? change_quantization(model, random)
                                             : change_node_twice(model, random);
        if (!made.empty()) change += (change.empty() ? "" : ", ") + made;
      }
      if (change.empty()) continue;
      try {
        file_ = save_model(model);
        note(change);
      } catch (const Error&) {
      }
    }
  }
  if (damages_bytes) note(damage_file(file_, random));
}

std::string FuzzCase::description() const {
  return text("case ", number_, " of seed ", seed_, ": ", name_, ": ", changes_);
}

Outcome FuzzCase::run() const {
  Outcome outcome;
  const int64_t live_before = live_bytes();
  const double start = cpu_seconds();
  reset_peak();
  {
    AllocationQuota quota(kMostBytes);
    std::string stage = "load";
    try {
      Random random(seed_ + 1, number_);
      const Recipe recipe = any_recipe(random);
      const auto model = load_model(file_);
      outcome.loaded = true;
      std::optional<Statistics> statistics;
      stage = "calibrate";
      if (needs_statistics(recipe.mode)) statistics = calibrated(model, random);
      stage = "quantize";
      const Model quantized = quantize(*model, recipe, statistics ? &*statistics : nullptr, nullptr, limited({}));
      outcome.quantized = true;
      stage = "save";
      const auto saved = save_model(quantized);
      stage = "load again";
      const auto again = load_model(saved);
      stage = "run";
      Session floats(Plan::make(model, 0, {}, limited({})));
      fill_inputs(floats, random);
      floats.run();
      read_strings(floats);
      stage = "run the quantized model";
      Session integers(Plan::make(again, 0, {}, limited({})));
      fill_inputs(integers, random);
      integers.run();
      read_strings(integers);
      outcome.ran = true;
    } catch (const Error& error) {
      outcome.error = text(error_code_name(error.code()), " ", error.place().operator_name);
      outcome.message = error.message();
      outcome.failure = fault_of(error);
      const bool is_limit = error.code() == ErrorCode::too_large || error.code() == ErrorCode::out_of_memory;
      if (outcome.failure.empty() && (stage == "save" || stage == "load again")) {
        outcome.failure = "what was quantized cannot be saved and loaded";
      }
      if (outcome.failure.empty() && stage == "run the quantized model" && !is_limit) {
        outcome.failure = "the quantized model cannot be run, the float model can";
      }
      if (!outcome.failure.empty()) outcome.failure += text(" (", stage, "): ", outcome.error, ": ", error.message());
    } catch (const std::bad_alloc&) {
      outcome.failure = text("out of memory (", stage, ")", quota.was_hit() ? ": the stated bound was passed" : "");
    } catch (const std::exception& error) {
      outcome.failure = text("an exception of another kind (", stage, "): ", error.what());
    }
  }
  outcome.peak_bytes = peak_bytes() - live_before;
  const double seconds = cpu_seconds() - start;
  if (seconds > kMostSeconds && outcome.failure.empty()) outcome.failure = text("took ", seconds, " s");
  return outcome;
}

std::vector<std::byte> quantized_file(const Model& model) {
  Random random(0, 0);
  const auto shared = std::make_shared<const Model>(model);
  const Statistics statistics = calibrated(shared, random);
  Recipe recipe;
  recipe.mode = Mode::int8;
  return save_model(quantize(model, recipe, &statistics));
}

}  // namespace litequant::test
