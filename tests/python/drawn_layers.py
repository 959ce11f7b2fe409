"""Drawn cases of operators with weights, windows or matrices: name to a function of a Draw."""

import numpy as np

from one_operator import Tensor, constant

FAMILIES = {}


def family(*types, weight=1):
    """Registers `function(draw, dtype)` under its name with each of the types; `weight`: how often it is drawn."""

    def register(function):
        for dtype in types:
            FAMILIES[f"{function.__name__.rstrip('_')}_{dtype}"] = (lambda d, dtype=dtype: function(d, dtype), weight)
        return function

    return register


def window_fields(d, input_size, dilated=True):
    """(filter height and width, fields of the options) that fit an image of this size."""
    kernel = [d.size(1, min(size, 4)) for size in input_size]
    strides = [d.size(1, 3), d.size(1, 3)]
    fields = {"strideH": strides[0], "strideW": strides[1], "padding": d.one(0, 1)}
    if dilated:
        dilation = [1, 1]
        if d.chance(0.3):
            dilation = [d.size(1, 3) for _ in range(2)]
        if fields["padding"] == 1:  # VALID: the dilated window must lie inside
            dilation = [1 if k == 1 else min(n, (s - 1) // (k - 1)) for n, k, s in zip(dilation, kernel, input_size)]
        fields.update(dilationHFactor=dilation[0], dilationWFactor=dilation[1])
    return kernel, fields


def layer_types(d, kind):
    """(activations, weights, bias) of a kind of layer."""
    return {
        "f32": ("f32", "f32", "f32"), "hybrid": ("f32", "i8", "f32"), "i8": ("i8", "i8", "i32"),
        "i8w4": ("i8", "i4", "i32"), "u8": ("u8", "u8", "i32"), "i16": ("i16", "i8", "i64"),
    }[kind]


def made_layer(d, kind, shape, weight_shape, axis, channels, depth, per_channel=None):
    """(input, weights, bias, output) of a layer whose results spread over the type, and sometimes beyond."""
    data, stored_weights, bias_type = layer_types(d, kind)
    image = d.stored(data, shape)
    if kind == "f32":
        return image, d.floats(weight_shape), d.floats([channels]), Tensor("f32")
    if kind == "u8":
        values = d.rng.integers(0, 256, weight_shape)
        weights = constant("u8", values, scale=d.scale(-10, -3), zero=int(d.rng.integers(1, 255)))
    else:
        per_channel = d.chance(0.7) if per_channel is None else per_channel
        weights = d.weights(stored_weights, weight_shape, axis if per_channel else None)
    if kind == "hybrid":
        return image, weights, d.floats([channels], 3), Tensor("f32")
    largest = float(np.max(weights.scale))
    spread = image.scale * largest * (73 * 73) * depth**0.5 / {"i16": 32768 / 4, "i8": 128, "u8": 128, "i8w4": 128 * 8}[kind]
    if kind == "i16":
        spread *= 100
    scale = float(np.float32(spread * 2.0 ** d.rng.uniform(-2, 2)))
    if d.chance(0.5):
        scale = float(2.0 ** np.round(np.log2(scale)))
    output = d.stored(data, (), scale=scale)
    return image, weights, d.bias(bias_type, channels, depth, image.scale, weights), output


@family("f32", "hybrid", "i8", "i8w4", "u8", "i16", weight=4)
def conv_2d(d, kind):
    size = [d.size(1, 9), d.size(1, 9)]
    kernel, fields = window_fields(d, size)
    groups = d.size(2, 3) if kind in ("f32", "hybrid", "i8") and d.chance(0.2) else 1
    depth, channels = d.size(1, 9), d.size(1, 9) * groups
    shape = [d.size(1, 2), *size, depth * groups]
    weight_shape = [channels, *kernel, depth]
    # Of hybrid weights in groups the reference takes a scale per channel, whether there are so many or not.
    image, weights, bias, output = made_layer(d, kind, shape, weight_shape, 0, channels, depth * kernel[0] * kernel[1],
                                              True if kind == "hybrid" and groups > 1 else None)
    fields["fusedActivationFunction"] = d.fused()
    return d.case("CONV_2D", [image, weights, bias], [output], ("Conv2DOptions", fields),
                  {"f32": 1, "hybrid": 5, "i8": 3, "i8w4": 7, "u8": 1, "i16": 4}[kind])


@family("f32", "hybrid", "i8", "i8w4", "u8", "i16", weight=4)
def depthwise_conv_2d(d, kind):
    size = [d.size(1, 9), d.size(1, 9)]
    kernel, fields = window_fields(d, size)
    multiplier = d.one(1, 1, 2, 3)
    depth = d.size(1, 19)
    channels = depth * multiplier
    image, weights, bias, output = made_layer(
        d, kind, [d.size(1, 2), *size, depth], [1, *kernel, channels], 3, channels, kernel[0] * kernel[1],
        True if kind in ("hybrid", "i8w4") else None)
    fields.update(fusedActivationFunction=d.fused(), depthMultiplier=multiplier)
    return d.case("DEPTHWISE_CONV_2D", [image, weights, bias], [output], ("DepthwiseConv2DOptions", fields),
                  {"f32": 1, "hybrid": 6, "i8": 3, "i8w4": 7, "u8": 1, "i16": 5}[kind])


@family("f32", "hybrid", "i8", "u8", "i16", weight=2)
def transpose_conv(d, kind):
    kernel, strides = [d.size(1, 4), d.size(1, 4)], [d.size(1, 3), d.size(1, 3)]
    size, padding = [d.size(1, 5), d.size(1, 5)], d.one(0, 1)
    output_size = [s * n if padding == 0 else (n - 1) * s + k for s, n, k in zip(strides, size, kernel)]
    depth, channels, batches = d.size(1, 9), d.size(1, 9), d.size(1, 2)
    image, weights, bias, output = made_layer(
        d, kind, [batches, *size, depth], [channels, *kernel, depth], 0, channels, depth * kernel[0] * kernel[1],
        True if kind == "hybrid" else None)
    fields = {"padding": padding, "strideH": strides[0], "strideW": strides[1], "fusedActivationFunction": 0}
    operands = [constant("i32", [batches, *output_size, channels]), weights, image]
    if d.chance(0.6):
        operands.append(bias)
    output.shape = [batches, *output_size, channels]
    return d.case("TRANSPOSE_CONV", operands, [output], ("TransposeConvOptions", fields), 3)


@family("f32", "hybrid", "i8", "i8w4", "u8", "i16", weight=4)
def fully_connected(d, kind):
    depth, channels = d.size(1, 40), d.size(1, 20)
    shape = [*d.shape(1, 3, 4), depth]
    image, weights, bias, output = made_layer(d, kind, shape, [channels, depth], 0, channels, depth,
                                              False if kind in ("hybrid", "i8w4") else None)
    fields = {"fusedActivationFunction": d.fused(), "keepNumDims": d.chance(0.5),
              "asymmetricQuantizeInputs": kind == "hybrid" and d.chance(0.5)}
    if kind == "i16" or d.chance(0.7):
        return d.case("FULLY_CONNECTED", [image, weights, bias], [output], ("FullyConnectedOptions", fields),
                      {"hybrid": 9, "i16": 7, "i8w4": 10}.get(kind, 5))
    return d.case("FULLY_CONNECTED", [image, weights, None], [output], ("FullyConnectedOptions", fields), 6)


@family("f32", "i8", "i16", weight=3)
def batch_matmul(d, dtype):
    rows, depth, columns = d.size(1, 9), d.size(1, 20), d.size(1, 9)
    batches = d.broadcast(3, 3)
    # With a transposed left operand whose batches are not the right one's TensorFlow Lite reads beside its arrays.
    flips = [batches[0] == batches[1] and d.chance(0.6), d.chance(0.4)]
    left = [depth, rows] if flips[0] else [rows, depth]
    right = [columns, depth] if flips[1] else [depth, columns]
    operands = [d.stored(dtype, batches[0] + left), d.stored(dtype, batches[1] + right)]
    output = Tensor("f32")
    if dtype != "f32":
        spread = operands[0].scale * operands[1].scale * depth**0.5 * (50 if dtype == "i8" else 12000)
        output = d.stored(dtype, (), scale=float(np.float32(spread * 2.0 ** d.rng.uniform(-1, 1))))
    return d.case("BATCH_MATMUL", operands, [output], ("BatchMatMulOptions", {"adjX": flips[0], "adjY": flips[1]}),
                  1 if dtype == "f32" else 3)


@family("hybrid")
def batch_matmul_by_weights(d, dtype):
    rows, depth, columns = d.size(1, 9), d.size(1, 20), d.size(1, 9)
    # With two axes of batches the reference kernel takes other rows' scales, up to 86 % off the product of the floats.
    batches, flipped = d.shape(0, 1, 3), d.chance(0.5)
    weights = d.weights("i8", batches + ([columns, depth] if flipped else [depth, columns]))
    fields = {"adjX": False, "adjY": flipped, "asymmetricQuantizeInputs": d.chance(0.5)}
    return d.case("BATCH_MATMUL", [Tensor("f32", batches + [rows, depth]), weights], [Tensor("f32")],
                  ("BatchMatMulOptions", fields), 4)


def pooled(d, op, dtype):
    size = [d.size(1, 9), d.size(1, 9)]
    kernel, fields = window_fields(d, size, dilated=False)
    fields.update(filterHeight=kernel[0], filterWidth=kernel[1], fusedActivationFunction=d.fused())
    image = d.stored(dtype, [d.size(1, 2), *size, d.size(1, 20)])
    return d.case(op, [image], [d.like(image)], ("Pool2DOptions", fields), {"i16": 3, "i8": 2}.get(dtype, 1))


@family("f32", "i8", "u8", "i16", weight=2)
def average_pool_2d(d, dtype):
    return pooled(d, "AVERAGE_POOL_2D", dtype)


@family("f32", "i8", "u8", "i16", weight=2)
def max_pool_2d(d, dtype):
    return pooled(d, "MAX_POOL_2D", dtype)


@family("f32")
def l2_pool_2d(d, dtype):
    return pooled(d, "L2_POOL_2D", dtype)


@family("f32", "i8", "u8", "i16", weight=2)
def resize_bilinear(d, dtype):
    image = d.stored(dtype, [d.size(1, 2), d.size(1, 6), d.size(1, 6), d.size(1, 5)])
    fields = d.one({}, {"alignCorners": True}, {"halfPixelCenters": True})
    return d.case("RESIZE_BILINEAR", [image, constant("i32", [d.size(1, 11), d.size(1, 11)])], [d.like(image)],
                  ("ResizeBilinearOptions", fields), 4 if dtype == "i16" else 3)


@family("f32", "i8", "u8", "i16")
def resize_nearest_neighbor(d, dtype):
    image = d.stored(dtype, [d.size(1, 2), d.size(1, 6), d.size(1, 6), d.size(1, 5)])
    fields = d.one({}, {"alignCorners": True}, {"halfPixelCenters": True},
                   {"alignCorners": True, "halfPixelCenters": True})
    return d.case("RESIZE_NEAREST_NEIGHBOR", [image, constant("i32", [d.size(1, 11), d.size(1, 11)])],
                  [d.like(image)], ("ResizeNearestNeighborOptions", fields), 4 if dtype == "i16" else 3)


@family("f32")
def conv_3d(d, dtype):
    size = [d.size(1, 5) for _ in range(3)]
    kernel = [d.size(1, min(n, 3)) for n in size]
    fields = {f"stride{axis}": d.size(1, 2) for axis in "DHW"}
    fields.update({f"dilation{axis}Factor": 1 for axis in "DHW"}, padding=d.one(0, 1), fusedActivationFunction=d.fused())
    depth, channels = d.size(1, 4), d.size(1, 5)
    return d.case("CONV_3D", [Tensor(dtype, [d.size(1, 2), *size, depth]), d.floats([*kernel, depth, channels]),
                              d.floats([channels])], [Tensor(dtype)], ("Conv3DOptions", fields))
