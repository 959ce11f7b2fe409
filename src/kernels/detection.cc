#include "kernels/detection.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "kernels/math.h"

namespace litequant {
namespace {

// Integers in the order of the scores, so that NaN has a place too.
int32_t key_of(float score) {
  const auto bits = std::bit_cast<int32_t>(score + 0.0f);
  return bits >= 0 ? bits : -(bits & 0x7fffffff);
}

// Highest first, the first of equals first.
struct Decreasing {
  const float* scores;
  int64_t stride = 1;
  bool operator()(int32_t a, int32_t b) const {
    const int32_t key_a = key_of(scores[a * stride]), key_b = key_of(scores[b * stride]);
    return key_a != key_b ? key_a > key_b : a < b;
  }
};

float area_of(const CornerBox& box) { return (box.ymax - box.ymin) * (box.xmax - box.xmin); }

// Intersection over union; 0 for boxes without area.
float overlap(const CornerBox& a, const CornerBox& b) {
  const float area_a = area_of(a), area_b = area_of(b);
  if (area_a <= 0 || area_b <= 0) return 0;
  const float height = std::max(std::min(a.ymax, b.ymax) - std::max(a.ymin, b.ymin), 0.0f);
  const float width = std::max(std::min(a.xmax, b.xmax) - std::max(a.xmin, b.xmin), 0.0f);
  const float intersection = height * width;
  return intersection / (area_a + area_b - intersection);
}

// Suppression on memory.class_scores; the number of boxes in memory.selected.
int64_t select_boxes(const DetectionSettings& settings, int64_t most, const DetectionMemory& memory) {
  int64_t candidates = 0;
  for (int64_t i = 0; i < settings.boxes; ++i) {
    if (memory.class_scores[i] >= settings.score_threshold) memory.order[candidates++] = static_cast<int32_t>(i);
  }
  std::sort(memory.order, memory.order + candidates, Decreasing{memory.class_scores});
  std::fill_n(memory.is_active, candidates, uint8_t{1});
  int64_t selected = 0;
  for (int64_t i = 0; i < candidates && selected < most; ++i) {
    if (memory.is_active[i] == 0) continue;
    memory.selected[selected++] = memory.order[i];
    const CornerBox& box = memory.boxes[memory.order[i]];
    for (int64_t j = i + 1; j < candidates; ++j) {
      if (memory.is_active[j] != 0 && overlap(box, memory.boxes[memory.order[j]]) > settings.overlap_threshold) {
        memory.is_active[j] = 0;
      }
    }
  }
  return selected;
}

void detect_by_class(const DetectionSettings& settings, const float* scores, const DetectionMemory& memory,
                     const DetectionResult& result) {
  const auto is_better = [](const ScoredBox& a, const ScoredBox& b) { return key_of(a.score) > key_of(b.score); };
  const int64_t per_class = std::min({settings.per_class, settings.most, settings.boxes});
  int64_t found = 0;
  for (int64_t column = settings.background(); column < settings.columns; ++column) {
    for (int64_t i = 0; i < settings.boxes; ++i) memory.class_scores[i] = scores[i * settings.columns + column];
    const int64_t selected = select_boxes(settings, per_class, memory);
    for (int64_t i = 0; i < selected; ++i) {
      const int64_t box = memory.selected[i];
      memory.best[found + i] = {static_cast<int32_t>(box * settings.columns + column), memory.class_scores[box]};
    }
    const int64_t total = found + selected;
    std::merge(memory.best, memory.best + found, memory.best + found, memory.best + total, memory.merged, is_better);
    found = std::min(total, settings.most);
    std::copy_n(memory.merged, found, memory.best);
  }
  for (int64_t i = 0; i < found; ++i) {
    const ScoredBox& best = memory.best[i];
    result.boxes[i] = memory.boxes[best.place / settings.columns];
    result.classes[i] = static_cast<float>(best.place % settings.columns - settings.background());
    result.scores[i] = best.score;
  }
  *result.count = static_cast<float>(found);
}

void detect_by_best_class(const DetectionSettings& settings, const float* scores, const DetectionMemory& memory,
                          const DetectionResult& result) {
  const int64_t reported = std::min(settings.classes_per_detection, settings.classes);
  const auto scores_of = [&](int64_t box) { return scores + box * settings.columns + settings.background(); };
  for (int64_t i = 0; i < settings.boxes; ++i) {
    const float* all = scores_of(i);
    memory.class_scores[i] = *std::max_element(all, all + settings.classes);
  }
  const int64_t selected = select_boxes(settings, settings.most, memory);
  for (int64_t i = 0; i < selected; ++i) {
    const int32_t box = memory.selected[i];
    const float* all = scores_of(box);
    std::iota(memory.classes, memory.classes + settings.classes, 0);
    std::partial_sort(memory.classes, memory.classes + reported, memory.classes + settings.classes, Decreasing{all});
    for (int64_t k = 0; k < reported; ++k) {
      const int64_t place = i * settings.classes_per_detection + k;
      result.boxes[place] = memory.boxes[box];
      result.classes[place] = static_cast<float>(memory.classes[k]);
      result.scores[place] = all[memory.classes[k]];
    }
  }
  *result.count = static_cast<float>(selected);
}

}  // namespace

CornerBox decode_box(const CenterBox& encoded, const CenterBox& anchor, const CenterBox& scale) {
  const auto center = [](double place, double by, double size, double from) {
    return static_cast<float>(place / by * size + from);
  };
  const auto half = [](double size, double by, double anchor_size) {
    return static_cast<float>(0.5 * math::exp(size / by) * anchor_size);
  };
  const float y = center(encoded.y, scale.y, anchor.height, anchor.y);
  const float x = center(encoded.x, scale.x, anchor.width, anchor.x);
  const float half_height = half(encoded.height, scale.height, anchor.height);
  const float half_width = half(encoded.width, scale.width, anchor.width);
  return {y - half_height, x - half_width, y + half_height, x + half_width};
}

void detect(const DetectionSettings& settings, const float* scores, const DetectionMemory& memory,
            const DetectionResult& result) {
  std::fill_n(result.boxes, settings.written(), CornerBox{});
  std::fill_n(result.classes, settings.written(), 0.0f);
  std::fill_n(result.scores, settings.written(), 0.0f);
  if (settings.is_regular) {
    detect_by_class(settings, scores, memory, result);
  } else {
    detect_by_best_class(settings, scores, memory, result);
  }
}

}  // namespace litequant
