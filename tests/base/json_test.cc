#include "base/json.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace litequant {
namespace {

TEST(JsonWriter, NestsAndSeparates) {
  JsonWriter json;
  json.begin_object().field("a", 1).key("b").values(std::vector<float>{0.1f, 2}).key("c").begin_array();
  json.begin_object().end_object().begin_object().field("d", "x").end_object().end_array().field("e", true);
  json.end_object();
  EXPECT_EQ(json.text(), R"({"a":1,"b":[0.1,2],"c":[{},{"d":"x"}],"e":true})");
}

TEST(JsonWriter, FloatsRoundTripAndInfinityIsNull) {
  JsonWriter json;
  json.values(std::vector<float>{1.0f / 3, std::numeric_limits<float>::infinity()});
  EXPECT_EQ(json.text(), "[0.33333334,null]");
}

TEST(JsonWriter, StringsAreEscapedAndBrokenUtf8IsReplaced) {
  JsonWriter json;
  json.value(std::string_view("q\"\\\n\xc3\xa9\xff\xed\xa0\x80", 10));
  EXPECT_EQ(json.text(), "\"q\\\"\\\\\\u000a\xc3\xa9\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

}  // namespace
}  // namespace litequant
