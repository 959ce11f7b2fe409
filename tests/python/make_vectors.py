"""Golden vectors of what ../shared/vectors lacks, written to tests/reference/vectors.

    python tests/python/make_vectors.py [PART OF A NAME]...      (needs TensorFlow 2.21; without arguments: all)

`refused.json` beside them lists the cells (operator, element type) that our table claims and TensorFlow Lite's own
kernels do not run, with what they say.
"""

import json
import os
import struct
import sys

import numpy as np
from flatbuffers import flexbuffers
from tensorflow.lite.python import schema_py_generated as schema

from one_operator import TYPES, Case, Tensor, constant
from vector_cells import CELLS, NOT_WRITTEN

CASES = []
FLOAT = 1e-5


def case(name, op, inputs, outputs, options=None, version=1, **more):
    floats = any(tensor.dtype in ("f32", "f64", "f16", "c64") for tensor in outputs)
    more.setdefault("compare", FLOAT if floats else None)
    CASES.append(Case(name, op, inputs, outputs, options, version, **more))


def custom(name, operator, inputs, outputs, options, **more):
    case(name, "CUSTOM", inputs, outputs, custom=operator, custom_options=options, **more)


# ---- Detection ------------------------------------------------------------------------------------------------------


def detection(name, *, regular, most, per_detection, columns, classes, boxes=12, dtype="f32", scores="f32",
              threshold=0.0, overlap=0.5, per_class=None):
    options = {
        "max_detections": most, "max_classes_per_detection": per_detection, "num_classes": classes,
        "nms_score_threshold": threshold, "nms_iou_threshold": overlap, "y_scale": 10.0, "x_scale": 10.0,
        "h_scale": 5.0, "w_scale": 5.0, "use_regular_nms": regular,
    }
    if per_class:
        options["detections_per_class"] = per_class
    rng = np.random.default_rng(len(name))
    centres = rng.uniform(0.2, 0.8, (boxes, 2))
    anchors = np.concatenate([centres, rng.uniform(0.3, 0.5, (boxes, 2))], 1)
    if dtype == "u8":
        encoded = Tensor("u8", [1, boxes, 4], scale=0.05, zero=120)
        anchors = constant("u8", np.round(anchors * 200), scale=1 / 200, zero=0)
    else:
        encoded, anchors = Tensor("f32", [1, boxes, 4], low=-3, high=3), constant("f32", anchors)
    if scores == "u8":
        scored = Tensor("u8", [1, boxes, columns], scale=1 / 256, zero=0)
    else:
        scored = Tensor("f32", [1, boxes, columns], low=0, high=1)
    rng = np.random.default_rng(7)
    sets = []
    for turn in range(2):
        values = [encoded.draw(rng, 0), scored.draw(rng, 0)]
        if scores == "u8":  # no ties
            order = rng.permutation(boxes * columns)
            values[1] = (order * (255 // (boxes * columns)) + turn).reshape(scored.shape)
        sets.append(values)
    results = [Tensor("f32", [1, most * per_detection, 4]), Tensor("f32"), Tensor("f32"), Tensor("f32")]
    custom(name, "TFLite_Detection_PostProcess", [encoded, scored, anchors], results, bytes(flexbuffers.Dumps(options)),
           sets=sets)


detection("detection_f32_fast", regular=False, most=3, per_detection=1, columns=4, classes=3, overlap=0.9)
detection("detection_f32_fast_two_classes", regular=False, most=3, per_detection=2, columns=4, classes=4, overlap=0.95)
detection("detection_f32_regular", regular=True, most=6, per_detection=1, columns=4, classes=3, threshold=0.4)
detection("detection_f32_regular_per_class", regular=True, most=8, per_detection=1, columns=3, classes=3, per_class=2)
detection("detection_u8_fast", regular=False, most=3, per_detection=1, columns=4, classes=3, dtype="u8", scores="u8",
          overlap=0.95)
detection("detection_u8_regular", regular=True, most=6, per_detection=1, columns=4, classes=3, dtype="u8", scores="u8",
          threshold=0.3)
detection("detection_f32_u8_scores", regular=True, most=5, per_detection=1, columns=3, classes=2, scores="u8")

# ---- MediaPipe's operators, which TensorFlow Lite does not have: the answers are computed here ----------------------


def pool_axis(size, window, stride, same):
    out = -(-size // stride) if same else (size - window + stride) // stride
    return out, max(0, ((out - 1) * stride + window - size) // 2) if same else 0


def pool_with_places(image, window, strides, same):
    (batch, height, width, channels) = image.shape
    (rows, top), (columns, left) = (pool_axis(s, w, t, same) for s, w, t in zip((height, width), window, strides))
    values, places = np.zeros((batch, rows, columns, channels)), np.zeros((batch, rows, columns, channels))
    for b, y, x, c in np.ndindex(values.shape):
        best, place = -np.inf, 0
        for i, j in np.ndindex(*window):
            row, column = y * strides[0] - top + i, x * strides[1] - left + j
            if 0 <= row < height and 0 <= column < width and image[b, row, column, c] > best:
                best, place = image[b, row, column, c], i * window[1] + j
        values[b, y, x, c], places[b, y, x, c] = best, place + 0.1
    return values.astype(np.float32), places.astype(np.float32)


def unpool(image, places, window, strides):
    (batch, height, width, channels) = image.shape
    result = np.zeros((batch, height * window[0], width * window[1], channels), np.float32)
    pads = [max(0, (n - 1) * s + w - n * w) // 2 for n, s, w in zip((height, width), strides, window)]
    for b, y, x, c in np.ndindex(image.shape):
        place = int(places[b, y, x, c])
        row, column = y * strides[0] - pads[0] + place // window[1], x * strides[1] - pads[1] + place % window[1]
        if 0 <= row < result.shape[1] and 0 <= column < result.shape[2]:
            result[b, row, column, c] = image[b, y, x, c]
    return (result,)


def transpose_with_bias(image, weights, bias, strides, same):
    (batch, height, width, _), (outputs, rows, columns, _) = image.shape, weights.shape
    padding = [max(0, k - (n - 1) % s - 1) if same else 0 for k, n, s in zip((rows, columns), (height, width), strides)]
    sizes = [s * (n - 1) + k - p for s, n, k, p in zip(strides, (height, width), (rows, columns), padding)]
    whole = np.zeros((batch, sizes[0] + padding[0], sizes[1] + padding[1], outputs))
    for y, x in np.ndindex(height, width):
        part = np.einsum("bc,ohwc->bhwo", image[:, y, x].astype(np.float64), weights.astype(np.float64))
        whole[:, y * strides[0] : y * strides[0] + rows, x * strides[1] : x * strides[1] + columns] += part
    top, left = padding[0] // 2, padding[1] // 2
    return ((whole[:, top : top + sizes[0], left : left + sizes[1]] + bias).astype(np.float32),)


def packed(*fields):
    return struct.pack(f"<{len(fields)}i", *fields)


for same, size, window, strides in ((True, (5, 6), (2, 2), (2, 2)), (False, (6, 7), (3, 2), (2, 1))):
    padding, label = (1, "same") if same else (2, "valid")
    options = packed(padding, strides[1], strides[0], window[1], window[0], 0)
    custom(f"max_pool_with_argmax_{label}", "MaxPoolingWithArgmax2D", [Tensor("f32", [2, *size, 3])],
           [Tensor("f32"), Tensor("f32")], options,
           answer=lambda image, w=window, s=strides, same=same: pool_with_places(image, w, s, same))
for label, window, strides in (("2x2", (2, 2), (2, 2)), ("2x3_wide_strides", (2, 3), (3, 4))):
    options = packed(1, strides[1], strides[0], window[1], window[0], 0)
    custom(f"max_unpooling_{label}", "MaxUnpooling2D",
           [Tensor("f32", [2, 3, 4, 2]), Tensor("f32", [2, 3, 4, 2], low=0, high=window[0] * window[1] - 0.01)],
           [Tensor("f32")], options, answer=lambda image, places, w=window, s=strides: unpool(image, places, w, s))
for label, same, weights, strides in (("same", True, (3, 2, 2, 4), (2, 2)), ("valid", False, (2, 3, 3, 4), (2, 1)),
                                      ("same_3x3", True, (2, 3, 3, 4), (2, 2))):
    rng = np.random.default_rng(3)
    kernel, bias = rng.normal(0, 1, weights).astype(np.float32), rng.normal(0, 1, weights[0]).astype(np.float32)
    custom(f"transpose_conv_bias_{label}", "Convolution2DTransposeBias",
           [Tensor("f32", [2, 4, 3, 4]), constant("f32", kernel), constant("f32", bias)], [Tensor("f32")],
           packed(1 if same else 2, strides[1], strides[0], 0),
           answer=lambda image, k=kernel, b=bias, s=strides, same=same: transpose_with_bias(image, k, b, s, same))

# ---- Plain operators ------------------------------------------------------------------------------------------------

for dtype in ("f32", "i32"):
    limits = {} if dtype == "f32" else {"low": -(2**29), "high": 2**29}
    case(f"add_n_{dtype}", "ADD_N", [Tensor(dtype, [2, 3, 4], **limits) for _ in range(3)], [Tensor(dtype)],
         ("AddNOptions", {}))

for label, least, greatest, bits in (("8", -3.0, 3.3, 8), ("4", 0.0, 3.0, 4), ("16", -4.0, 0.0, 16),
                                     ("below", -3.5, -1.5, 8), ("above", 0.5, 3.0, 6)):
    case(f"fake_quant_f32_{label}", "FAKE_QUANT", [Tensor("f32", [3, 17])], [Tensor("f32")],
         ("FakeQuantOptions", {"min": least, "max": greatest, "numBits": bits}))

for label, window, strides, padding, activation in (("same", (3, 2), (2, 1), 0, 0), ("valid", (2, 3), (1, 2), 1, 0),
                                                    ("relu6", (2, 2), (2, 2), 1, 3)):
    case(f"l2_pool_f32_{label}", "L2_POOL_2D", [Tensor("f32", [2, 5, 6, 3], low=-9, high=9)], [Tensor("f32")],
         ("Pool2DOptions", {"filterHeight": window[0], "filterWidth": window[1], "strideH": strides[0],
                            "strideW": strides[1], "padding": padding, "fusedActivationFunction": activation}))

for label, radius, bias, alpha, beta in (("usual", 2, 1.0, 0.5, 0.5), ("wide", 20, 2.0, 0.1, 0.75),
                                         ("zero_radius", 0, 1.5, 1.0, 1.0)):
    case(f"local_response_normalization_f32_{label}", "LOCAL_RESPONSE_NORMALIZATION", [Tensor("f32", [1, 2, 3, 9])],
         [Tensor("f32")],
         ("LocalResponseNormalizationOptions", {"radius": radius, "bias": bias, "alpha": alpha, "beta": beta}))

for dtype in ("f32", "bool", "i8", "u8", "i32", "i64"):
    limits = {"low": 0, "high": 40} if dtype in ("i8", "u8") else {}
    case(f"scatter_nd_{dtype}", "SCATTER_ND",
         [constant("i32", [[0], [3], [1], [3]]), Tensor(dtype, [4, 2], **limits), constant("i32", [5, 2])],
         [Tensor(dtype)], ("ScatterNdOptions", {}))
case("scatter_nd_f32_elements", "SCATTER_ND",
     [Tensor("i32", [2, 3, 2], low=0, high=2), Tensor("f32", [2, 3]), constant("i32", [3, 4])], [Tensor("f32")],
     ("ScatterNdOptions", {}))

for dtype in ("f32", "u8", "i16", "i32", "i64"):
    case(f"reverse_sequence_{dtype}", "REVERSE_SEQUENCE",
         [Tensor(dtype, [3, 4, 2, 2]), Tensor("i32", [3], low=0, high=4)], [Tensor(dtype)],
         ("ReverseSequenceOptions", {"seqDim": 1, "batchDim": 0}))
case("reverse_sequence_f32_batch_inside", "REVERSE_SEQUENCE",
     [Tensor("f32", [2, 4, 2, 3, 2]), Tensor("i64", [3], low=0, high=4)], [Tensor("f32")],
     ("ReverseSequenceOptions", {"seqDim": 1, "batchDim": 3}))

for dtype in ("f32", "i8", "u8", "i32", "i64"):
    case(f"sparse_to_dense_{dtype}", "SPARSE_TO_DENSE",
         [constant("i32", [[0, 1], [2, 0], [2, 2]]), constant("i32", [3, 4]), Tensor(dtype, [3]), Tensor(dtype, [])],
         [Tensor(dtype)], ("SparseToDenseOptions", {}), version={"i8": 3, "u8": 3, "i64": 2}.get(dtype, 1))
case("sparse_to_dense_f32_list", "SPARSE_TO_DENSE",
     [Tensor("i64", [4], low=0, high=6), constant("i64", [7]), Tensor("f32", [4]), constant("f32", -1.5)],
     [Tensor("f32")], ("SparseToDenseOptions", {}))


# Integers of one scale to those of another; powers of two among the scales, so that ties occur.
for source, target, scales, zeros in (("i32", "i8", (2.0**-24, 2.0**-5), (3, -7)), ("i32", "i16", (1e-6, 0.013), (0, 0)),
                                      ("i16", "i32", (0.02, 2.0**-16), (0, 0))):
    case(f"quantize_{source}_{target}", "QUANTIZE",
         [Tensor(source, [3, 37], scale=scales[0], zero=zeros[0])], [Tensor(target, scale=scales[1], zero=zeros[1])],
         ("QuantizeOptions", {}), turns=3)

for op in ("REDUCE_ANY", "REDUCE_ALL"):
    case(f"{op.lower()}_bool", op, [Tensor("bool", [2, 3, 2]), constant("i32", [1])], [Tensor("bool")],
         ("ReducerOptions", {"keepDims": False}))
    case(f"{op.lower()}_bool_all", op, [Tensor("bool", [2, 2]), constant("i32", [0, 1])], [Tensor("bool")],
         ("ReducerOptions", {"keepDims": True}))

# ---- Signals --------------------------------------------------------------------------------------------------------

for label, shape, length in (("8x16", [2, 8, 16], [8, 16]), ("padded", [5, 6], [8, 8]), ("cut", [9, 11], [4, 8]),
                             ("small", [3, 2, 2], [2, 2])):
    case(f"rfft2d_f32_{label}", "RFFT2D", [Tensor("f32", shape), constant("i32", length)], [Tensor("c64")],
         ("Rfft2dOptions", {}))
for op in ("REAL", "IMAG", "COMPLEX_ABS"):
    case(f"{op.lower()}_c64", op, [Tensor("c64", [3, 5])], [Tensor("f32")])


def spectrogram(name, samples, channels, window, stride, squared):
    options = bytes(flexbuffers.Dumps({"window_size": window, "stride": stride, "magnitude_squared": squared}))
    custom(name, "AudioSpectrogram", [Tensor("f32", [samples, channels], low=-1, high=1)], [Tensor("f32", [1, 1, 1])],
           options)


spectrogram("audio_spectrogram_f32", 60, 2, 16, 8, False)
spectrogram("audio_spectrogram_f32_odd_window", 75, 1, 20, 7, True)
for label, bins, rate, coefficients, channels, limits in (("usual", 65, 16000, 13, 20, (20, 4000)),
                                                          ("high", 33, 8000, 5, 8, (300, 3900))):
    options = {"upper_frequency_limit": limits[1], "lower_frequency_limit": limits[0],
               "filterbank_channel_count": channels, "dct_coefficient_count": coefficients}
    custom(f"mfcc_f32_{label}", "Mfcc", [Tensor("f32", [1, 3, bins], low=0, high=20), constant("i32", [rate])],
           [Tensor("f32", [1, 1, 1])], bytes(flexbuffers.Dumps(options)))

# ---- Matrices, segments, bits ---------------------------------------------------------------------------------------

for dtype in ("f32", "i8", "u8", "i16", "i32", "i64"):
    case(f"matrix_diag_{dtype}", "MATRIX_DIAG", [Tensor(dtype, [2, 3])], [Tensor(dtype)], ("MatrixDiagOptions", {}))
    case(f"matrix_set_diag_{dtype}", "MATRIX_SET_DIAG", [Tensor(dtype, [2, 3, 4]), Tensor(dtype, [2, 3])],
         [Tensor(dtype)], ("MatrixSetDiagOptions", {}))
for dtype in ("f32", "i32"):
    case(f"segment_sum_{dtype}", "SEGMENT_SUM", [Tensor(dtype, [5, 2, 2]), constant("i32", [0, 0, 1, 2, 2])],
         [Tensor(dtype)], ("SegmentSumOptions", {}))
    for kind in ("Sum", "Prod", "Max", "Min"):
        case(f"unsorted_segment_{kind.lower()}_{dtype}", f"UNSORTED_SEGMENT_{kind.upper()}",
             [Tensor(dtype, [6, 3]), constant("i32", [2, 0, -1, 2, 4, 0]), constant("i32", [5])], [Tensor(dtype)],
             (f"UnsortedSegment{kind}Options", {}))
case("unsorted_segment_sum_f32_two_axes", "UNSORTED_SEGMENT_SUM",
     [Tensor("f32", [2, 3, 2]), Tensor("i32", [2, 3], low=-1, high=3), constant("i32", 4)], [Tensor("f32")],
     ("UnsortedSegmentSumOptions", {}))
for dtype in ("i8", "u8", "i16", "u16", "i32", "u32"):
    case(f"bitwise_xor_{dtype}", "BITWISE_XOR", [Tensor(dtype, [3, 4]), Tensor(dtype, [4])], [Tensor(dtype)],
         ("BitwiseXorOptions", {}))
    low = 0 if dtype[0] == "u" else -3
    case(f"right_shift_{dtype}", "RIGHT_SHIFT", [Tensor(dtype, [3, 8]), Tensor(dtype, [3, 8], low=low, high=40)],
         [Tensor(dtype)], ("RightShiftOptions", {}))
for source, target, shape in (("f32", "i32", [2, 3]), ("i64", "i16", [3]), ("u8", "u32", [2, 4]), ("i8", "u8", [5]),
                              ("i16", "f16", [4]), ("u16", "i8", [4]), ("u32", "f32", [4]), ("i32", "i8", [2]),
                              ("f64", "i64", [2]), ("u64", "f64", [2]), ("c64", "i64", [2]), ("f16", "u16", [3]),
                              ("bool", "i8", [6])):
    limits = {"low": 0, "high": 15000} if source == "i16" else {}
    limits = {"low": 0, "high": 2**30} if source == "u32" else limits
    limits = {"low": 2**60, "high": 2**61} if source == "u64" else limits
    case(f"bitcast_{source}_{target}", "BITCAST", [Tensor(source, shape, **limits)], [Tensor(target)],
         ("BitcastOptions", {}))
for dtype in ("f32", "f64", "i32", "i64"):
    case(f"bucketize_{dtype}", "BUCKETIZE", [Tensor(dtype, [4, 6], low=-12, high=12)], [Tensor("i32")],
         ("BucketizeOptions", {"boundaries": [-10.0, -3.5, 0.0, 0.0, 7.0]}))
for dtype in ("f32", "f64", "f16", "bf16"):
    case(f"atan2_{dtype}", "ATAN2", [Tensor(dtype, [5, 9]), Tensor(dtype, [5, 9])], [Tensor(dtype)],
         ("ATan2Options", {}))

# ---- Volumes --------------------------------------------------------------------------------------------------------


def volume_options(strides=(1, 1, 1), dilations=(1, 1, 1), padding=0, activation=0):
    fields = {"padding": padding, "fusedActivationFunction": activation}
    for axis, stride, dilation in zip("DHW", strides, dilations):
        fields[f"stride{axis}"], fields[f"dilation{axis}Factor"] = stride, dilation
    return ("Conv3DOptions", fields)


for label, strides, dilations, padding, activation, bias in (
    ("same", (1, 2, 1), (1, 1, 1), 0, 0, True), ("valid", (2, 1, 1), (1, 1, 1), 1, 1, True),
    ("dilated", (1, 1, 1), (1, 2, 2), 0, 0, False),
):
    rng = np.random.default_rng(5)
    weights = constant("f32", rng.normal(0, 0.3, (2, 3, 2, 3, 4)))
    operands = [Tensor("f32", [2, 3, 5, 4, 3]), weights]
    case(f"conv_3d_f32_{label}", "CONV_3D",
         operands + [constant("f32", rng.normal(0, 1, 4))] if bias else operands, [Tensor("f32")],
         volume_options(strides, dilations, padding, activation))
for label, strides, padding, output, bias in (("same", (2, 1, 2), 0, [1, 4, 3, 5, 2], True),
                                              ("valid", (1, 2, 1), 1, [1, 3, 7, 4, 2], False)):
    rng = np.random.default_rng(6)
    weights = constant("f32", rng.normal(0, 0.3, (2, 3, 2, 2, 3)))
    operands = [constant("i32", output), weights, Tensor("f32", [1, 2, 3, 3, 3])]
    case(f"conv_3d_transpose_f32_{label}", "CONV_3D_TRANSPOSE",
         operands + [constant("f32", rng.normal(0, 1, 2))] if bias else operands, [Tensor("f32")],
         volume_options(strides, padding=padding))

# ---- Boxes and shapes -----------------------------------------------------------------------------------------------

for dtype in ("f32", "bool", "i8", "i16", "i32", "i64", "f16"):
    case(f"dynamic_update_slice_{dtype}", "DYNAMIC_UPDATE_SLICE",
         [Tensor(dtype, [3, 4, 2]), Tensor(dtype, [2, 3, 1]), Tensor("i32", [3], low=-1, high=3)], [Tensor(dtype)],
         ("DynamicUpdateSliceOptions", {}), version={"i16": 4, "f16": 3}.get(dtype, 1))
case("dynamic_update_slice_f32_i64", "DYNAMIC_UPDATE_SLICE",
     [Tensor("f32", [5, 2]), Tensor("f32", [2, 2]), Tensor("i64", [2], low=0, high=4)], [Tensor("f32")],
     ("DynamicUpdateSliceOptions", {}), version=2)
for dtype in ("i32", "i64"):
    case(f"broadcast_args_{dtype}", "BROADCAST_ARGS", [Tensor(dtype, [4]), Tensor(dtype, [3])], [Tensor(dtype)],
         sets=[[[2, 3, 1, 5], [3, 4, 1]], [[1, 1, 7, 2], [6, 7, 2]]])
for dtype in ("i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64", "f16", "bf16"):
    case(f"dilate_{dtype}", "DILATE", [Tensor(dtype, [2, 3, 2]), constant("i32", [2, 1, 3]), Tensor(dtype, [])],
         [Tensor(dtype)], ("DilateOptions", {}))
for dtype in ("i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64", "bool", "f16"):
    case(f"stablehlo_pad_{dtype}", "STABLEHLO_PAD", [Tensor(dtype, [3, 4]), Tensor(dtype, [])], [Tensor(dtype)],
         ("StablehloPadOptions", {"edgePaddingLow": [1, -1], "edgePaddingHigh": [-2, 3], "interiorPadding": [1, 2]}))
case("stablehlo_pad_f32_rank_3", "STABLEHLO_PAD", [Tensor("f32", [2, 3, 2]), Tensor("f32", [])], [Tensor("f32")],
     ("StablehloPadOptions", {"edgePaddingLow": [0, -3, 2], "edgePaddingHigh": [1, 2, 0],
                              "interiorPadding": [0, 3, 0]}))

for name in ("ADD", "MULTIPLY", "MAXIMUM", "MINIMUM", "AND"):
    for dtype in ("i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "bool", "f32", "f64", "f16"):
        if name == "AND" and dtype[0] == "f":
            continue
        case(f"stablehlo_{name.lower()}_{dtype}", f"STABLEHLO_{name}", [Tensor(dtype, [3, 5]), Tensor(dtype, [3, 5])],
             [Tensor(dtype)])
for dtype in ("i8", "i16", "i32"):
    case(f"stablehlo_shift_left_{dtype}", "STABLEHLO_SHIFT_LEFT",
         [Tensor(dtype, [3, 5]), Tensor(dtype, [3, 5], low=0, high=7)], [Tensor(dtype)])

# ---- As many as the values make -------------------------------------------------------------------------------------

for dtype in ("bool", "f32", "i32", "u32", "i64", "i8", "u8"):
    range_ = {} if dtype == "bool" else {"low": 0 if dtype[0] == "u" else -1, "high": 1}
    case(f"where_{dtype}", "WHERE", [Tensor(dtype, [3, 2, 5], **range_)], [Tensor("i64")], ("WhereOptions", {}),
         1 if dtype == "bool" else 2)
case("where_bool_vector", "WHERE", [Tensor("bool", [7])], [Tensor("i64")], ("WhereOptions", {}))
case("where_bool_all", "WHERE", [Tensor("bool", [2, 3])], [Tensor("i64")], ("WhereOptions", {}),
     sets=[[np.eye(2, 3)], [np.ones([2, 3])]])
for dtype in ("f32", "i32", "i64", "i16", "i8", "u8"):
    index = "i64" if dtype == "i32" else "i32"
    low = 0 if dtype == "u8" else -3
    values = np.random.default_rng(len(dtype)).integers(low, 4, [2, 15])
    case(f"unique_{dtype}", "UNIQUE", [Tensor(dtype, [15])], [Tensor(dtype), Tensor(index)],
         ("UniqueOptions", {"idxOutType": 4 if index == "i64" else 2}), sets=[[row] for row in values], compare=None)


def suppression(name, boxes, most, overlap, least, sigma=None, ties=False):
    rng = np.random.default_rng(boxes)
    sets = []
    for _ in range(2):
        corners = rng.uniform(0, 1, (boxes, 4))
        scores = rng.integers(0, 12, boxes) / 12 if ties else rng.uniform(0, 1, boxes)
        sets.append([corners, scores])
    numbers = [constant("i32", most), constant("f32", overlap), constant("f32", least)]
    operands = [Tensor("f32", [boxes, 4]), Tensor("f32", [boxes]), *numbers]
    if sigma is None:
        case(name, "NON_MAX_SUPPRESSION_V4", operands, [Tensor("i32"), Tensor("i32")],
             ("NonMaxSuppressionV4Options", {}), sets=sets)
    else:
        case(name, "NON_MAX_SUPPRESSION_V5", [*operands, constant("f32", sigma)],
             [Tensor("i32"), Tensor("f32"), Tensor("i32")], ("NonMaxSuppressionV5Options", {}), sets=sets)


suppression("non_max_suppression_v4_f32", 60, 10, 0.4, 0.2)
suppression("non_max_suppression_v4_f32_all", 30, 40, 1.0, 0.0)
suppression("non_max_suppression_v4_f32_equal_scores", 70, 25, 0.5, 0.1, ties=True)
suppression("non_max_suppression_v5_f32", 61, 20, 0.6, 0.1, sigma=0.5)
suppression("non_max_suppression_v5_f32_hard", 45, 20, 0.3, 0.3, sigma=0.0)
suppression("non_max_suppression_v5_f32_equal_scores", 50, 30, 0.7, 0.05, sigma=0.3, ties=True)


# ---- StableHLO's operators with bodies ------------------------------------------------------------------------------
# Indices are not negative: TensorFlow 2.21 then reads and writes outside of its arrays.


def body(op, dtype):
    """A graph of one node of two numbers, or of none."""
    graph = schema.SubGraphT()
    graph.name, graph.tensors, graph.operators = "body", [], []
    for name in ("a", "b", "c"):
        entry = schema.TensorT()
        entry.name, entry.shape, entry.type = name, [], getattr(schema.TensorType, TYPES[dtype][1])
        graph.tensors.append(entry)
    graph.inputs, graph.outputs = [0, 1], [2] if op else [1]
    if op:
        node = schema.OperatorT()
        node.opcodeIndex, node.inputs, node.outputs = 1, [0, 1], [2]
        graph.operators = [node]
    return graph


NUMBERS = ("i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "bool", "f32", "f64")
SCATTER = {"updateWindowDims": [1], "insertedWindowDims": [0], "scatterDimsToOperandDims": [0], "indexVectorDim": 1,
           "updateComputationSubgraphIndex": 1}
for dtype in NUMBERS:
    case(f"stablehlo_scatter_{dtype}", "STABLEHLO_SCATTER",
         [Tensor(dtype, [5, 3]), constant("i32", [[0], [4], [1]]), Tensor(dtype, [3, 3])], [Tensor(dtype)],
         ("StablehloScatterOptions", SCATTER), subgraphs=[body("STABLEHLO_ADD", dtype)], codes=["STABLEHLO_ADD"])
for op in (None, "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM"):
    case(f"stablehlo_scatter_f32_{(op or 'update').lower()}", "STABLEHLO_SCATTER",
         [Tensor("f32", [3, 4, 3]), Tensor("i64", [2, 2], low=0, high=3), Tensor("f32", [2, 2, 2])], [Tensor("f32")],
         ("StablehloScatterOptions", {**SCATTER, "updateWindowDims": [0, 2], "insertedWindowDims": [1],
                                      "scatterDimsToOperandDims": [1, 0], "indexVectorDim": 0}),
         subgraphs=[body(op, "f32")], codes=[op] if op else [])
for dtype in [t for t in NUMBERS if t != "bool"] + ["f16"]:
    case(f"stablehlo_gather_{dtype}", "STABLEHLO_GATHER",
         [Tensor(dtype, [3, 4, 2]), Tensor("i32", [2, 3, 2], low=0, high=4)], [Tensor(dtype, [2, 3, 2, 2])],
         ("StablehloGatherOptions", {"offsetDims": [2, 3], "collapsedSliceDims": [0], "startIndexMap": [1, 0],
                                     "indexVectorDim": 2, "sliceSizes": [1, 2, 2]}))
case("stablehlo_gather_f32_places_behind", "STABLEHLO_GATHER",
     [Tensor("f32", [4, 5]), Tensor("i64", [1, 3], low=0, high=4)], [Tensor("f32", [2, 5, 3])],
     ("StablehloGatherOptions", {"offsetDims": [0, 1], "collapsedSliceDims": [], "startIndexMap": [0],
                                 "indexVectorDim": 0, "sliceSizes": [2, 5]}))
WINDOW = {"windowDimensions": [2, 2], "windowStrides": [1, 2], "baseDilations": [2, 1], "windowDilations": [1, 2],
          "padding": [1, 0, 2, -1], "bodySubgraphIndex": 1}
for dtype in [t for t in NUMBERS if t not in ("u16", "u32", "u64")]:
    op = "STABLEHLO_AND" if dtype == "bool" else "STABLEHLO_ADD"
    case(f"stablehlo_reduce_window_{dtype}", "STABLEHLO_REDUCE_WINDOW", [Tensor(dtype, [3, 5]), Tensor(dtype, [])],
         [Tensor(dtype)], ("StablehloReduceWindowOptions", WINDOW), subgraphs=[body(op, dtype)], codes=[op])
    function = 5 if dtype == "bool" else 1
    case(f"reduce_window_{dtype}", "REDUCE_WINDOW",
         [Tensor(dtype, [4, 6]), Tensor(dtype, []), constant("i64", [2, 2]), constant("i64", [1, 2]),
          constant("i64", [2, 1])], [Tensor(dtype)], ("ReduceWindowOptions", {"reduceFunction": function}))
for function, name in enumerate(("add", "mul", "minimum", "maximum"), 1):
    case(f"reduce_window_f32_{name}", "REDUCE_WINDOW",
         [Tensor("f32", [2, 4, 3]), Tensor("f32", []), constant("i64", [1, 2, 2]), constant("i64", [1, 1, 1]),
          constant("i64", [1, 2, 1])], [Tensor("f32")], ("ReduceWindowOptions", {"reduceFunction": function}))


# ---- Sparse constants -----------------------------------------------------------------------------------------------


def sparse(dtype, shape, stored, order, dimensions, blocks=()):
    """`dimensions`: a size, or (segments, indices) where only some positions are stored."""
    tensor = constant(dtype, stored)
    tensor.shape = list(shape)
    tensor.sparsity = schema.SparsityParametersT()
    tensor.sparsity.traversalOrder, tensor.sparsity.blockMap = list(order), list(blocks)
    tensor.sparsity.dimMetadata = []
    for dimension in dimensions:
        entry = schema.DimensionMetadataT()
        if isinstance(dimension, int):
            entry.format, entry.denseSize = schema.DimensionType.DENSE, dimension
        else:
            entry.format = schema.DimensionType.SPARSE_CSR
            for name, values in zip(("arraySegments", "arrayIndices"), dimension):
                vector = schema.Int32VectorT()
                vector.values = np.array(values, np.int32)
                setattr(entry, name, vector)
                setattr(entry, name + "Type", schema.SparseIndexVector.Int32Vector)
        tensor.sparsity.dimMetadata.append(entry)
    return tensor


for dtype in ("f32", "f16", "i8"):
    # Rows of which some columns are stored.
    case(f"densify_{dtype}", "DENSIFY",
         [sparse(dtype, [3, 4], [1, 2, 3, 4, 5], [0, 1], [3, ([0, 2, 2, 5], [1, 3, 0, 1, 2])])],
         [Tensor(dtype, [3, 4])], ("DensifyOptions", {}), turns=1)
    # Columns first.
    case(f"densify_{dtype}_columns", "DENSIFY",
         [sparse(dtype, [3, 4], [1, 2, 3], [1, 0], [([0, 2], [1, 2]), ([0, 1, 3], [2, 0, 1])])],
         [Tensor(dtype, [3, 4])], ("DensifyOptions", {}), turns=1)
    # Blocks of 2 x 2.
    case(f"densify_{dtype}_blocks", "DENSIFY",
         [sparse(dtype, [4, 6], range(1, 13), [0, 1, 2, 3], [2, ([0, 1, 3], [2, 0, 1]), 2, 2], [0, 1])],
         [Tensor(dtype, [4, 6])], ("DensifyOptions", {}), turns=1)
# Weights that the operator itself takes sparse: rows of which some columns are stored, and some blocks of 4.
for label, weights in (("", ([3, 4], [1, 2, 3, 4, 5], [0, 1], [3, ([0, 2, 2, 5], [1, 3, 0, 1, 2])])),
                       ("_blocks", ([3, 8], range(-6, 6), [0, 1, 2], [3, ([0, 1, 1, 3], [1, 0, 1]), 4], [1]))):
    case(f"fully_connected_f32_sparse{label}", "FULLY_CONNECTED",
         [Tensor("f32", [2, weights[0][1]]), sparse("f32", *weights), constant("f32", [0.5, -1, 2])], [Tensor("f32")],
         ("FullyConnectedOptions", {}), version=8)


# 4-bit weights with a float16 scale for each block of a row. The reference kernels take such weights for zeros.


def in_blocks(name, rows, units, depth, block, bias):
    rng = np.random.default_rng(units)
    weights = constant("i4", rng.integers(-8, 8, (units, depth)))
    scales = constant("f16", rng.uniform(0.01, 0.1, (units, depth // block)))
    weights.blocks = (scales, block)
    operands = [Tensor("f32", [rows, depth]), weights, constant("f32", rng.normal(0, 1, units)) if bias else None]
    case(name, "FULLY_CONNECTED", operands, [Tensor("f32")],
         ("FullyConnectedOptions", {"asymmetricQuantizeInputs": True}), 6, turns=3, optimized=True)


in_blocks("fully_connected_blocks_of_32", 3, 5, 64, 32, True)
in_blocks("fully_connected_blocks_of_64", 2, 7, 192, 64, False)


def write_cells(folder, wanted):
    """Gives {cell: what TensorFlow Lite says} of those it does not run."""
    refused, covered = dict(NOT_WRITTEN), set()
    for op, dtype, make in CELLS:
        cell = f"{op} {TYPES[dtype][1]}"
        try:
            item = make()
            if wanted and not any(part in item.name for part in wanted):
                continue
            item.write(folder)
            covered.add(cell)
        except (RuntimeError, ValueError, AttributeError, TypeError) as error:
            refused[cell] = str(error).strip().splitlines()[-1][:200] or type(error).__name__
    return {cell: reason for cell, reason in sorted(refused.items()) if cell not in covered}


def main():
    folder = os.path.join(os.path.dirname(__file__), "..", "reference", "vectors")
    os.makedirs(folder, exist_ok=True)
    wanted = sys.argv[1:]
    names = [item.name for item in CASES]
    assert len(set(names)) == len(names), "two cases of one name"
    failed = []
    for item in CASES:
        if wanted and not any(part in item.name for part in wanted):
            continue
        try:
            item.write(folder)
        except RuntimeError as error:
            failed.append(f"{item.name}: {error}")
    refused = write_cells(folder, wanted)
    if not wanted:
        with open(os.path.join(folder, "refused.json"), "w", encoding="utf-8") as file:
            json.dump(refused, file, indent=1)
            file.write("\n")
    print(f"{len(CASES)} cases, {len(failed)} refused; {len(CELLS)} cells, {len(refused)} refused", *failed, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
