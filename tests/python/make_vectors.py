"""Golden vectors of what ../shared/vectors lacks, written to tests/reference/vectors.

    python tests/python/make_vectors.py [PART OF A NAME]...      (needs TensorFlow 2.21; without arguments: all)

`refused.json` beside them lists the cells (operator, element type) that our table claims and TensorFlow Lite's own
kernels do not run, with what they say.
"""

import os
import struct
import sys

import numpy as np
from flatbuffers import flexbuffers

from one_operator import Case, Tensor, constant

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

for label, least, greatest, bits in (("8", -3.0, 3.3, 8), ("4", 0.0, 3.0, 4), ("16", -4.0, 0.0, 16)):
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
    print(f"{len(CASES)} cases, {len(failed)} refused", *failed, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
