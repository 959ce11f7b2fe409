#include "data/npy.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/error.h"

namespace litequant {
namespace {

std::vector<std::byte> bytes_of(const std::string& text) {
  std::vector<std::byte> out(text.size());
  std::memcpy(out.data(), text.data(), text.size());
  return out;
}

std::vector<std::byte> npy(const std::string& dictionary, const std::string& data, char version = 1) {
  std::string file = "\x93NUMPY";
  file += version;
  file += '\0';
  file += static_cast<char>(dictionary.size() & 255);
  file += static_cast<char>(dictionary.size() >> 8);
  if (version > 1) file += std::string(2, '\0');
  return bytes_of(file + dictionary + data);
}

std::string refusal(const std::vector<std::byte>& file) {
  try {
    read_npy_header(file, file.size());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_sample);
    return error.message();
  }
  return "accepted";
}

TEST(Npy, ReadsTypeAndShape) {
  const auto file = npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }    \n", std::string(12, 'x'));
  const NpyHeader header = read_npy_header(file, file.size());
  EXPECT_EQ(header.type, DataType::int16);
  EXPECT_EQ(header.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(header.value_count, 6u);
  EXPECT_EQ(header.data_offset, file.size() - 12);
  EXPECT_TRUE(header.is_plain());
}

TEST(Npy, ReadsEveryVersionAndScalars) {
  for (char version = 1; version <= 3; ++version) {
    const auto file = npy("{'shape': (), 'fortran_order': False, 'descr': '|b1'}", "\x01", version);
    const NpyHeader header = read_npy_header(file, file.size());
    EXPECT_EQ(header.type, DataType::boolean);
    EXPECT_TRUE(header.shape.empty());
    EXPECT_EQ(header.value_count, 1u);
  }
}

TEST(Npy, ReadsTheHeaderFromTheBeginningAlone) {
  const auto file = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1000,)}", "");
  EXPECT_EQ(read_npy_header(file, file.size() + 1000).value_count, 1000u);
}

TEST(Npy, TurnsColumnMajorToRowMajor) {
  // [[0, 1, 2], [3, 4, 5]] stored column by column.
  const auto file = npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", std::string("\0\3\1\4\2\5", 6));
  const NpyHeader header = read_npy_header(file, file.size());
  EXPECT_EQ(npy_values(file, header), bytes_of(std::string("\0\1\2\3\4\5", 6)));
}

TEST(Npy, TurnsBigEndianToLittle) {
  const auto file = npy("{'descr': '>i4', 'fortran_order': False, 'shape': (1,)}", std::string("\1\2\3\4", 4));
  const NpyHeader header = read_npy_header(file, file.size());
  EXPECT_EQ(npy_values(file, header), bytes_of("\4\3\2\1"));
}

TEST(Npy, RefusesByName) {
  EXPECT_NE(refusal(bytes_of("PK\3\4 something else")).find("does not begin as one"), std::string::npos);
  EXPECT_NE(refusal(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "x")).find("Python objects"),
            std::string::npos);
  EXPECT_NE(refusal(npy("{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}", "x")).find("'<U4'"),
            std::string::npos);
  EXPECT_NE(refusal(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", "x")).find("records"),
            std::string::npos);
}

TEST(Npy, RefusesHostileHeaders) {
  for (const char* shape : {"(4294967296, 4294967296)", "(9223372036854775807, 2)", "(-1,)", "(1",
                            "(99999999999999999999,)", "1", "(1 2)", "(3,)"}) {
    const auto file = npy(std::string("{'descr': '<f4', 'fortran_order': False, 'shape': ") + shape + "}", "12345678");
    EXPECT_NE(refusal(file), "accepted") << shape;
  }
  std::string deep = "(";
  for (int i = 0; i < 40; ++i) deep += "1,";
  EXPECT_NE(refusal(npy("{'descr': '|u1', 'fortran_order': False, 'shape': " + deep + ")}", "1")), "accepted");
  for (const char* text : {"", "{", "{}", "{'descr'", "{'descr': ", "{'descr': '", "{'descr': ''", "{'shape': (1,)}",
                           "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (1,)}"}) {
    EXPECT_NE(refusal(npy(text, "1234")), "accepted") << text;
  }
  const auto whole = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "12345678");
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(refusal({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size)}), "accepted") << size;
  }
}

TEST(Npy, WritesWhatItReads) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{}, {7}, {1, 2, 3}}) {
    const auto bytes = make_npy_header(DataType::float32, shape);
    EXPECT_EQ(bytes.size() % 64, 0u);
    const NpyHeader header = read_npy_header(bytes, bytes.size() + 28);
    EXPECT_EQ(header.type, DataType::float32);
    EXPECT_EQ(header.shape, shape);
    EXPECT_EQ(header.data_offset, bytes.size());
  }
  EXPECT_THROW(make_npy_header(DataType::string, {}), Error);
}

}  // namespace
}  // namespace litequant
