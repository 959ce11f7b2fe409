// Damaged files: an error or a model that can be saved and loaded again, never a crash. Sanitizers watch the native
// run.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "format/model_builder.h"
#include "format/model_equality.h"
#include "support/files.h"

namespace litequant {
namespace {

std::vector<std::byte> small_file() {
  ModelBuilder b;
  const int x = b.input("x", DataType::int8, {1, 4, 4, 2}, b.per_tensor(0.5f, -3));
  const int w = b.constant("w", DataType::int8, {3, 1, 1, 2}, std::vector<int8_t>{1, 2, 3, 4, 5, 6},
                           b.per_channel({0.1f, 0.2f, 0.3f}, 0));
  const int y = b.tensor("y", DataType::int8, {1, 4, 4, 3}, b.per_tensor(0.25f, 7));
  const int z = b.output("z", DataType::int8, {1, 4, 4, 3}, b.per_tensor(0.25f, 7));
  b.node(OpCode::conv_2d, {x, w}, {y},
         b.options("Conv2DOptions", {{"stride_w", int64_t{1}}, {"stride_h", int64_t{1}}}));
  b.node(OpCode::while_, {y}, {z},
         b.options("WhileOptions", {{"cond_subgraph_index", int64_t{1}}, {"body_subgraph_index", int64_t{2}}}));
  b.signature("serve", {{"in", 0}}, {{"out", static_cast<uint32_t>(z)}});
  b.graph();
  b.input("v", DataType::int8, {1, 4, 4, 3}, b.per_tensor(0.25f, 7));
  b.current().outputs = {b.constant("no", DataType::boolean, {1}, std::vector<uint8_t>{0})};
  b.graph();
  const int v = b.input("v", DataType::int8, {1, 4, 4, 3}, b.per_tensor(0.25f, 7));
  Node& own = b.node(OpCode::custom, {v}, {b.output("u", DataType::int8, {1, 4, 4, 3})});
  own.custom_code = "Own";
  own.custom_options = Buffer::of(std::vector<uint8_t>{1, 2, 3});
  const int s = b.constant("s", DataType::string, {1}, std::vector<int32_t>{1, 12, 16, 0x64636261});
  b.at(s).shape_signature = {-1};
  b.model().metadata = {{"note", b.model().add_buffer(Buffer::of(std::vector<uint8_t>{5, 6}))}};
  b.model().associated_files = {{"labels.txt", Buffer::of(std::vector<char>{'a', 'b'}), 0, 7, 2, 0}};
  b.model().has_archive = true;
  return b.save();
}

// True when it loads.
bool survives(std::span<const std::byte> file) {
  std::shared_ptr<const Model> model;
  try {
    model = load_model(file);
  } catch (const Error& error) {
    EXPECT_NE(error.code(), ErrorCode::internal) << error.message();
    EXPECT_FALSE(error.message().empty());
    EXPECT_LT(error.message().size(), 400u) << error.message();
    return false;
  }
  const auto again = load_model(save_model(*model));
  EXPECT_EQ(ModelComparison::first_difference(*model, *again), "");
  return true;
}

constexpr uint32_t kExtremes[] = {0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};

// Every 32-bit word set to each extreme; every byte inverted. How many of them still load.
size_t damage(const std::vector<std::byte>& file, size_t step) {
  size_t loaded = 0;
  for (size_t at = 0; at + 4 <= file.size(); at += 4 * step) {
    for (const uint32_t extreme : kExtremes) {
      auto damaged = file;
      std::memcpy(damaged.data() + at, &extreme, sizeof extreme);
      SCOPED_TRACE(text("word at ", at, " is ", extreme));
      loaded += survives(damaged) ? 1u : 0u;
    }
  }
  for (size_t at = 0; at < file.size(); at += step) {
    for (const uint8_t flip : {0xff, 0x80, 0x01}) {
      auto damaged = file;
      damaged[at] ^= std::byte{flip};
      SCOPED_TRACE(text("byte at ", at, " flipped by ", flip));
      loaded += survives(damaged) ? 1u : 0u;
    }
  }
  return loaded;
}

TEST(Damage, EveryTruncationIsSurvived) {
  const auto file = small_file();
  ASSERT_TRUE(survives(file));
  for (size_t size = 0; size < file.size(); ++size) {
    SCOPED_TRACE(size);
    survives(std::span(file).first(size));
  }
  // The archive may be missing, the FlatBuffer may not.
  EXPECT_FALSE(survives(std::span(file).first(file.size() / 2)));
}

TEST(Damage, EveryWordAndByteIsSurvived) {
  const size_t loaded = damage(small_file(), 1);
  EXPECT_GT(loaded, 0u) << "some bytes are padding, names or values";
}

TEST(Damage, OfRealFilesIsSurvived) {
  LITEQUANT_NEEDS_SHARED();
  const bool is_long = std::getenv("LITEQUANT_LONG") != nullptr;
  size_t files = 0;
  for (const auto& path : test::files_below(test::shared_folder() / "malformed", "")) {
    if (path.extension() != ".bin" && path.extension() != ".tflite") continue;
    const auto file = test::read_file(path);
    if (file.size() > (is_long ? 8192u : 1024u)) continue;
    SCOPED_TRACE(path.string());
    damage(file, is_long ? 1 : 7);
    ++files;
  }
  EXPECT_GT(files, 20u);
}

TEST(Damage, PartsReferredToVeryOftenAreRefused) {
  // 700,000 tensors that are all one table: 4 bytes each in the file, hundreds in memory. The list and the table lie in
  // the bytes of a constant.
  constexpr uint32_t kCount = 700000;
  std::vector<uint32_t> list = {kCount};
  for (uint32_t i = 0; i < kCount; ++i) list.push_back(4 * (kCount - i) + 4);
  list.push_back(0x00040004);  // the table's layout: no fields
  list.push_back(4);  // the table: its layout lies 4 bytes before
  ModelBuilder b;
  b.input("x", DataType::float32, {1});
  b.node(OpCode::abs, {0}, {b.output("y", DataType::float32, {1})});
  b.model().add_buffer(Buffer::of(list));
  auto file = std::make_shared<Buffer>(Buffer::copy_of(b.save()));
  const size_t list_at =
      static_cast<size_t>(load_model(file, file->bytes())->buffers[1].bytes().data() - file->bytes().data());
  std::vector<std::byte> bytes(file->bytes().begin(), file->bytes().end());
  const auto read = [&]<typename T>(size_t at, T) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  };
  // Where field `index` of a table is stored.
  const auto field = [&](size_t table, size_t index) {
    const auto layout = static_cast<size_t>(static_cast<ptrdiff_t>(table) - read(table, int32_t{}));
    return table + read(layout + 4 + 2 * index, uint16_t{});
  };
  const size_t root = read(0, uint32_t{});
  const size_t graphs = field(root, 2) + read(field(root, 2), uint32_t{});
  const size_t graph = graphs + 4 + read(graphs + 4, uint32_t{});
  const size_t tensors = field(graph, 0);
  ASSERT_LT(tensors, list_at);
  const auto offset = static_cast<uint32_t>(list_at - tensors);
  std::memcpy(bytes.data() + tensors, &offset, sizeof offset);
  try {
    load_model(bytes);
    FAIL() << "was loaded";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("so often"), std::string::npos) << error.message();
  }
}

}  // namespace
}  // namespace litequant
