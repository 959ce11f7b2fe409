// What a step does when it runs: any closure over a Frame, held by value.
//
// A step is only moved and called. std::function gives each closure copies, comparisons and a type name besides: 1,500
// functions and 75 kB of names in the module, where this leaves two functions a closure.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace litequant {

struct Frame;

class StepFunction {
 public:
  StepFunction() = default;
  template <typename Closure>
    requires(!std::is_same_v<std::remove_cvref_t<Closure>, StepFunction>)
  StepFunction(Closure&& closure)  // NOLINT(google-explicit-constructor): written where a function is expected
      : closure_(new std::remove_cvref_t<Closure>(std::forward<Closure>(closure)),
                 destroy<std::remove_cvref_t<Closure>>),
        call_(call<std::remove_cvref_t<Closure>>) {}

  void operator()(const Frame& frame) const { call_(closure_.get(), frame); }

 private:
  template <typename Closure>
  static void destroy(void* closure) {
    delete static_cast<Closure*>(closure);
  }
  template <typename Closure>
  static void call(const void* closure, const Frame& frame) {
    (*static_cast<const Closure*>(closure))(frame);
  }

  std::unique_ptr<void, void (*)(void*)> closure_ = {nullptr, [](void*) {}};
  void (*call_)(const void* closure, const Frame& frame) = nullptr;
};

}  // namespace litequant
