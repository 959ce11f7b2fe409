// What JavaScript holds by number. Numbers are never used twice, so a stale one is told from a live one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "compare/comparison.h"
#include "model/model.h"
#include "quantize/calibrate.h"
#include "runtime/session.h"

namespace litequant {

using ModelHandle = std::shared_ptr<const Model>;

// A session that is planned anew when input shapes change.
class ResizableSession {
 public:
  ResizableSession(ModelHandle model, int32_t graph, PlanOptions options)
      : model_(std::move(model)), graph_(graph), options_(options) {}

  // Empty shapes: those it has, or at first the file's own. After a failure it has those from before.
  Session& with_shapes(std::vector<Shape> shapes) {
    if (shapes.empty()) shapes = shapes_;
    if (!session_ || shapes != shapes_) {
      session_.reset();  // its memory is free before the next one is made
      session_ = std::make_unique<Session>(Plan::make(model_, graph_, shapes, options_));
      shapes_ = std::move(shapes);
    }
    return *session_;
  }

 private:
  ModelHandle model_;
  int32_t graph_;
  PlanOptions options_;
  std::vector<Shape> shapes_;
  std::unique_ptr<Session> session_;
};

struct Calibration {
  CalibrationModel model;
  Statistics statistics;
  std::map<int32_t, ResizableSession> sessions;  // by graph
};

class Handles {
 public:
  using Held = std::variant<ModelHandle, std::unique_ptr<ResizableSession>, std::unique_ptr<Calibration>,
                            std::unique_ptr<Comparison>>;

  int32_t add(Held held) {
    held_.emplace(++last_, std::move(held));
    return last_;
  }
  template <typename T>
  T& get(int32_t id) {
    const auto found = held_.find(id);
    if (found == held_.end() || !std::holds_alternative<T>(found->second)) {
      fail(ErrorCode::internal, text("handle ", id, " is not what was expected"));
    }
    return std::get<T>(found->second);
  }
  void release(int32_t id) { held_.erase(id); }

 private:
  std::map<int32_t, Held> held_;
  int32_t last_ = 0;
};

}  // namespace litequant
