"""Float models of one operator, or of a few, made with TensorFlow: shapes and constants are drawn anew from a generator.

Each builder takes the generator and gives (function, [shape of an input, ...]); inputs are float32 but for `Ids`. A
dimension None is left open in the model, and SAMPLE_BATCH in the samples. `SINGLE` holds the models of one operator,
`MULTI` those of several.
"""

import os
from dataclasses import dataclass

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf

SINGLE, MULTI = {}, {}
SAMPLE_BATCH = 3


@dataclass(frozen=True)
class Ids:
    """An int32 input: numbers of rows of a table, below `count`."""

    shape: tuple[int, ...]
    count: int

    def __iter__(self):
        return iter(self.shape)


def spec_of(entry):
    return tf.TensorSpec(list(entry), tf.int32 if isinstance(entry, Ids) else tf.float32)


def single(build):
    SINGLE[build.__name__] = build
    return build


def multi(build):
    MULTI[build.__name__] = build
    return build


def constant(rng, *shape, low=-1.0, high=1.0):
    return tf.constant(rng.uniform(low, high, shape).astype(np.float32))


def image(rng, channels=None):
    """[1, height, width, channels] of odd and even sizes."""
    height, width = rng.integers(5, 12, 2)
    return [1, int(height), int(width), int(channels or rng.integers(1, 9))]


def any_shape(rng, most=4):
    return [1] + [int(n) for n in rng.integers(2, 7, int(rng.integers(1, most)))]


# ---- one operator ---------------------------------------------------------------------------------------------------

UNARY = {
    "abs": tf.abs,
    "ceil": tf.math.ceil,
    "cos": tf.cos,
    "elu": tf.nn.elu,
    "exp": tf.exp,
    "floor": tf.floor,
    "gelu": tf.nn.gelu,
    "gelu_approximate": lambda x: tf.nn.gelu(x, approximate=True),
    "hard_swish": lambda x: x * tf.nn.relu6(x + 3.0) * (1.0 / 6.0),
    "leaky_relu": lambda x: tf.nn.leaky_relu(x, 0.13),
    "log": lambda x: tf.math.log(x),
    "log_softmax": tf.nn.log_softmax,
    "logistic": tf.sigmoid,
    "neg": tf.negative,
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "relu_n1_to_1": lambda x: tf.maximum(-1.0, tf.minimum(x, 1.0)),
    "relu_0_to_1": lambda x: tf.maximum(0.0, tf.minimum(x, 1.0)),
    "round": tf.round,
    "rsqrt": tf.math.rsqrt,
    "sign": tf.sign,
    "sin": tf.sin,
    "softmax": tf.nn.softmax,
    "sqrt": tf.sqrt,
    "square": tf.square,
    "tanh": tf.tanh,
    "pow_by_constant": lambda x: tf.pow(x, 1.7),
}
POSITIVE = {"log", "rsqrt", "sqrt", "pow_by_constant", "div", "floor_div", "floor_mod", "pow", "pow_by"}

for _name, _function in UNARY.items():
    SINGLE[_name] = lambda rng, function=_function: (function, [any_shape(rng)])

BINARY = {
    "add": tf.add,
    "div": tf.divide,
    "floor_div": tf.math.floordiv,
    "floor_mod": tf.math.floormod,
    "maximum": tf.maximum,
    "minimum": tf.minimum,
    "mul": tf.multiply,
    "pow": tf.pow,
    "squared_difference": tf.math.squared_difference,
    "sub": tf.subtract,
}

for _name, _function in BINARY.items():

    def _both(rng, function=_function):
        shape = any_shape(rng)
        other = [n if rng.integers(2) else 1 for n in shape]
        return lambda x, y: function(x, y), [shape, other]

    def _by_constant(rng, function=_function):
        shape = any_shape(rng)
        value = constant(rng, shape[-1], low=0.2, high=1.5)
        return lambda x: function(x, value), [shape]

    SINGLE[_name] = _both
    SINGLE[_name + "_constant"] = _by_constant

COMPARISONS = {
    "equal": tf.equal,
    "greater": tf.greater,
    "greater_equal": tf.greater_equal,
    "less": tf.less,
    "less_equal": tf.less_equal,
    "not_equal": tf.not_equal,
}
for _name, _function in COMPARISONS.items():
    SINGLE[_name] = lambda rng, function=_function: (
        (lambda x, y: tf.cast(function(x, y), tf.int32)),
        [(shape := any_shape(rng)), shape],
    )

REDUCTIONS = {
    "mean": tf.reduce_mean,
    "reduce_max": tf.reduce_max,
    "reduce_min": tf.reduce_min,
    "reduce_prod": tf.reduce_prod,
    "sum": tf.reduce_sum,
}
for _name, _function in REDUCTIONS.items():

    def _reduce(rng, function=_function):
        axes = [[1, 2], [3], [1], [2, 3]][int(rng.integers(4))]
        keep = bool(rng.integers(2))
        return lambda x: function(x, axis=axes, keepdims=keep), [image(rng)]

    SINGLE[_name] = _reduce


@single
def add_n(rng):
    shape = any_shape(rng)
    return lambda x, y, z: tf.add_n([x, y, z]), [shape] * 3


@single
def arg_max(rng):
    return lambda x: tf.argmax(x, axis=-1, output_type=tf.int32), [any_shape(rng)]


@single
def arg_min(rng):
    return lambda x: tf.argmin(x, axis=-1, output_type=tf.int32), [any_shape(rng)]


@single
def average_pool(rng):
    padding = ["SAME", "VALID"][int(rng.integers(2))]
    return lambda x: tf.nn.avg_pool2d(x, 3, int(2), padding), [image(rng)]


@single
def max_pool(rng):
    padding = ["SAME", "VALID"][int(rng.integers(2))]
    return lambda x: tf.nn.max_pool2d(x, 3, 2, padding), [image(rng)]


@single
def batch_matmul(rng):
    m, k, n = (int(v) for v in rng.integers(2, 8, 3))
    adjoint = bool(rng.integers(2))
    right = [1, 3, n, k] if adjoint else [1, 3, k, n]
    return lambda x, y: tf.matmul(x, y, transpose_b=adjoint), [[1, 3, m, k], right]


@single
def batch_matmul_constant(rng):
    m, k, n = (int(v) for v in rng.integers(2, 8, 3))
    weights = constant(rng, 3, k, n)
    return lambda x: tf.matmul(x, weights), [[1, 3, m, k]]


@single
def batch_to_space(rng):
    return lambda x: tf.batch_to_space(x, [2, 2], [[0, 0], [0, 1]]), [[4, 3, 4, int(rng.integers(1, 5))]]


@single
def broadcast_to(rng):
    n = int(rng.integers(2, 6))
    return lambda x: tf.broadcast_to(x, [2, 3, n]), [[1, 1, n]]


@single
def concatenation(rng):
    shape = image(rng)
    return lambda x, y: tf.concat([x, y], -1), [shape, shape]


@single
def conv_2d(rng):
    shape = image(rng)
    filters = constant(rng, 3, 3, shape[-1], int(rng.integers(1, 9)))
    stride = int(rng.integers(1, 3))
    return lambda x: tf.nn.conv2d(x, filters, stride, "SAME"), [shape]


@single
def conv_2d_dilated(rng):
    shape = image(rng)
    filters = constant(rng, 3, 3, shape[-1], 4)
    return lambda x: tf.nn.conv2d(x, filters, 1, "SAME", dilations=2), [shape]


@single
def conv_2d_grouped(rng):
    filters = constant(rng, 3, 3, 2, 6)
    return lambda x: tf.nn.conv2d(x, filters, 1, "VALID"), [image(rng, 4)]


@single
def conv_2d_bias_relu6(rng):
    shape = image(rng)
    filters, bias = constant(rng, 1, 1, shape[-1], 5), constant(rng, 5)
    return lambda x: tf.nn.relu6(tf.nn.conv2d(x, filters, 1, "SAME") + bias), [shape]


@single
def cumsum(rng):
    return lambda x: tf.cumsum(x, axis=1), [any_shape(rng, 3)]


@single
def depth_to_space(rng):
    return lambda x: tf.nn.depth_to_space(x, 2), [image(rng, 8)]


@single
def depthwise_conv_2d(rng):
    shape = image(rng)
    filters = constant(rng, 3, 3, shape[-1], int(rng.integers(1, 3)))
    return lambda x: tf.nn.depthwise_conv2d(x, filters, [1, 1, 1, 1], "SAME"), [shape]


@single
def expand_dims(rng):
    return lambda x: tf.expand_dims(x, 1), [any_shape(rng)]


@single
def fully_connected(rng):
    depth, units = (int(v) for v in rng.integers(3, 50, 2))
    weights, bias = constant(rng, depth, units), constant(rng, units)
    return lambda x: tf.matmul(x, weights) + bias, [[1, depth]]


@single
def fully_connected_large(rng):
    weights = constant(rng, 64, 40)
    return lambda x: tf.matmul(x, weights), [[3, 64]]


@single
def fully_connected_activations(rng):
    return lambda x, y: tf.matmul(x, y, transpose_b=True), [[4, 6], [5, 6]]


@single
def gather(rng):
    indices = tf.constant(rng.integers(0, 4, 3).astype(np.int32))
    return lambda x: tf.gather(x, indices, axis=1), [[1, 4, 5]]


@single
def gather_nd(rng):
    indices = tf.constant([[0, 1], [0, 2]])
    return lambda x: tf.gather_nd(x, indices), [[1, 4, 5]]


@single
def l2_normalization(rng):
    return lambda x: tf.math.l2_normalize(x, axis=-1), [any_shape(rng)]


@single
def local_response_normalization(rng):
    return lambda x: tf.nn.local_response_normalization(x, 2), [image(rng)]


@single
def mirror_pad(rng):
    mode = ["REFLECT", "SYMMETRIC"][int(rng.integers(2))]
    return lambda x: tf.pad(x, [[0, 0], [1, 1], [2, 1], [0, 0]], mode), [image(rng)]


@single
def pack(rng):
    shape = any_shape(rng)
    return lambda x, y: tf.stack([x, y], axis=1), [shape, shape]


@single
def pad(rng):
    return lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]]), [image(rng)]


@single
def pad_v2(rng):
    value = float(rng.uniform(-1, 1))
    return lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 1], [0, 0]], constant_values=value), [image(rng)]


@single
def prelu(rng):
    shape = image(rng)
    alpha = constant(rng, 1, 1, shape[-1])
    return lambda x: tf.nn.relu(x) + alpha * -tf.nn.relu(-x), [shape]


@single
def reshape(rng):
    return lambda x: tf.reshape(x, [1, -1]), [any_shape(rng)]


@single
def resize_bilinear(rng):
    half = bool(rng.integers(2))
    return lambda x: tf.compat.v1.image.resize_bilinear(x, [9, 14], half_pixel_centers=half), [image(rng)]


@single
def resize_nearest(rng):
    half = bool(rng.integers(2))
    return lambda x: tf.compat.v1.image.resize_nearest_neighbor(x, [9, 14], half_pixel_centers=half), [image(rng)]


@single
def reverse(rng):
    return lambda x: tf.reverse(x, [1]), [any_shape(rng)]


@single
def scatter_nd(rng):
    return lambda x: tf.scatter_nd(tf.constant([[1], [3]]), x, [5, 4]), [[2, 4]]


@single
def select(rng):
    shape = any_shape(rng)
    mask = tf.constant(rng.integers(0, 2, shape).astype(bool))
    return lambda x, y: tf.where(mask, x, y), [shape, shape]


@single
def slice_(rng):
    return lambda x: tf.slice(x, [0, 1, 0, 0], [1, 3, -1, -1]), [image(rng)]


@single
def space_to_batch(rng):
    return lambda x: tf.space_to_batch(x, [2, 2], [[0, 0], [0, 0]]), [[1, 4, 6, int(rng.integers(1, 5))]]


@single
def space_to_depth(rng):
    return lambda x: tf.nn.space_to_depth(x, 2), [[1, 4, 6, int(rng.integers(1, 5))]]


@single
def split(rng):
    return lambda x: tuple(tf.split(x, 2, axis=-1)), [image(rng, 6)]


@single
def split_v(rng):
    return lambda x: tuple(tf.split(x, [1, 3, 2], axis=-1)), [image(rng, 6)]


@single
def squeeze(rng):
    return lambda x: tf.squeeze(x, [1]), [[1, 1, int(rng.integers(2, 9))]]


@single
def strided_slice(rng):
    return lambda x: x[:, ::2, 1:, :], [image(rng)]


@single
def tile(rng):
    return lambda x: tf.tile(x, [1, 2, 3]), [[1, 3, int(rng.integers(2, 5))]]


@single
def top_k(rng):
    return lambda x: tuple(tf.math.top_k(x, 2)), [[1, int(rng.integers(3, 9))]]


@single
def transpose(rng):
    return lambda x: tf.transpose(x, [0, 3, 1, 2]), [image(rng)]


@single
def transpose_conv(rng):
    shape = image(rng)
    filters = constant(rng, 3, 3, 4, shape[-1])
    out = [1, shape[1] * 2, shape[2] * 2, 4]
    return lambda x: tf.nn.conv2d_transpose(x, filters, out, 2, "SAME"), [shape]


@single
def unpack(rng):
    return lambda x: tuple(tf.unstack(x, axis=1)), [[1, 3, int(rng.integers(2, 6))]]


@single
def cast_and_back(rng):
    return lambda x: tf.cast(tf.cast(x * 8.0, tf.int32), tf.float32), [any_shape(rng)]


@single
def zeros_like(rng):
    return lambda x: x + tf.zeros_like(x), [any_shape(rng)]


# ---- several operators ----------------------------------------------------------------------------------------------


def conv(rng, x, channels, size=3, stride=1, activation=tf.nn.relu):
    filters = constant(rng, size, size, int(x.shape[-1]), channels, low=-0.5, high=0.5)
    return activation(tf.nn.conv2d(x, filters, stride, "SAME") + constant(rng, channels))


def replay(rng, body):
    """The constants that `body(rng, ...)` draws are the same in each trace."""
    seed = int(rng.integers(1 << 30))
    return lambda *inputs: body(np.random.default_rng(seed), *inputs)


@multi
def conv_blocks(rng):
    return replay(rng, lambda r, x: conv(r, conv(r, conv(r, x, 8), 8, 1), 4, 3, 2)), [image(rng)]


@multi
def residual(rng):
    def body(r, x):
        y = conv(r, x, 6)
        return tf.nn.relu(y + conv(r, y, 6, activation=tf.identity))

    return replay(rng, body), [image(rng)]


@multi
def mixed_concat(rng):
    return lambda x: tf.concat([x * 100.0, tf.sigmoid(x)], -1), [image(rng)]


@multi
def shared_weights(rng):
    shape = image(rng, 4)
    filters = constant(rng, 3, 3, 4, 4)
    return (
        lambda x: tf.nn.conv2d(tf.nn.relu(tf.nn.conv2d(x, filters, 1, "SAME")) * 9.0, filters, 1, "SAME"),
        [shape],
    )


@multi
def attention(rng):
    def body(r, x):
        q, k, v = (tf.matmul(x, tf.tile(constant(r, 1, 8, 8), [1, 1, 1])) for _ in range(3))
        return tf.matmul(tf.nn.softmax(tf.matmul(q, k, transpose_b=True) * 0.35), v)

    return replay(rng, body), [[1, int(rng.integers(3, 7)), 8]]


@multi
def layer_norm(rng):
    def body(r, x):
        mean = tf.reduce_mean(x, -1, keepdims=True)
        variance = tf.reduce_mean(tf.math.squared_difference(x, mean), -1, keepdims=True)
        return (x - mean) * tf.math.rsqrt(variance + 1e-3) * constant(r, 8) + constant(r, 8)

    return replay(rng, body), [[1, 5, 8]]


@multi
def depthwise_separable(rng):
    def body(r, x):
        filters = constant(r, 3, 3, int(x.shape[-1]), 1)
        y = tf.nn.relu6(tf.nn.depthwise_conv2d(x, filters, [1, 2, 2, 1], "SAME") + constant(r, int(x.shape[-1])))
        return conv(r, y, 10, 1, activation=tf.nn.relu6)

    return replay(rng, body), [image(rng)]


@multi
def unet(rng):
    def body(r, x):
        down = conv(r, x, 6, 3, 2)
        up = tf.compat.v1.image.resize_nearest_neighbor(down, [8, 8])
        return conv(r, tf.concat([up, x], -1), 3, activation=tf.sigmoid)

    return replay(rng, body), [[1, 8, 8, 3]]


@multi
def hard_swish_block(rng):
    return replay(rng, lambda r, x: conv(r, x, 6, activation=lambda y: y * tf.nn.relu6(y + 3.0) / 6.0)), [image(rng)]


@multi
def squeeze_excite(rng):
    def body(r, x):
        y = conv(r, x, 8)
        gate = conv(r, tf.reduce_mean(y, [1, 2], keepdims=True), 8, 1, activation=tf.sigmoid)
        return y * gate

    return replay(rng, body), [image(rng)]


@multi
def split_and_stack(rng):
    def body(r, x):
        a, b = tf.split(x, 2, axis=-1)
        return tf.stack([tf.nn.relu(a), b * 3.0], axis=1)

    return replay(rng, body), [image(rng, 6)]


@multi
def perceptron(rng):
    def body(r, x):
        for units in (40, 30, 10):
            x = tf.nn.relu(tf.matmul(x, constant(r, int(x.shape[-1]), units)) + constant(r, units))
        return tf.nn.softmax(x)

    return replay(rng, body), [[1, 40]]


@multi
def gathered_table(rng):
    table = constant(rng, 64, 32)
    return lambda x: tf.reduce_mean(tf.gather(table, tf.cast(tf.abs(x) * 30.0, tf.int32)), 1), [[1, 6]]


@multi
def channel_shuffle(rng):
    def body(r, x):
        y = tf.reshape(x, [1, x.shape[1], x.shape[2], 2, 3])
        return conv(r, tf.reshape(tf.transpose(y, [0, 1, 2, 4, 3]), x.shape), 4)

    return replay(rng, body), [image(rng, 6)]


@multi
def pixel_shuffle(rng):
    return replay(rng, lambda r, x: tf.nn.depth_to_space(conv(r, x, 12), 2)), [image(rng)]


@multi
def pool_pyramid(rng):
    def body(r, x):
        y = conv(r, x, 4)
        return tf.concat([tf.nn.max_pool2d(y, k, 1, "SAME") for k in (1, 3, 5)], -1)

    return replay(rng, body), [image(rng)]


@multi
def two_outputs(rng):
    def body(r, x):
        y = conv(r, x, 5)
        return tf.sigmoid(conv(r, y, 2, activation=tf.identity)), conv(r, y, 4, activation=tf.identity) * 20.0

    return replay(rng, body), [image(rng)]


@multi
def gated_unit(rng):
    def body(r, x):
        return tf.tanh(tf.matmul(x, constant(r, 12, 12))) * tf.sigmoid(tf.matmul(x, constant(r, 12, 12)))

    return replay(rng, body), [[1, 12]]


@multi
def swish_block(rng):
    return replay(rng, lambda r, x: conv(r, x, 6, activation=lambda y: y * tf.sigmoid(y))), [image(rng)]


@multi
def normalized_embedding(rng):
    return replay(rng, lambda r, x: tf.math.l2_normalize(tf.matmul(x, constant(r, 16, 8)), -1)), [[1, 16]]


@multi
def scaled_input(rng):
    return replay(rng, lambda r, x: conv(r, (x - 0.5) / 0.25, 4)), [image(rng, 3)]


@multi
def max_of_branches(rng):
    return replay(rng, lambda r, x: tf.maximum(conv(r, x, 4), conv(r, x, 4, 1) * 0.1)), [image(rng)]


@multi
def clipped_difference(rng):
    shape = any_shape(rng)
    return lambda x, y: tf.clip_by_value(tf.abs(x - y), 0.1, 0.8), [shape, shape]


@multi
def transposed_decoder(rng):
    def body(r, x):
        filters = constant(r, 2, 2, 3, 4)
        out = [1, x.shape[1] * 2, x.shape[2] * 2, 3]
        return tf.nn.relu(tf.nn.conv2d_transpose(x, filters, out, 2, "SAME") + constant(r, 3))

    return replay(rng, body), [image(rng, 4)]


@multi
def padded_conv(rng):
    def body(r, x):
        padded = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        return tf.nn.relu(tf.nn.conv2d(padded, constant(r, 3, 3, 3, 5), 2, "VALID") + constant(r, 5))

    return replay(rng, body), [image(rng, 3)]


@multi
def unused_branch(rng):
    def body(r, x):
        a, b = tf.split(conv(r, x, 8), 2, axis=-1)
        return a * 0.5 + tf.stop_gradient(a)

    return replay(rng, body), [image(rng)]


# ---- more dimensions, other operands --------------------------------------------------------------------------------

# Kernels and delegates have limits of rank and broadcasting that differ by operator and type.
BROADCAST = {
    "add": tf.add,
    "sub": tf.subtract,
    "mul": tf.multiply,
    "maximum": tf.maximum,
    "minimum": tf.minimum,
    "div_by_positive": lambda x, y: x / (tf.abs(y) + 1.0),
}
for _name, _function in BROADCAST.items():

    def _broadcast_5(rng, function=_function):
        shape = [1, *(int(n) for n in rng.integers(2, 5, 4))]
        return function, [shape, [1, shape[1], 1, 1, shape[4]]]

    SINGLE[f"{_name}_rank5"] = _broadcast_5


@single
def add_rank6(rng):
    shape = [1, *(int(n) for n in rng.integers(2, 4, 5))]
    return tf.add, [shape, [*shape[:5], 1]]


@single
def transpose_rank6(rng):
    return lambda x: tf.transpose(x, [0, 5, 2, 4, 1, 3]), [[1, *(int(n) for n in rng.integers(2, 4, 5))]]


@single
def slice_rank5(rng):
    return lambda x: tf.slice(x, [0, 1, 0, 0, 0], [1, 1, 2, 1, 2]), [[1, *(int(n) for n in rng.integers(2, 5, 4))]]


@single
def strided_slice_rank5(rng):
    return lambda x: x[:, ::2, 1:, :, ::-1], [[1, *(int(n) for n in rng.integers(2, 5, 4))]]


@single
def pad_rank5(rng):
    rows = [[0, 0], [1, 2], [0, 1], [1, 0], [0, 1]]
    return lambda x: tf.pad(x, rows), [[1, *(int(n) for n in rng.integers(2, 5, 4))]]


@single
def pad_v2_outside(rng):
    # The constant is far from everything the input holds.
    return lambda x: tf.pad(x, [[0, 0], [1, 2]], constant_values=-9.0), [[1, int(rng.integers(3, 9))]]


@single
def batch_matmul_constant_left(rng):
    rows, depth, columns = (int(n) for n in rng.integers(2, 7, 3))
    weights = constant(rng, 2, rows, depth)
    return lambda x: tf.matmul(weights, x), [[2, depth, columns]]


@single
def batch_matmul_adjoint(rng):
    rows, depth, columns = (int(n) for n in rng.integers(2, 7, 3))
    return lambda x, y: tf.matmul(x, y, transpose_b=True), [[2, rows, depth], [2, columns, depth]]


@single
def fully_connected_rank3(rng):
    weights, bias = constant(rng, 12, 7), constant(rng, 7)
    return lambda x: tf.tensordot(x, weights, 1) + bias, [[1, int(rng.integers(2, 6)), 12]]


@single
def transpose_conv_bias(rng):
    _, height, width, channels = image(rng)
    out = int(rng.integers(2, 6))
    weights, bias = constant(rng, 3, 3, out, channels), constant(rng, out)
    shape = [1, 2 * height, 2 * width, out]
    return lambda x: tf.nn.conv2d_transpose(x, weights, shape, 2) + bias, [[1, height, width, channels]]


# ---- sequences, tables of words, open batches ------------------------------------------------------------------------


@multi
def embedded_words(rng):
    table = constant(rng, 80, 24)

    def body(r, ids):
        return tf.reduce_mean(tf.gather(table, ids), 1) @ constant(r, 24, 5)

    return replay(rng, body), [Ids((1, 7), 80)]


@multi
def embedded_words_and_features(rng):
    table = constant(rng, 70, 16)

    def body(r, ids, x):
        return tf.nn.relu(tf.concat([tf.reshape(tf.gather(table, ids), [1, 48]), x], -1) @ constant(r, 58, 9))

    return replay(rng, body), [Ids((1, 3), 70), [1, 10]]


@multi
def one_hot_words(rng):
    return replay(rng, lambda r, ids: tf.one_hot(ids, 12) @ constant(r, 12, 6)), [Ids((4,), 12)]


@multi
def unrolled_gru(rng):
    def body(r, x):
        update, reset, new = (constant(r, 12, 6, low=-0.6, high=0.6) for _ in range(3))
        state = tf.zeros([1, 6])
        for step in range(3):
            both = tf.concat([x[:, step], state], -1)
            gate, keep = tf.sigmoid(both @ update), tf.sigmoid(both @ reset)
            candidate = tf.tanh(tf.concat([x[:, step], keep * state], -1) @ new)
            state = gate * state + (1.0 - gate) * candidate
        return state

    return replay(rng, body), [[1, 3, 6]]


@multi
def temporal_conv(rng):
    def body(r, x):
        for channels in (6, 4):
            x = tf.nn.relu(tf.nn.conv1d(x, constant(r, 3, int(x.shape[-1]), channels), 1, "SAME", dilations=2))
        return tf.reduce_max(x, 1)

    return replay(rng, body), [[1, int(rng.integers(8, 16)), 3]]


@multi
def multi_head_attention(rng):
    def body(r, x):
        heads = [tf.transpose(tf.reshape(x @ constant(r, 8, 8), [1, -1, 2, 4]), [0, 2, 1, 3]) for _ in range(3)]
        scores = tf.nn.softmax(tf.matmul(heads[0], heads[1], transpose_b=True) * 0.5)
        return tf.reshape(tf.transpose(scores @ heads[2], [0, 2, 1, 3]), [1, -1, 8]) @ constant(r, 8, 8)

    return replay(rng, body), [[1, int(rng.integers(3, 7)), 8]]


@multi
def instance_norm(rng):
    def body(r, x):
        mean = tf.reduce_mean(x, [1, 2], keepdims=True)
        variance = tf.reduce_mean(tf.square(x - mean), [1, 2], keepdims=True)
        return (x - mean) / tf.sqrt(variance + 1e-3) * constant(r, int(x.shape[-1]), low=0.5)

    return replay(rng, body), [image(rng)]


@multi
def normalized_by_sum(rng):
    def body(r, x):
        positive = tf.abs(x) + 0.2
        return positive / tf.reduce_sum(positive, -1, keepdims=True)

    return replay(rng, body), [[1, int(rng.integers(3, 9))]]


@multi
def mish_block(rng):
    def body(r, x):
        return conv(r, x, 5, activation=lambda y: y * tf.tanh(tf.math.log(1.0 + tf.exp(y * 0.3))))

    return replay(rng, body), [image(rng)]


@multi
def masked_by_comparison(rng):
    return replay(rng, lambda r, x: tf.where(x > 0.3, x * 2.0, x * 0.1) + constant(r, int(x.shape[-1]))), [image(rng)]


@multi
def open_batch_conv(rng):
    shape = image(rng, 3)
    return replay(rng, lambda r, x: tf.reduce_mean(conv(r, conv(r, x, 6), 4, 1), [1, 2])), [[None, *shape[1:]]]


@multi
def open_batch_perceptron(rng):
    def body(r, x):
        return tf.nn.softmax(tf.nn.relu(x @ constant(r, 20, 15) + constant(r, 15)) @ constant(r, 15, 6))

    return replay(rng, body), [[None, 20]]


# ---- conversion -----------------------------------------------------------------------------------------------------


def sample_shape(entry):
    return [SAMPLE_BATCH if size is None else size for size in entry]


def samples_of(rng, name, shapes, count):
    """[[array of an input, ...]]: values within [-2, 2], or above 0.1 where the operator needs that."""
    low, high = (0.1 if name.removesuffix("_constant") in POSITIVE else -2.0), 2.0
    if name == "reduce_prod":  # a product of many must not vanish beside the largest one seen
        low, high = 0.8, 1.2

    def drawn(entry):
        if isinstance(entry, Ids):
            return rng.integers(0, entry.count, entry.shape).astype(np.int32)
        return rng.uniform(low, high, sample_shape(entry)).astype(np.float32)

    return [[drawn(entry) for entry in shapes] for _ in range(count)]


def to_tflite(function, shapes, mode=None, samples=None):
    """The float .tflite, or what TensorFlow's converter makes of the function in one of our modes."""
    concrete = tf.function(function).get_concrete_function(*[spec_of(shape) for shape in shapes])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    if mode is None:
        return converter.convert()
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode == "float16":
        converter.target_spec.supported_types = [tf.float16]
    elif mode != "dynamic":
        converter.representative_dataset = lambda: iter(samples)
        sets = tf.lite.OpsSet
        integer = (
            sets.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
            if "16x8" in mode
            else sets.TFLITE_BUILTINS_INT8
        )
        converter.target_spec.supported_ops = [integer] + ([] if mode.endswith("-only") else [sets.TFLITE_BUILTINS])
        if mode.endswith("-only"):
            border = tf.int16 if "16x8" in mode else tf.int8
            if not any(isinstance(shape, Ids) for shape in shapes):  # it takes no other types then
                converter.inference_input_type = converter.inference_output_type = border
    return converter.convert()
