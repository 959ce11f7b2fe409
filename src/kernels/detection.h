// Detections out of the boxes and scores of a single-shot detector: decoding against anchors, then suppression of boxes
// that overlap better ones. Source: TensorFlow Lite's TFLite_Detection_PostProcess. Nothing here allocates.
#pragma once

#include <cstddef>
#include <cstdint>

namespace litequant {

struct CornerBox {
  float ymin = 0, xmin = 0, ymax = 0, xmax = 0;
};

// A box as centre and size, relative to its anchor.
struct CenterBox {
  float y = 0, x = 0, height = 0, width = 0;
};

struct DetectionSettings {
  int64_t boxes = 0;  // candidates
  int64_t columns = 0;  // scores of each candidate, the background's first where it is there
  int64_t classes = 0;  // columns, or one less with a background
  int64_t most = 0;  // detections kept
  int64_t classes_per_detection = 1;  // fast: classes reported for each
  int64_t per_class = 0;  // regular: detections kept of one class
  bool is_regular = false;  // suppression within each class, not on the best class of each candidate
  float score_threshold = 0, overlap_threshold = 0;
  CenterBox scale;

  int64_t background() const { return columns - classes; }
  // Detections that are written, whether there are as many or not.
  int64_t written() const { return is_regular ? most : most * classes_per_detection; }
};

CornerBox decode_box(const CenterBox& encoded, const CenterBox& anchor, const CenterBox& scale);

struct ScoredBox {
  int32_t place = 0;  // box * columns + column
  float score = 0;
};

// Working memory, each part for as many elements as its comment says.
struct DetectionMemory {
  CornerBox* boxes;  // [boxes], decoded by the caller
  float* class_scores;  // [boxes]
  int32_t* order;  // [boxes]
  uint8_t* is_active;  // [boxes]
  int32_t* selected;  // [min(boxes, most)]
  int32_t* classes;  // [classes]
  ScoredBox* best;  // [most + per_class]
  ScoredBox* merged;  // [most + per_class]
};

struct DetectionResult {
  CornerBox* boxes;  // [written]
  float* classes;  // [written]
  float* scores;  // [written]
  float* count;  // [1]
};

// `scores` [boxes, columns]. What is not detected is 0.
void detect(const DetectionSettings& settings, const float* scores, const DetectionMemory& memory,
            const DetectionResult& result);

}  // namespace litequant
