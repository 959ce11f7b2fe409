// TFLite_Detection_PostProcess: box encodings [1, boxes, 4 or more], scores [1, boxes, classes], anchors [boxes, 4];
// results: boxes [1, n, 4] as corners, classes [1, n], scores [1, n], their number [1].
#include <algorithm>
#include <cmath>

#include "format/custom_options.h"
#include "kernels/detection.h"
#include "ops/dense_layer.h"
#include "ops/movement.h"
#include "ops/quantized_operand.h"

namespace litequant {
namespace {

constexpr size_t kBoxes = 0, kScores = 1, kAnchors = 2;
constexpr int64_t kMostDetections = int64_t{1} << 24;

DetectionSettings settings_of(const NodeView& node) {
  node.require_rank(node.input(kBoxes), "the box encodings", 3, 3);
  node.require_rank(node.input(kScores), "the scores", 3, 3);
  node.require_rank(node.input(kAnchors), "the anchors", 2, 2);
  const Shape& boxes = node.input(kBoxes).shape;
  const Shape& scores = node.input(kScores).shape;
  const Shape& anchors = node.input(kAnchors).shape;
  node.require(boxes[0] == 1 && boxes[2] >= 4, "the box encodings must be [1, n, 4], found ", shape_text(boxes));
  node.require(scores[0] == 1 && scores[1] == boxes[1], "the scores ", shape_text(scores), " are not for ", boxes[1],
               " boxes");
  node.require(anchors[0] == boxes[1] && anchors[1] == 4, "the anchors ", shape_text(anchors), " are not for ",
               boxes[1], " boxes");

  const Options options = read_flexible_options(node.node().custom_options.bytes());
  const auto real = [&](const char* name) {
    return options.real(name, static_cast<float>(options.integer(name)));  // some writers store whole numbers as such
  };
  const auto count = [&](const char* name, int64_t absent) {
    const int64_t value = options.integer(name, absent);
    node.require(value >= 1 && value <= kMostDetections, "its option ", name, " must be 1 to ", kMostDetections,
                 ", found ", value);
    return value;
  };
  DetectionSettings settings{.boxes = boxes[1],
                             .columns = scores[2],
                             .classes = count("num_classes", 0),
                             .most = count("max_detections", 0),
                             .classes_per_detection = count("max_classes_per_detection", 0),
                             .per_class = count("detections_per_class", 100),
                             .is_regular = options.flag("use_regular_nms"),
                             .score_threshold = real("nms_score_threshold"),
                             .overlap_threshold = real("nms_iou_threshold"),
                             .scale = {real("y_scale"), real("x_scale"), real("h_scale"), real("w_scale")}};
  node.require(settings.background() == 0 || settings.background() == 1, "has ", settings.columns,
               " scores for each box, needs one for each of ", settings.classes,
               " classes and one for the background at most");
  node.require(settings.overlap_threshold > 0 && settings.overlap_threshold <= 1,
               "its nms_iou_threshold must be above 0 and at most 1, found ", settings.overlap_threshold);
  for (const float scale : {settings.scale.y, settings.scale.x, settings.scale.height, settings.scale.width}) {
    node.require(std::isfinite(scale) && scale != 0, "a scale of its boxes is 0 or not finite");
  }
  return settings;
}

std::vector<Shape> infer(const NodeView& node) {
  const DetectionSettings settings = settings_of(node);
  const int32_t count = checked_dim(node, settings.most * settings.classes_per_detection);
  const Shape boxes{1, count, 4};
  checked_count(node, boxes);
  return {boxes, Shape{1, count}, Shape{1, count}, Shape{1}};
}

// An operand of real numbers, stored as they are or as UINT8.
struct RealOperand {
  bool is_stored = false;
  Affine affine;

  float at(const std::byte* bytes, int64_t i) const {
    if (!is_stored) return reinterpret_cast<const float*>(bytes)[i];
    const float steps = static_cast<float>(static_cast<uint8_t>(bytes[i])) - static_cast<float>(affine.zero_point);
    return steps * affine.scale;
  }
};

RealOperand real_operand(const NodeView& node, size_t i, std::string_view what) {
  const Operand& operand = node.input(i);
  if (operand.type == DataType::float32) return {};
  if (operand.type != DataType::uint8) node.fail_type();
  return {.is_stored = true, .affine = affine_of(node, operand, what)};
}

Step compile(const NodeView& node, const CompileOptions&) {
  const DetectionSettings settings = settings_of(node);
  for (size_t i = 0; i < node.output_count(); ++i) {
    node.require_type(node.output(i), text("result ", i), DataType::float32);
  }
  const RealOperand boxes = real_operand(node, kBoxes, "the box encodings");
  const RealOperand scores = real_operand(node, kScores, "the scores");
  const RealOperand anchors = real_operand(node, kAnchors, "the anchors");
  if (boxes.is_stored != anchors.is_stored) node.fail_type();

  ScratchLayout layout(node);
  const size_t at_boxes = layout.add(settings.boxes, sizeof(CornerBox));
  const size_t at_scores = layout.add(scores.is_stored ? settings.boxes * settings.columns : 0, sizeof(float));
  const size_t at_class_scores = layout.add(settings.boxes, sizeof(float));
  const size_t at_order = layout.add(settings.boxes, sizeof(int32_t));
  const size_t at_active = layout.add(settings.boxes, sizeof(uint8_t));
  const size_t at_selected = layout.add(std::min(settings.boxes, settings.most), sizeof(int32_t));
  const size_t at_classes = layout.add(settings.classes, sizeof(int32_t));
  const size_t at_best = layout.add(settings.most + std::min(settings.per_class, settings.boxes), sizeof(ScoredBox));
  const size_t at_merged = layout.add(settings.most + std::min(settings.per_class, settings.boxes), sizeof(ScoredBox));
  const int64_t stride = node.input(kBoxes).shape[2];

  const auto run = [=](const Frame& frame) {
    const auto part = [&]<typename T>(size_t offset, T*) { return reinterpret_cast<T*>(frame.scratch_bytes + offset); };
    const DetectionMemory memory{.boxes = part(at_boxes, static_cast<CornerBox*>(nullptr)),
                                 .class_scores = part(at_class_scores, static_cast<float*>(nullptr)),
                                 .order = part(at_order, static_cast<int32_t*>(nullptr)),
                                 .is_active = part(at_active, static_cast<uint8_t*>(nullptr)),
                                 .selected = part(at_selected, static_cast<int32_t*>(nullptr)),
                                 .classes = part(at_classes, static_cast<int32_t*>(nullptr)),
                                 .best = part(at_best, static_cast<ScoredBox*>(nullptr)),
                                 .merged = part(at_merged, static_cast<ScoredBox*>(nullptr))};
    const auto center_at = [](const RealOperand& operand, const std::byte* bytes, int64_t first) {
      return CenterBox{operand.at(bytes, first), operand.at(bytes, first + 1), operand.at(bytes, first + 2),
                       operand.at(bytes, first + 3)};
    };
    for (int64_t i = 0; i < settings.boxes; ++i) {
      memory.boxes[i] = decode_box(center_at(boxes, frame.inputs[kBoxes], i * stride),
                                   center_at(anchors, frame.inputs[kAnchors], i * 4), settings.scale);
    }
    const auto* real_scores = frame.in<float>(kScores);
    if (scores.is_stored) {
      float* reals = part(at_scores, static_cast<float*>(nullptr));
      for (int64_t i = 0; i < settings.boxes * settings.columns; ++i) reals[i] = scores.at(frame.inputs[kScores], i);
      real_scores = reals;
    }
    detect(settings, real_scores, memory,
           {.boxes = frame.out<CornerBox>(0),
            .classes = frame.out<float>(1),
            .scores = frame.out<float>(2),
            .count = frame.out<float>(3)});
  };
  return {.run = run, .scratch_bytes = layout.total()};
}

// Each detection is held against every other candidate.
double operations(const NodeView& node) {
  const DetectionSettings settings = settings_of(node);
  const auto boxes = static_cast<double>(settings.boxes), most = static_cast<double>(settings.most);
  return std::min(boxes, most) * boxes * (settings.is_regular ? static_cast<double>(settings.classes) : 1.0);
}

}  // namespace

extern const OpDef kDetectionPostProcess;
const OpDef kDetectionPostProcess = {
    .code = OpCode::custom,
    .custom_code = "TFLite_Detection_PostProcess",
    .types = types(DataType::float32, DataType::uint8),
    .infer = infer,
    .compile = compile,
    .quant = {.roles = {Role::data, Role::data, Role::data}, .output = OutputRule::free},
    .version = version_one,
    .operations = operations};

}  // namespace litequant
