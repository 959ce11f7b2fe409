// The border: every function that JavaScript can call. Arguments and results are copied, every error becomes a value,
// and nothing calls back. The TypeScript side has checked the number and types of arguments (bindings/native.ts).
#include <emscripten/bind.h>
#include <emscripten/emscripten.h>
#include <emscripten/heap.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "compare/real_values.h"
#include "data/npy.h"
#include "data/wav.h"
#include "describe.h"
#include "format/load.h"
#include "format/save.h"
#include "handles.h"
#include "quantize/dequantize.h"
#include "quantize/quantize.h"
#include "quantize/targets.h"
#include "values.h"

namespace litequant {
namespace {

using emscripten::val;

constexpr size_t kTopClasses = 5;

Handles& handles() {
  static Handles table;
  return table;
}

val with_id(int32_t id) {
  val out = val::object();
  out.set("id", id);
  return out;
}

val info() {
  return guarded([] {
    val out = val::object();
    out.set("variant", std::string(LITEQUANT_VARIANT));
    out.set("memoryBytes", static_cast<double>(emscripten_get_heap_size()));
    return out;
  });
}

void release(int32_t id) {
  guarded([&] {
    handles().release(id);
    return val::undefined();
  });
}

// ---- Model ----------------------------------------------------------------------------------------------------------

val added_model(ModelHandle model) {
  val out = val::object();
  // As bytes: a string would be looked through one by one by Embind on its way out.
  const ModelDescription description = describe_model(*model);
  out.set("description", to_uint8_array(std::as_bytes(std::span(description.json))));
  out.set("channelScales", to_uint8_array(std::as_bytes(std::span(description.channel_scales))));
  out.set("id", handles().add(std::move(model)));
  return out;
}

val load(const val& file) {
  return guarded([&] {
    const Bytes bytes = bytes_from(file);
    return added_model(load_model(bytes.data, bytes.span()));
  });
}

val save(int32_t model) {
  return guarded([&] {
    val out = val::object();
    out.set("bytes", to_uint8_array(save_model(*handles().get<ModelHandle>(model))));
    return out;
  });
}

// The stored bytes of a constant tensor.
val constant(int32_t id, int32_t graph, int32_t tensor) {
  return guarded([&] {
    const Model& model = *handles().get<ModelHandle>(id);
    const auto [g, t] = std::pair(static_cast<size_t>(graph), static_cast<size_t>(tensor));
    if (g >= model.graphs.size() || t >= model.graphs[g].tensors.size()) {
      fail(ErrorCode::bad_argument, {"the model has no tensor ", tensor, " in subgraph ", graph});
    }
    val out = val::object();
    out.set("bytes", to_uint8_array(model.constant(model.graphs[g].tensors[t])));
    return out;
  });
}

val associated_file(int32_t model, const std::string& name) {
  return guarded([&] {
    for (const AssociatedFile& file : handles().get<ModelHandle>(model)->associated_files) {
      if (file.name != name) continue;
      val out = val::object();
      out.set("bytes", to_uint8_array(file.contents.bytes()));
      out.set("isCompressed", file.method != 0);
      return out;
    }
    fail(ErrorCode::bad_argument, {"the model has no file ", quoted(name)});
  });
}

// ---- Session --------------------------------------------------------------------------------------------------------

// With `beside`, a session of the same model: its variables, and its kernels.
val make_session(int32_t model, int32_t graph, const val& shapes, bool reference_kernels, int32_t beside) {
  return guarded([&] {
    PlanOptions options;
    options.kernels = reference_kernels ? KernelSet::reference : KernelSet::optimized;
    auto session = std::make_unique<ResizableSession>(
        beside == 0 ? ResizableSession(handles().get<ModelHandle>(model), graph, options)
                    : handles().get<std::unique_ptr<ResizableSession>>(beside)->beside(graph));
    val out = val::object();
    out.set("description", describe_plan(session->with_shapes(shapes_from(shapes)).plan()));
    out.set("id", handles().add(std::move(session)));
    return out;
  });
}

val resize_session(int32_t id, const val& shapes) {
  return guarded([&] {
    auto& session = *handles().get<std::unique_ptr<ResizableSession>>(id);
    val out = val::object();
    out.set("description", describe_plan(session.with_shapes(shapes_from(shapes)).plan()));
    return out;
  });
}

void write_inputs(Session& session, const val& inputs) {
  const Graph& graph = session.plan().graph();
  for (size_t i = 0; i < graph.inputs.size(); ++i) {
    const Tensor& tensor = graph.tensors[static_cast<size_t>(graph.inputs[i])];
    if (tensor.type == DataType::string) {
      session.set_strings(i, bytes_from(inputs[i]).span());
    } else {
      copy_bytes(inputs[i], session.input(i), text("input ", quoted(tensor.name)));
    }
  }
}

val run_session(int32_t id, const val& inputs) {
  return guarded([&] {
    Session& session = handles().get<std::unique_ptr<ResizableSession>>(id)->with_shapes({});
    write_inputs(session, inputs);
    session.run();
    val outputs = val::array();
    val shapes = val::array();  // which may follow from the values
    const std::vector<int32_t>& tensors = session.plan().graph().outputs;
    for (size_t i = 0; i < tensors.size(); ++i) {
      const bool has_strings = session.slot(tensors[i]).type == DataType::string;
      outputs.set(i, has_strings ? to_uint8_array(session.strings(tensors[i])) : to_uint8_array(session.output(i)));
      shapes.set(i, val::array(session.slot(tensors[i]).shape.dims()));
    }
    val out = val::object();
    out.set("outputs", outputs);
    out.set("shapes", shapes);
    return out;
  });
}

val reset_session(int32_t id) {
  return guarded([&] {
    handles().get<std::unique_ptr<ResizableSession>>(id)->with_shapes({}).reset();
    return val::object();
  });
}

// Milliseconds of each of `count` runs on the inputs that are there.
val time_session(int32_t id, int32_t count) {
  return guarded([&] {
    Session& session = handles().get<std::unique_ptr<ResizableSession>>(id)->with_shapes({});
    val times = val::array();
    for (int32_t i = 0; i < count; ++i) {
      const double start = emscripten_get_now();
      session.run();
      times.set(i, emscripten_get_now() - start);
    }
    val out = val::object();
    out.set("times", times);
    return out;
  });
}

// Of each step the least milliseconds over `count` runs on the inputs that are there, and the multiply-adds (or other
// work, see OpDef::operations) of its operator.
val profile_session(int32_t id, int32_t count) {
  return guarded([&] {
    Session& session = handles().get<std::unique_ptr<ResizableSession>>(id)->with_shapes({});
    const Model& model = session.plan().model();
    std::map<std::pair<int32_t, int32_t>, double> least;  // by graph and node
    for (int32_t i = 0; i < count; ++i) {
      std::map<std::pair<int32_t, int32_t>, double> times;  // a node may run more than once
      double last = emscripten_get_now();
      session.run([&](const Session& running, int32_t node) {
        const double now = emscripten_get_now();
        if (node != Session::kBeginning) times[{running.plan().graph_index(), node}] += now - last;
        last = emscripten_get_now();
      });
      for (const auto& [place, time] : times) {
        const auto [known, is_new] = least.try_emplace(place, time);
        if (!is_new) known->second = std::min(known->second, time);
      }
    }
    val steps = val::array();
    for (const auto& [place, time] : least) {
      const NodeView view(model, place.first, place.second);
      const OpDef* row = find_op(view.node());
      val step = val::object();
      step.set("graph", place.first);
      step.set("node", place.second);
      step.set("operations", row == nullptr || row->operations == nullptr ? 0 : row->operations(view));
      step.set("ms", time);
      steps.call<void>("push", step);
    }
    val out = val::object();
    out.set("steps", steps);
    return out;
  });
}

// ---- Calibrate and quantize -----------------------------------------------------------------------------------------

bool has_variables(const Model& model) {
  return std::ranges::any_of(model.graphs, [](const Graph& graph) {
    return std::ranges::any_of(graph.nodes, [](const Node& node) { return node.op == OpCode::var_handle; });
  });
}

val make_calibration(int32_t model) {
  return guarded([&] {
    const ModelHandle& handle = handles().get<ModelHandle>(model);
    return with_id(
        handles().add(std::make_unique<Calibration>(Calibration{.model = calibration_model(*handle),
                                                                .statistics = Statistics(*handle),
                                                                .shares_variables = has_variables(*handle)})));
  });
}

val calibrate(int32_t id, int32_t graph, const val& inputs, const val& shapes, int32_t sample, int32_t part) {
  return guarded([&] {
    Calibration& calibration = *handles().get<std::unique_ptr<Calibration>>(id);
    const auto place = static_cast<SamplePart>(part);
    Session& session = calibration.session(graph, place).with_shapes(shapes_from(shapes));
    write_inputs(session, inputs);
    calibrate_sample(session, calibration.statistics, sample, place);
    return val::object();
  });
}

val statistics_value(const Statistics& statistics) {
  val out = val::object();
  out.set("statistics", statistics.to_json());
  out.set("samples", static_cast<double>(statistics.samples()));
  return out;
}

val calibrated(int32_t id) {
  return guarded([&] { return statistics_value(handles().get<std::unique_ptr<Calibration>>(id)->statistics); });
}

// One or more statistics of the same model, as JSON texts.
val merge_statistics(const val& texts) {
  return guarded([&] {
    Statistics merged = Statistics::from_json(texts[0].as<std::string>());
    const auto count = texts["length"].as<size_t>();
    for (size_t i = 1; i < count; ++i) merged.merge(Statistics::from_json(texts[i].as<std::string>()));
    return statistics_value(merged);
  });
}

// {graph, node, operator, reason}
void add_place(val& places, const NodeReference& node, const std::string& operator_name, const std::string& reason) {
  val place = val::object();
  place.set("graph", node.graph);
  place.set("node", node.node);
  place.set("operator", operator_name);
  place.set("reason", reason);
  places.call<void>("push", place);
}

// `statistics`: JSON, or empty for none. The model given back is the one its own file reads as.
val quantize_model(int32_t model, const val& recipe, const std::string& statistics) {
  return guarded([&] {
    std::optional<Statistics> ranges;
    if (!statistics.empty()) ranges = Statistics::from_json(statistics);
    const Model& original = *handles().get<ModelHandle>(model);
    const Recipe wanted = recipe_from(recipe, original);
    const Quantized quantized = quantize_to_file(original, wanted, ranges ? &*ranges : nullptr);
    ModelHandle made = load_model(quantized.file);
    const auto places_of = [](std::span<const NodeNote> notes) {
      val places = val::array();
      for (const auto& [node, operator_name, reason] : notes) add_place(places, node, operator_name, reason);
      return places;
    };
    val obstacles = val::array();
    for (const auto& [node, reason] : target_obstacles(*made, wanted.target)) {
      const Graph& graph = made->graphs[static_cast<size_t>(node.graph)];
      add_place(obstacles, node, litequant::operator_name(graph.nodes[static_cast<size_t>(node.node)]), reason);
    }
    val out = added_model(std::move(made));
    out.set("bytes", to_uint8_array(quantized.file));
    out.set("float", places_of(quantized.left_in_float));
    out.set("warnings", places_of(quantized.warnings));
    out.set("unsupported", obstacles);
    return out;
  });
}

// Back to floats; as quantize_model gives it.
val dequantize_model(int32_t model) {
  return guarded([&] {
    const auto file = save_model(dequantize(*handles().get<ModelHandle>(model)));
    val out = added_model(load_model(file));
    out.set("bytes", to_uint8_array(file));
    return out;
  });
}

// What quantize would do, in each mode or by one recipe.
val describe_modes_of(int32_t id) {
  return guarded([&] {
    val out = val::object();
    out.set("description", describe_modes(*handles().get<ModelHandle>(id)));
    return out;
  });
}

val describe_recipe_of(int32_t id, const val& recipe) {
  return guarded([&] {
    const Model& model = *handles().get<ModelHandle>(id);
    val out = val::object();
    out.set("description", describe_recipe(model, recipe_from(recipe, model)));
    return out;
  });
}

// ---- Compare --------------------------------------------------------------------------------------------------------

val make_comparison(int32_t reference, int32_t candidate, int32_t reference_graph, int32_t candidate_graph,
                    const val& shapes) {
  return guarded([&] {
    ComparisonOptions options;
    options.reference_graph = reference_graph;
    options.candidate_graph = candidate_graph;
    options.input_shapes = shapes_from(shapes);
    return with_id(handles().add(std::make_unique<Comparison>(handles().get<ModelHandle>(reference),
                                                              handles().get<ModelHandle>(candidate), options)));
  });
}

std::vector<float> values_of(const Session& session, int32_t tensor) {
  return real_values(session.tensor(tensor), session.slot(tensor).type,
                     session.plan().graph().tensors[static_cast<size_t>(tensor)].quantization);
}

// [[index, score], ...] by falling score, equal ones by index.
val top_classes(const std::vector<float>& scores) {
  std::vector<int32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const size_t count = std::min(kTopClasses, scores.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(),
                    [&](int32_t a, int32_t b) {
                      const float x = scores[static_cast<size_t>(a)], y = scores[static_cast<size_t>(b)];
                      return x != y ? x > y : a < b;
                    });
  val out = val::array();
  for (size_t i = 0; i < count; ++i) {
    val entry = val::object();
    entry.set("index", order[i]);
    entry.set("score", scores[static_cast<size_t>(order[i])]);
    out.set(i, entry);
  }
  return out;
}

// Classes that both models give for the first output that is one row of at least two scores; null where there is none.
val predictions(const Comparison& comparison) {
  for (size_t i = 0; i < comparison.report().outputs.size(); ++i) {
    const auto [ours, theirs] = comparison.output_tensors(i);
    const Plan::Slot& slot = comparison.reference().slot(ours);
    const bool is_row = slot.shape.rank() > 0 && slot.shape.back() >= 2 && slot.shape.count() == slot.shape.back();
    if (!is_row || !has_real_values(slot.type)) continue;
    val out = val::array();
    out.set(0, top_classes(values_of(comparison.reference(), ours)));
    out.set(1, top_classes(values_of(comparison.candidate(), theirs)));
    return out;
  }
  return val::null();
}

val compare(int32_t id, const val& inputs, int32_t label) {
  return guarded([&] {
    Comparison& comparison = *handles().get<std::unique_ptr<Comparison>>(id);
    for (size_t i = 0; i < comparison.input_count(); ++i) {
      copy_bytes(inputs[i], comparison.input(i), text("input ", i));
    }
    comparison.add(label);
    val out = val::object();
    out.set("classes", predictions(comparison));
    return out;
  });
}

val compared(int32_t id) {
  return guarded([&] {
    val out = val::object();
    out.set("report", handles().get<std::unique_ptr<Comparison>>(id)->report().json());
    return out;
  });
}

// Tensor `index` of the report for the last sample, as float32: of the first model and of the second.
val compared_tensor(int32_t id, int32_t index) {
  return guarded([&] {
    const auto values = handles().get<std::unique_ptr<Comparison>>(id)->tensor_values(static_cast<size_t>(index));
    val out = val::object();
    out.set("first", to_uint8_array(std::as_bytes(std::span(values.first))));
    out.set("second", to_uint8_array(std::as_bytes(std::span(values.second))));
    return out;
  });
}

// ---- Data -----------------------------------------------------------------------------------------------------------

std::span<const uint8_t> pixels_of(const Bytes& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data.get()), bytes.size};
}

val image_values(const val& rgba, int32_t width, int32_t height, const val& options) {
  return guarded([&] {
    const ImageRecipe recipe = image_recipe_from(options);
    const Bytes bytes = bytes_from(rgba);
    const Image picture = picture_for_model(pixels_of(bytes), width, height, recipe);
    val out = val::object();
    out.set("bytes", to_uint8_array(normalize_picture(picture, recipe)));
    return out;
  });
}

// The picture itself, as opaque RGBA.
val image_preview(const val& rgba, int32_t width, int32_t height, const val& options) {
  return guarded([&] {
    const ImageRecipe recipe = image_recipe_from(options);
    const Bytes bytes = bytes_from(rgba);
    const Image picture = picture_for_model(pixels_of(bytes), width, height, recipe);
    std::vector<std::byte> shown;
    for (size_t i = 0; i < picture.pixels.size(); i += static_cast<size_t>(picture.channels)) {
      for (size_t c = 0; c < 3; ++c) shown.push_back(std::byte{picture.pixels[i + (picture.channels == 1 ? 0 : c)]});
      shown.push_back(std::byte{picture.channels == 4 ? picture.pixels[i + 3] : uint8_t{255}});
    }
    val out = val::object();
    out.set("bytes", to_uint8_array(shown));
    return out;
  });
}

val npy_header(const val& beginning, double file_size) {
  return guarded([&] {
    const NpyHeader header = read_npy_header(bytes_from(beginning).span(), static_cast<uint64_t>(file_size));
    val shape = val::array();
    for (size_t i = 0; i < header.shape.size(); ++i) shape.set(i, static_cast<double>(header.shape[i]));
    val out = val::object();
    out.set("type", type_text(header.type));
    out.set("shape", shape);
    out.set("dataOffset", static_cast<double>(header.data_offset));
    out.set("isPlain", header.is_plain());
    return out;
  });
}

val npy_array(const val& file) {
  return guarded([&] {
    const Bytes bytes = bytes_from(file);
    val out = val::object();
    out.set("bytes", to_uint8_array(npy_values(bytes.span(), read_npy_header(bytes.span(), bytes.size))));
    return out;
  });
}

val new_npy_header(const std::string& type, const val& shape) {
  return guarded([&] {
    std::vector<int64_t> dims;
    for (const double dim : emscripten::vecFromJSArray<double>(shape)) dims.push_back(static_cast<int64_t>(dim));
    val out = val::object();
    out.set("bytes", to_uint8_array(make_npy_header(type_of_text(type), dims)));
    return out;
  });
}

val wav(const val& file) {
  return guarded([&] {
    const Sound sound = read_wav(bytes_from(file).span());
    val out = val::object();
    out.set("sampleRate", sound.sample_rate);
    out.set("channels", sound.channels);
    out.set("bytes", to_uint8_array(std::as_bytes(std::span(sound.samples))));
    return out;
  });
}

}  // namespace

EMSCRIPTEN_BINDINGS(litequant) {
  using emscripten::function;
  function("info", &info);
  function("release", &release);
  function("load", &load);
  function("save", &save);
  function("associatedFile", &associated_file);
  function("constant", &constant);
  function("makeSession", &make_session);
  function("resizeSession", &resize_session);
  function("runSession", &run_session);
  function("resetSession", &reset_session);
  function("timeSession", &time_session);
  function("profileSession", &profile_session);
  function("makeCalibration", &make_calibration);
  function("calibrate", &calibrate);
  function("calibrated", &calibrated);
  function("mergeStatistics", &merge_statistics);
  function("quantize", &quantize_model);
  function("describeModes", &describe_modes_of);
  function("describeRecipe", &describe_recipe_of);
  function("dequantize", &dequantize_model);
  function("makeComparison", &make_comparison);
  function("compare", &compare);
  function("compared", &compared);
  function("comparedTensor", &compared_tensor);
  function("imageValues", &image_values);
  function("imagePreview", &image_preview);
  function("npyHeader", &npy_header);
  function("npyArray", &npy_array);
  function("newNpyHeader", &new_npy_header);
  function("wav", &wav);
}

}  // namespace litequant
