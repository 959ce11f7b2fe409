// Tensors of strings: as given, passed on, compared; layouts that contradict themselves.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "format/model_builder.h"
#include "model/strings.h"
#include "runtime/run_state.h"
#include "runtime/session.h"

namespace litequant {
namespace {

using Views = std::vector<std::string_view>;

std::vector<std::byte> bytes_of(const std::vector<int32_t>& numbers, const std::string& characters = "") {
  const auto stored = std::as_bytes(std::span(numbers)), text = std::as_bytes(std::span(characters));
  std::vector<std::byte> bytes(stored.begin(), stored.end());
  bytes.insert(bytes.end(), text.begin(), text.end());
  return bytes;
}

TEST(StoredStrings, ComeBackAsTheyWere) {
  for (const Views& strings : {Views{}, Views{""}, Views{"a", "", "two words", std::string_view("x\0y", 3)}}) {
    const auto stored = stored_strings(strings);
    EXPECT_EQ(stored.size(), stored_size(strings));
    EXPECT_EQ(strings_in(stored), strings);
  }
  EXPECT_EQ(stored_strings(Views{"ab", "c"}), bytes_of({2, 16, 18, 19}, "abc"));
}

TEST(StoredStrings, AreRefusedWhereTheyContradictThemselves) {
  ASSERT_TRUE(strings_in(bytes_of({2, 16, 18, 19}, "abc")));
  for (const auto& bad : std::vector<std::vector<int32_t>>{{},
                                                           {0},
                                                           {-1, 8},
                                                           {1 << 30, 16},
                                                           {2147483647, 16, 18, 19},
                                                           {2, 16, 18, 20},
                                                           {2, 12, 18, 19},
                                                           {2, 16, 15, 19},
                                                           {2, 16, 99, 19},
                                                           {2, 16, -1, 19},
                                                           {3, 16, 18, 19}}) {
    EXPECT_FALSE(strings_in(bytes_of(bad, "abc"))) << testing::PrintToString(bad);
  }
}

// y = x[::-1]; z = x == "b"; c = ["b", "", "k"][1:].
std::shared_ptr<const Model> passing_model() {
  ModelBuilder b;
  const auto string = DataType::string;
  const auto number = [&](const char* name, int32_t value) {
    return b.constant(name, DataType::int32, {1}, std::vector<int32_t>{value});
  };
  const int x = b.input("x", string, {3});
  const int words = b.constant("words", string, {3}, stored_strings(Views{"b", "", "k"}));
  const int one = b.constant("one", string, {1}, stored_strings(Views{"b"}));
  const int y = b.output("y", string, {3}), z = b.output("z", DataType::boolean, {3}), c = b.output("c", string, {2});
  const int last = number("last", -1), before = number("before", -9), second = number("second", 1);
  b.node(OpCode::strided_slice, {x, last, before, last}, {y}, b.options("StridedSliceOptions"));
  b.node(OpCode::equal, {x, one}, {z}, b.options("EqualOptions"));
  b.node(OpCode::slice, {words, second, number("two", 2)}, {c}, b.options("SliceOptions"));
  return b.load();
}

std::string message_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

struct Strings {
  explicit Strings(Session& session, size_t output)
      : stored(session.strings(session.plan().graph().outputs[output])), views(*strings_in(stored)) {}
  std::vector<std::byte> stored;
  Views views;
};

TEST(Strings, ArePassedOnAndCompared) {
  Session session(Plan::make(passing_model(), 0, {}, {}));
  for (const Views& x : {Views{"b", "new", ""}, Views{"", "", "b"}, Views{"k", "k", "new"}}) {
    session.set_strings(0, stored_strings(x));
    session.run();
    EXPECT_EQ(Strings(session, 0).views, (Views{x[2], x[1], x[0]}));
    for (size_t i = 0; i < 3; ++i) EXPECT_EQ(session.output(1)[i] != std::byte{0}, x[i] == "b") << i;
    EXPECT_EQ(Strings(session, 2).views, (Views{"", "k"}));
  }
}

TEST(Strings, KeepOneNumberWithinARunInSessionsOfOneState) {
  const auto plan = Plan::make(passing_model(), 0, {}, {});
  const auto state = std::make_shared<RunState>(plan->options());
  Session first(plan, state), second(plan, state);
  first.set_strings(0, stored_strings(Views{"1", "2", "3"}));
  second.set_strings(0, stored_strings(Views{"3", "4", "1"}));
  first.run();
  EXPECT_EQ(Strings(first, 0).views, (Views{"3", "2", "1"}));
  second.run();
  EXPECT_EQ(Strings(second, 0).views, (Views{"1", "4", "3"}));
}

TEST(Strings, ThatWereNeverGivenAreEmpty) {
  Session session(Plan::make(passing_model(), 0, {}, {}));
  const std::vector<StringNumber> wild = {0xffffffff, 3, 0x80000000};
  std::memcpy(session.input(0).data(), wild.data(), session.input(0).size());
  session.run();
  EXPECT_EQ(Strings(session, 0).views, (Views{"", "", ""}));
}

TEST(Strings, OfInputsAreCheckedAndCounted) {
  Session session(Plan::make(passing_model(), 0, {}, {.memory_limit = 1 << 16}));
  EXPECT_EQ(message_of([&] { session.set_strings(0, stored_strings(Views{"a"})); }),
            "subgraph 0, tensor 'x': 1 strings were given, the shape [3] has 3");
  EXPECT_EQ(message_of([&] { session.set_strings(0, bytes_of({3, 20, 19, 21, 22}, "ab")); }),
            "subgraph 0, tensor 'x': the strings that were given are malformed");
  const std::string large(1 << 16, 'a');
  EXPECT_NE(
      message_of([&] { session.set_strings(0, stored_strings(Views{large, "", ""})); }).find("the limit is 65536"),
      std::string::npos);
  // What one run was given is given back before the next.
  const std::string half(1 << 14, 'a');
  for (int i = 0; i < 9; ++i) {
    const std::string unlike = half + std::to_string(i);
    session.set_strings(0, stored_strings(Views{unlike, "", unlike}));
    session.run();
    EXPECT_EQ(Strings(session, 0).views, (Views{unlike, "", unlike}));
  }
}

TEST(Strings, AreNoVariables) {
  ModelBuilder b;
  const int x = b.input("x", DataType::string, {1});
  const int handle = b.tensor("handle", DataType::resource, {});
  b.node(OpCode::var_handle, {}, {handle}, b.options("VarHandleOptions", {{"shared_name", std::string("v")}}));
  b.node(OpCode::assign_variable, {handle, x}, {}, b.options("AssignVariableOptions"));
  Session session(Plan::make(b.load(), 0, {}, {}));
  session.set_strings(0, stored_strings(Views{"a"}));
  EXPECT_NE(message_of([&] { session.run(); }).find("variables of strings are not executed"), std::string::npos);
}

}  // namespace
}  // namespace litequant
