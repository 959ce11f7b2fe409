// Quantization parameters of a tensor that may have one scale per channel.
#pragma once

#include <string_view>
#include <vector>

#include "kernels/affine.h"
#include "ops/op_def.h"

namespace litequant {

// The tensor as [outer, channels, inner], each channel with its own parameters.
struct ChannelQuantization {
  int64_t outer = 1, inner = 1;
  std::vector<Affine> channels;
};

// Checked: as many scales as channels along the axis (one: the whole tensor is a channel), zero points likewise or one
// for all, finite scales that are not negative, and not 0 with `divides`, zero points inside the type.
ChannelQuantization channel_quantization_of(const NodeView& node, const Operand& operand, std::string_view what,
                                            bool divides);

}  // namespace litequant
