#include "base/error.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/text.h"

namespace litequant {
namespace {

TEST(Error, SaysWhereInAModel) {
  const Error error(ErrorCode::bad_model, "stride is 0",
                    {.graph = 0, .node = 12, .operator_name = "CONV_2D", .name = "block1/conv"});
  EXPECT_EQ(error.message(), "subgraph 0, node 12 CONV_2D 'block1/conv': stride is 0");
  const Error of_tensor(ErrorCode::bad_model, "no such buffer", {.graph = 1, .name = "x", .is_tensor = true});
  EXPECT_EQ(of_tensor.message(), "subgraph 1, tensor 'x': no such buffer");
  EXPECT_EQ(Error(ErrorCode::bad_file, "empty").message(), "empty");
}

TEST(Text, JoinsPartsOfEveryKind) {
  const std::string string = "of a string";
  EXPECT_EQ(text("a literal, ", string, std::string_view(", a view, seen").substr(0, 8), ' ' == 32, ", ", -5, " ",
                 uint8_t{7}, " ", INT64_MIN, " ", UINT64_MAX),
            "a literal, of a string, a viewtrue, -5 7 -9223372036854775808 18446744073709551615");
  EXPECT_EQ(text(0.1f, " ", 0.1, " ", 1e30f, " ", false), "0.1 0.1 1e+30 false");
  EXPECT_EQ(text("x", TextParts{"y", 1, TextParts{"z"}}, 2), "xy1z2");
}

TEST(ListText, ShortensWhatIsLong) {
  EXPECT_EQ(text(list_text(std::vector<int>{3, -1})), "[3, -1]");
  EXPECT_EQ(text(list_text(std::vector<int>())), "[]");
  EXPECT_EQ(text(list_text(std::vector<int>(40, 7))), "[7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, ... 40 in all]");
}

TEST(Quoted, EscapesControlCharactersAndCutsLongNames) {
  EXPECT_EQ(quoted("a\x1b[31m'"), "'a\\x1b[31m\\''");
  const std::string longest = litequant::quoted(std::string(200, 'x'));
  EXPECT_EQ(longest.size(), 69u);
  EXPECT_NE(longest.find("..."), std::string::npos);
  EXPECT_LE(litequant::quoted(std::string(200, '\n')).size(), 70u) << "escapes count";
  EXPECT_EQ(litequant::quoted(std::string(64, 'y')), "'" + std::string(64, 'y') + "'");
}

}  // namespace
}  // namespace litequant
