"""What drawn operator cases are made of: sizes, scales, zero points, values."""

import numpy as np

from one_operator import TYPES, Case, Tensor, constant

LIMITS = {"i8": (-128, 127), "u8": (0, 255), "i16": (-32768, 32767)}


class Draw:
    """A case's own numbers. Scales are often powers of two, so that ties occur; zero points are often at an end of the
    type; values are uniform, or at the ends and around the zero point, or near it."""

    def __init__(self, seed, number):
        self.rng = np.random.default_rng([seed, number])
        self.number = number

    def one(self, *choices):
        return choices[self.rng.integers(len(choices))]

    def chance(self, share):
        return self.rng.random() < share

    def size(self, low=1, high=7):
        return int(self.rng.integers(low, high + 1))

    def shape(self, low=1, high=4, most=6):
        return [self.size(1, most) for _ in range(self.size(low, high))]

    def with_empty(self, shape):
        """Sometimes with an axis of no elements."""
        if shape and self.chance(0.05):
            shape[self.size(0, len(shape) - 1)] = 0
        return shape

    def scale(self, low=-9, high=0):
        """A power of two in that range of exponents, or any number in it."""
        exponent = self.rng.uniform(low, high)
        return float(2.0 ** np.round(exponent)) if self.chance(0.5) else float(np.float32(2.0**exponent))

    def zero(self, dtype):
        if dtype == "i16":
            return 0
        low, high = LIMITS[dtype]
        middle = (low + high + 1) // 2
        return int(self.one(low, high, middle, middle + self.size(-9, 9), self.rng.integers(low, high + 1)))

    def stored(self, dtype, shape=(), scale=None, zero=None, **more):
        """A tensor of stored real numbers, or of numbers as they are where the type is not one of those."""
        if dtype not in LIMITS:
            return Tensor(dtype, shape, **more)
        scale = self.scale() if scale is None else scale
        return Tensor(dtype, shape, scale=scale, zero=self.zero(dtype) if zero is None else zero, **more)

    def like(self, tensor, shape=()):
        """A result that shares the input's parameters."""
        return Tensor(tensor.dtype, shape, scale=tensor.scale, zero=tensor.zero)

    def weights(self, dtype, shape, channel_axis=None, scales=(-10, -3)):
        """Constant int8 or int4 weights, per channel where an axis is given."""
        most = 7 if dtype == "i4" else 127
        values = self.rng.integers(-most, most + 1, shape)
        if self.chance(0.2):
            values = np.sign(values) * most
        count = 1 if channel_axis is None else shape[channel_axis]
        scale = [self.scale(*scales) for _ in range(count)]
        return constant(dtype, values, scale=scale, zero=0, axis=channel_axis or 0)

    def floats(self, shape, spread=0.5):
        return constant("f32", self.rng.normal(0, spread, shape))

    def bias(self, dtype, count, size, input_scale, weights):
        """An integer bias whose values are about as large as the sums."""
        scale = np.float32(input_scale) * np.asarray(weights.scale, np.float32)
        limit = int(size * 127 * (127 if dtype == "i32" else 9999))
        values = self.rng.integers(-min(limit, 2**30), min(limit, 2**30), count)
        return constant(dtype, values, scale=scale, zero=0)

    def fused(self, *more):
        """Numbers of the activations NONE, RELU, RELU_N1_TO_1, RELU6."""
        return self.one(0, 0, 1, 2, 3, *more)

    def axis(self, rank):
        return self.size(-rank, rank - 1)

    def shuffled(self, items):
        return [items[i] for i in self.rng.permutation(len(items))]

    def permutation(self, rank):
        return [int(i) for i in self.rng.permutation(rank)]

    def broadcast(self, most_rank=4, most=5):
        """Two shapes that broadcast."""
        whole = self.with_empty(self.shape(1, most_rank, most))
        pair = [[1 if self.chance(0.25) else size for size in whole] for _ in range(2)]
        if self.chance(0.4):
            cut = self.size(0, len(whole))
            which = self.size(0, 1)
            pair[which] = pair[which][cut:]
        if self.chance(0.3):
            pair = [whole, list(whole)]
        return pair

    def case(self, op, inputs, outputs, options=None, version=1):
        return Case(f"{op.lower()}_{self.number}", op, inputs, outputs, options, version)

    def values(self, tensor):
        """An input's values; floats sometimes with zeros and large ones among them."""
        turn = self.size(0, 2)
        values = tensor.draw(self.rng, turn)
        if np.asarray(values).dtype == np.float32 and turn == 2 and tensor.low is None:
            values = (values * np.float32(10.0 ** self.rng.uniform(-3, 2))).astype(np.float32)
        return np.asarray(values, TYPES[tensor.dtype][0])
