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
#include "runtime/run_state.h"
#include "runtime/session.h"

namespace litequant {

using ModelHandle = std::shared_ptr<const Model>;

// A session that is planned anew when input shapes change; variables keep their values then, as in TensorFlow Lite.
class ResizableSession {
 public:
  ResizableSession(ModelHandle model, int32_t graph, PlanOptions options)
      : ResizableSession(std::move(model), graph, options, std::make_shared<RunState>(options)) {}

  // Of any graph of the same model, with the same variables.
  ResizableSession beside(int32_t graph) const { return {model_, graph, options_, state_}; }

  // Empty shapes: those it has, or at first the file's own. After a failure it has those from before.
  Session& with_shapes(std::vector<Shape> shapes) {
    if (shapes.empty()) shapes = shapes_;
    if (!session_ || shapes != shapes_) {
      session_.reset();  // its memory is free before the next one is made
      session_ = std::make_unique<Session>(Plan::make(model_, graph_, shapes, options_), state_);
      shapes_ = std::move(shapes);
    }
    return *session_;
  }

  void reset() {
    if (session_) session_->reset();
  }

 private:
  ResizableSession(ModelHandle model, int32_t graph, PlanOptions options, std::shared_ptr<RunState> state)
      : model_(std::move(model)), graph_(graph), options_(std::move(options)), state_(std::move(state)) {}

  ModelHandle model_;
  int32_t graph_;
  PlanOptions options_;
  std::shared_ptr<RunState> state_;
  std::vector<Shape> shapes_;
  std::unique_ptr<Session> session_;
};

struct Calibration {
  CalibrationModel model;
  Statistics statistics;
  bool shares_variables = false;  // what one graph assigns, another may read: a sequence runs over all of them
  std::map<int32_t, ResizableSession> sessions = {};  // by graph

  // The session of a graph for a sample.
  ResizableSession& session(int32_t graph, SamplePart part) {
    for (auto& [other, held] : sessions) {
      if (shares_variables && part != SamplePart::continues) held.reset();
    }
    const auto found = sessions.find(graph);
    if (found != sessions.end()) return found->second;
    ResizableSession made = shares_variables && !sessions.empty()
                                ? sessions.begin()->second.beside(graph)
                                : ResizableSession(model.model, graph, model.options());
    return sessions.emplace(graph, std::move(made)).first->second;
  }
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
      fail(ErrorCode::internal, {"handle ", id, " is not what was expected"});
    }
    return std::get<T>(found->second);
  }
  void release(int32_t id) { held_.erase(id); }

 private:
  std::map<int32_t, Held> held_;
  int32_t last_ = 0;
};

}  // namespace litequant
