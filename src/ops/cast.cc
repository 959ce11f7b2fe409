// CAST between all element types of numbers; INT4 and UINT4 become FLOAT32 alone. Reals are truncated and saturated
// (NaN gives 0), wide integers wrap.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/half.h"
#include "ops/unary_step.h"

namespace litequant {
namespace {

// Elements pass through a block of the widest type of their kind, so that the pairs of types need no code each.
constexpr int64_t kBlock = 256;
union Block {
  int64_t whole[kBlock];
  double real[kBlock];
};

bool is_real(DataType type) {
  return type == DataType::float32 || type == DataType::float16 || type == DataType::float64 ||
         type == DataType::bfloat16 || type == DataType::complex64;
}

using Read = void (*)(const std::byte* from, int64_t first, int64_t count, Block& block);
using Write = void (*)(const Block& block, int64_t count, std::byte* to, int64_t first);

template <typename T>
const T* at(const std::byte* bytes, int64_t first) {
  return reinterpret_cast<const T*>(bytes) + first;
}
template <typename T>
T* at(std::byte* bytes, int64_t first) {
  return reinterpret_cast<T*>(bytes) + first;
}

template <typename T>
void read_whole(const std::byte* from, int64_t first, int64_t count, Block& block) {
  std::copy_n(at<T>(from, first), count, block.whole);
}
void read_boolean(const std::byte* from, int64_t first, int64_t count, Block& block) {
  std::transform(at<uint8_t>(from, first), at<uint8_t>(from, first) + count, block.whole,
                 [](uint8_t x) { return x != 0; });
}
template <typename T>
void read_real(const std::byte* from, int64_t first, int64_t count, Block& block) {
  std::copy_n(at<T>(from, first), count, block.real);
}
void read_half(const std::byte* from, int64_t first, int64_t count, Block& block) {
  std::transform(at<uint16_t>(from, first), at<uint16_t>(from, first) + count, block.real, half_to_float);
}

void read_bfloat(const std::byte* from, int64_t first, int64_t count, Block& block) {
  std::transform(at<uint16_t>(from, first), at<uint16_t>(from, first) + count, block.real, bfloat_to_float);
}
// The real parts.
void read_complex(const std::byte* from, int64_t first, int64_t count, Block& block) {
  for (int64_t i = 0; i < count; ++i) block.real[i] = at<float>(from, 2 * (first + i))[0];
}
// The low half of a byte comes first. Blocks begin at whole bytes.
template <bool kSigned>
void read_nibbles(const std::byte* from, int64_t first, int64_t count, Block& block) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t nibble = at<uint8_t>(from, (first + i) / 2)[0] >> (i % 2 * 4) & 15;
    block.whole[i] = kSigned && nibble >= 8 ? nibble - 16 : nibble;
  }
}

Read reader_of(DataType type) {
  switch (type) {
    case DataType::boolean: return read_boolean;
    case DataType::int8: return read_whole<int8_t>;
    case DataType::uint8: return read_whole<uint8_t>;
    case DataType::int16: return read_whole<int16_t>;
    case DataType::uint16: return read_whole<uint16_t>;
    case DataType::int32: return read_whole<int32_t>;
    case DataType::uint32: return read_whole<uint32_t>;
    case DataType::int64: return read_whole<int64_t>;
    case DataType::float16: return read_half;
    case DataType::float32: return read_real<float>;
    case DataType::float64: return read_real<double>;
    case DataType::bfloat16: return read_bfloat;
    case DataType::complex64: return read_complex;
    case DataType::int4: return read_nibbles<true>;
    case DataType::uint4: return read_nibbles<false>;
    default: return nullptr;
  }
}

template <typename T>
T saturated(double real) {
  if (std::isnan(real)) return 0;
  const double whole = std::trunc(real);
  if (whole < static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
  // 2^bits exactly: the highest number itself may round up to it.
  if (whole >= std::ldexp(1.0, std::numeric_limits<T>::digits)) return std::numeric_limits<T>::max();
  return static_cast<T>(whole);
}

template <typename T, bool kFromReal>
void write_whole(const Block& block, int64_t count, std::byte* to, int64_t first) {
  T* out = at<T>(to, first);
  if constexpr (kFromReal) {
    std::transform(block.real, block.real + count, out, saturated<T>);
  } else {
    std::transform(block.whole, block.whole + count, out, [](int64_t x) { return static_cast<T>(x); });
  }
}
template <bool kFromReal>
void write_boolean(const Block& block, int64_t count, std::byte* to, int64_t first) {
  uint8_t* out = at<uint8_t>(to, first);
  if constexpr (kFromReal) {
    std::transform(block.real, block.real + count, out, [](double x) { return x != 0; });
  } else {
    std::transform(block.whole, block.whole + count, out, [](int64_t x) { return x != 0; });
  }
}
template <typename T, bool kFromReal>
void write_real(const Block& block, int64_t count, std::byte* to, int64_t first) {
  const auto convert = [](auto x) { return static_cast<T>(x); };
  if constexpr (kFromReal) {
    std::transform(block.real, block.real + count, at<T>(to, first), convert);
  } else {
    std::transform(block.whole, block.whole + count, at<T>(to, first), convert);
  }
}
template <bool kFromReal>
void write_half(const Block& block, int64_t count, std::byte* to, int64_t first) {
  const auto convert = [](auto x) { return float_to_half(static_cast<float>(x)); };
  if constexpr (kFromReal) {
    std::transform(block.real, block.real + count, at<uint16_t>(to, first), convert);
  } else {
    std::transform(block.whole, block.whole + count, at<uint16_t>(to, first), convert);
  }
}

template <bool kFromReal>
void write_bfloat(const Block& block, int64_t count, std::byte* to, int64_t first) {
  const auto convert = [](auto x) { return float_to_bfloat(static_cast<float>(x)); };
  if constexpr (kFromReal) {
    std::transform(block.real, block.real + count, at<uint16_t>(to, first), convert);
  } else {
    std::transform(block.whole, block.whole + count, at<uint16_t>(to, first), convert);
  }
}
template <bool kFromReal>
void write_complex(const Block& block, int64_t count, std::byte* to, int64_t first) {
  float* out = at<float>(to, 2 * first);
  for (int64_t i = 0; i < count; ++i) {
    out[2 * i] = kFromReal ? static_cast<float>(block.real[i]) : static_cast<float>(block.whole[i]);
    out[2 * i + 1] = 0;
  }
}

template <bool kFromReal>
Write writer_of(DataType type) {
  switch (type) {
    case DataType::boolean: return write_boolean<kFromReal>;
    case DataType::int8: return write_whole<int8_t, kFromReal>;
    case DataType::uint8: return write_whole<uint8_t, kFromReal>;
    case DataType::int16: return write_whole<int16_t, kFromReal>;
    case DataType::uint16: return write_whole<uint16_t, kFromReal>;
    case DataType::int32: return write_whole<int32_t, kFromReal>;
    case DataType::uint32: return write_whole<uint32_t, kFromReal>;
    case DataType::int64: return write_whole<int64_t, kFromReal>;
    case DataType::float16: return write_half<kFromReal>;
    case DataType::float32: return write_real<float, kFromReal>;
    case DataType::float64: return write_real<double, kFromReal>;
    case DataType::bfloat16: return write_bfloat<kFromReal>;
    case DataType::complex64: return write_complex<kFromReal>;
    default: return nullptr;
  }
}

Step compile_cast(const NodeView& node, const CompileOptions&) {
  const DataType from = node.input(0).type, to = node.output(0).type;
  if (from == DataType::complex64 && to == from) {  // the imaginary parts stay
    return {.run = [bytes = stored_bytes(from, node.input(0).shape.count())](const Frame& frame) {
      if (bytes != 0) std::memcpy(frame.outputs[0], frame.inputs[0], bytes);
    }};
  }
  if (bits_per_element(from) == 4 && to != DataType::float32) node.fail_type();
  const Read read = reader_of(from);
  const Write write = is_real(from) ? writer_of<true>(to) : writer_of<false>(to);
  if (read == nullptr || write == nullptr) node.fail_type();
  return {.run = [read, write, count = node.input(0).shape.count()](const Frame& frame) {
    Block block;
    for (int64_t first = 0; first < count; first += kBlock) {
      const int64_t size = std::min(kBlock, count - first);
      read(frame.inputs[0], first, size, block);
      write(block, size, frame.outputs[0], first);
    }
  }};
}

int version_cast(const NodeView& node) {
  const auto has = [&](DataType type) { return node.input(0).type == type || node.output(0).type == type; };
  if (has(DataType::uint4)) return 8;
  if (has(DataType::bfloat16)) return 7;
  if (has(DataType::int4)) return 6;
  if (has(DataType::float64) || has(DataType::float16)) return 5;
  if (has(DataType::uint16)) return 4;
  if (has(DataType::int8)) return 3;
  return has(DataType::uint32) ? 2 : 1;
}

}  // namespace

extern const OpDef kCast;
const OpDef kCast = {
    .code = OpCode::cast,
    .types = types(DataType::boolean, DataType::int8, DataType::uint8, DataType::int16, DataType::uint16,
                   DataType::int32, DataType::uint32, DataType::int64, DataType::float16, DataType::float32,
                   DataType::float64, DataType::bfloat16, DataType::complex64, DataType::int4, DataType::uint4),
    .infer = infer_same_shape,
    .compile = compile_cast,
    .version = version_cast};

}  // namespace litequant
