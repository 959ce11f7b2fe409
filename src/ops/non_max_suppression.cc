// NON_MAX_SUPPRESSION_V4 and V5: the best boxes that do not overlap much, at most max_output_size; what remains of the
// results is zeros. V5 lowers the score of a box that overlaps a better one (sigma > 0) and gives the scores.
//
// Which box comes first among equal scores is a matter of the heap, so ours moves its elements as that of TensorFlow
// Lite's builds does (libstdc++'s). A box without area overlaps nothing, itself included, and may be chosen again and
// again: so it is there, too.
#include <algorithm>
#include <utility>

#include "kernels/math.h"
#include "ops/movement.h"

namespace litequant {
namespace {

constexpr size_t kBoxes = 0, kScores = 1, kMostBoxes = 2, kIouThreshold = 3, kScoreThreshold = 4, kSigma = 5;

struct Candidate {
  int32_t index;
  float score;
  int32_t compared;  // how many of those chosen it has been compared with
};

class Heap {
 public:
  explicit Heap(Candidate* items) : items_(items) {}

  int64_t size() const { return size_; }

  void push(const Candidate& item) { rise(size_++, item); }

  Candidate pop() {
    const Candidate top = items_[0];
    const Candidate last = items_[--size_];
    int64_t hole = 0, child = 0;
    while (child < (size_ - 1) / 2) {
      child = 2 * (child + 1);
      if (items_[child].score < items_[child - 1].score) --child;
      items_[hole] = items_[child];
      hole = child;
    }
    if (size_ % 2 == 0 && size_ > 0 && child == (size_ - 2) / 2) {
      child = 2 * child + 1;
      items_[hole] = items_[child];
      hole = child;
    }
    if (size_ > 0) rise(hole, last);
    return top;
  }

 private:
  void rise(int64_t hole, const Candidate& item) {
    while (hole > 0 && items_[(hole - 1) / 2].score < item.score) {
      items_[hole] = items_[(hole - 1) / 2];
      hole = (hole - 1) / 2;
    }
    items_[hole] = item;
  }

  Candidate* items_;
  int64_t size_ = 0;
};

// Of two boxes, each two opposite corners [y1, x1, y2, x2].
float intersection_over_union(const float* a, const float* b) {
  const float a_top = std::min(a[0], a[2]), a_bottom = std::max(a[0], a[2]);
  const float a_left = std::min(a[1], a[3]), a_right = std::max(a[1], a[3]);
  const float b_top = std::min(b[0], b[2]), b_bottom = std::max(b[0], b[2]);
  const float b_left = std::min(b[1], b[3]), b_right = std::max(b[1], b[3]);
  const float a_area = (a_bottom - a_top) * (a_right - a_left), b_area = (b_bottom - b_top) * (b_right - b_left);
  if (a_area <= 0 || b_area <= 0) return 0;
  const float intersection = std::max(std::min(a_bottom, b_bottom) - std::max(a_top, b_top), 0.0f) *
                             std::max(std::min(a_right, b_right) - std::max(a_left, b_left), 0.0f);
  const float united = a_area + b_area - intersection;
  return united == 0 ? 0 : intersection / united;
}

struct Suppression {
  int64_t boxes = 0, most = 0;
  bool has_sigma = false;
};

// `scores` may be null. Gives how many were chosen.
int32_t suppress(const Suppression& suppression, const Frame& frame, int32_t* chosen, float* scores) {
  const float* const boxes = frame.in<float>(kBoxes);
  const float iou_threshold = *frame.in<float>(kIouThreshold), score_threshold = *frame.in<float>(kScoreThreshold);
  const float sigma = suppression.has_sigma ? *frame.in<float>(kSigma) : 0;
  const float scale = sigma > 0 ? -0.5f / sigma : 0;
  Heap heap(frame.scratch<Candidate>());
  for (int64_t i = 0; i < suppression.boxes; ++i) {
    const float score = frame.in<float>(kScores)[i];
    if (score > score_threshold) heap.push({static_cast<int32_t>(i), score, 0});
  }
  const auto most = static_cast<int32_t>(std::min(heap.size(), suppression.most));
  int32_t count = 0;
  while (count < most && heap.size() > 0) {
    Candidate next = heap.pop();
    const float score = next.score;
    bool is_suppressed = false;
    for (int32_t j = count - 1; j >= next.compared && !is_suppressed; --j) {
      const float iou = intersection_over_union(boxes + int64_t{4} * next.index, boxes + int64_t{4} * chosen[j]);
      if (iou >= iou_threshold) {
        is_suppressed = true;
      } else {
        if (sigma > 0) next.score *= math::exp(scale * iou * iou);
        if (next.score <= score_threshold) break;
      }
    }
    if (is_suppressed) continue;
    next.compared = count;
    if (next.score == score) {
      if (scores != nullptr) scores[count] = next.score;
      chosen[count++] = next.index;
    }
    if (next.score > score_threshold) heap.push(next);
  }
  std::fill(chosen + count, chosen + suppression.most, 0);
  if (scores != nullptr) std::fill(scores + count, scores + suppression.most, 0.0f);
  return count;
}

template <bool kSoft>
std::vector<Shape> infer(const NodeView& node) {
  node.require_rank(node.input(kBoxes), "its boxes", 2, 2);
  node.require(node.input(kBoxes).shape[1] == 4, "its boxes must be [boxes, 4], found ",
               shape_text(node.input(kBoxes).shape));
  node.require(node.input(kScores).shape == Shape{node.input(kBoxes).shape[0]}, "its scores ",
               shape_text(node.input(kScores).shape), " must be one for each of the boxes ",
               shape_text(node.input(kBoxes).shape));
  for (size_t i = kIouThreshold; i <= (kSoft ? kSigma : kScoreThreshold); ++i) {
    node.require(node.input(i).shape.count() == 1, "input ", i, " must be one number, found ",
                 shape_text(node.input(i).shape));
  }
  node.require_type(node.input(kMostBoxes), "max_output_size", DataType::int32);
  const Shape chosen = {checked_dim(node, known_integer(node, kMostBoxes))};
  if (kSoft) return {chosen, chosen, Shape{}};
  return {chosen, Shape{}};
}

template <bool kSoft>
Step compile(const NodeView& node, const CompileOptions&) {
  for (size_t i = 0; i < node.input_count(); ++i) {
    if (i != kMostBoxes && node.has_input(i) && node.input(i).type != DataType::float32) node.fail_type();
  }
  node.require_type(node.output(0), "the chosen indices", DataType::int32);
  node.require_type(node.output(kSoft ? 2 : 1), "their number", DataType::int32);
  if (kSoft) node.require_type(node.output(1), "the chosen scores", DataType::float32);
  const Suppression suppression = {node.input(kBoxes).shape[0], node.output(0).shape[0], kSoft};
  return {.run =
              [suppression](const Frame& frame) {
                *frame.out<int32_t>(kSoft ? 2 : 1) =
                    suppress(suppression, frame, frame.out<int32_t>(0), kSoft ? frame.out<float>(1) : nullptr);
              },
          .scratch_bytes = static_cast<size_t>(suppression.boxes) * sizeof(Candidate)};
}

}  // namespace

extern const OpDef kNonMaxSuppressionV4, kNonMaxSuppressionV5;
const OpDef kNonMaxSuppressionV4 = {.code = OpCode::non_max_suppression_v4,
                                    .types = types(DataType::float32),
                                    .infer = infer<false>,
                                    .compile = compile<false>,
                                    .version = version_one};
const OpDef kNonMaxSuppressionV5 = {.code = OpCode::non_max_suppression_v5,
                                    .types = types(DataType::float32),
                                    .infer = infer<true>,
                                    .compile = compile<true>,
                                    .version = version_one};

}  // namespace litequant
