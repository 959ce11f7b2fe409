"""One small case for every cell (operator, element type) of the list of operators that no other vector covers.

Each entry makes the operands, results and options of an operator for a type; what TensorFlow Lite does not run in that
type is noted with what it says (tests/reference/vectors/refused.json).
"""

import numpy as np

from one_operator import WORDS, Case, Tensor, constant

FLOAT = 1e-5
FLOATS = ("f32", "f64", "f16", "bf16", "c64", "c128")
# Every type whose elements are whole bytes.
MOVED = ("f32", "f16", "i32", "u8", "i64", "bool", "i16", "c64", "i8", "f64", "c128", "u64", "u32", "u16", "bf16",
         "f8e4m3fn", "f8e5m2")
PACKED = ("i4", "i2", "u4")
COMPARED = ("f32", "i32", "u8", "i64", "i16")

# What TensorFlow Lite takes and does not compute.
NOT_WRITTEN = {
    "BROADCAST_TO BFLOAT16": "reports success and leaves the result as it was",
    "READ_VARIABLE STRING": "ends the process",
}

CELLS = []  # (operator, type, function that makes the case)


def cells(op, types, make, compare="by type", version=1, **more):
    """make(dtype) gives (operands, results[, options])."""
    for dtype in types:
        CELLS.append((op, dtype, lambda dtype=dtype: build(op, dtype, make(dtype), compare, version, more)))


def build(op, dtype, parts, compare, version, more):
    operands, results, options = parts if len(parts) == 3 else (*parts, None)
    if compare == "by type":
        compare = FLOAT if any(result.dtype in FLOATS for result in results) else None
    return Case(f"{op.lower()}_{dtype}_cell", op, operands, results, options, version, compare=compare, **more)


def moved(op, make, types=MOVED, version=1, **more):
    cells(op, types, make, compare=None, version=version, **more)


def stored(dtype, shape, scale=0.05, zero=None, **more):
    """A tensor of a type that stands for real numbers: UINT8, INT8 and INT16 with a scale."""
    if dtype not in ("u8", "i8", "i16"):
        return Tensor(dtype, shape, **more)
    usual = {"u8": 120, "i8": 3, "i16": 0}[dtype]
    return Tensor(dtype, shape, scale=scale, zero=usual if zero is None else zero, **more)


def ints(*values):
    return constant("i32", list(values))


# ---- Movement -------------------------------------------------------------------------------------------------------

moved("RESHAPE", lambda t: ([Tensor(t, [2, 6]), ints(3, 4)], [Tensor(t)], ("ReshapeOptions", {"newShape": [3, 4]})),
      MOVED + PACKED)
moved("SQUEEZE", lambda t: ([Tensor(t, [1, 2, 1, 4])], [Tensor(t)], ("SqueezeOptions", {"squeezeDims": [0, 2]})),
      MOVED + PACKED)
moved("EXPAND_DIMS", lambda t: ([Tensor(t, [2, 4]), ints(1)], [Tensor(t)], ("ExpandDimsOptions", {})), MOVED + PACKED)
moved("CONCATENATION", lambda t: ([Tensor(t, [2, 1, 3]), Tensor(t, [2, 2, 3])], [Tensor(t)],
                                  ("ConcatenationOptions", {"axis": 1})))
moved("TRANSPOSE", lambda t: ([Tensor(t, [2, 3, 4]), ints(2, 0, 1)], [Tensor(t)], ("TransposeOptions", {})))
moved("SLICE", lambda t: ([Tensor(t, [3, 4, 2]), ints(1, 0, 1), ints(2, 3, -1)], [Tensor(t)], ("SliceOptions", {})))
moved("STRIDED_SLICE", lambda t: ([Tensor(t, [4, 5]), ints(3, 0), ints(0, 5), ints(-2, 2)], [Tensor(t)],
                                  ("StridedSliceOptions", {"endMask": 1})))
moved("PACK", lambda t: ([Tensor(t, [2, 3]), Tensor(t, [2, 3])], [Tensor(t)],
                         ("PackOptions", {"valuesCount": 2, "axis": 1})))
moved("UNPACK", lambda t: ([Tensor(t, [2, 3])], [Tensor(t), Tensor(t), Tensor(t)],
                           ("UnpackOptions", {"num": 3, "axis": 1})))
moved("SPLIT", lambda t: ([ints(1), Tensor(t, [2, 4])], [Tensor(t), Tensor(t)], ("SplitOptions", {"numSplits": 2})))
moved("SPLIT_V", lambda t: ([Tensor(t, [2, 5]), ints(2, -1), ints(1)], [Tensor(t), Tensor(t)],
                            ("SplitVOptions", {"numSplits": 2})))
moved("TILE", lambda t: ([Tensor(t, [2, 3]), ints(2, 2)], [Tensor(t)], ("TileOptions", {})))
moved("BROADCAST_TO", lambda t: ([Tensor(t, [2, 1, 3]), ints(2, 2, 4, 3)], [Tensor(t)], ("BroadcastToOptions", {})),
      [t for t in MOVED if t != "bf16"], version=2)
moved("REVERSE_V2", lambda t: ([Tensor(t, [2, 3, 2]), ints(1)], [Tensor(t)], ("ReverseV2Options", {})))
moved("FILL", lambda t: ([ints(2, 3), Tensor(t, [])], [Tensor(t)], ("FillOptions", {})))
moved("GATHER", lambda t: ([Tensor(t, [2, 4, 2]), ints(3, 0, 3)], [Tensor(t)], ("GatherOptions", {"axis": 1})))
moved("GATHER_ND", lambda t: ([Tensor(t, [3, 4, 2]), constant("i32", [[2, 1], [0, 3]])], [Tensor(t)],
                              ("GatherNdOptions", {})))
moved("PAD", lambda t: ([Tensor(t, [2, 3]), constant("i32", [[1, 0], [0, 2]])], [Tensor(t)], ("PadOptions", {})))
moved("PADV2", lambda t: ([Tensor(t, [2, 3]), constant("i32", [[1, 0], [0, 2]]), Tensor(t, [])], [Tensor(t)],
                          ("PadV2Options", {})))
moved("MIRROR_PAD", lambda t: ([Tensor(t, [3, 4]), constant("i32", [[1, 2], [2, 0]])], [Tensor(t)],
                               ("MirrorPadOptions", {"mode": 0})))
moved("BATCH_TO_SPACE_ND", lambda t: ([Tensor(t, [4, 2, 2, 1]), ints(2, 2), constant("i32", [[0, 1], [1, 0]])],
                                      [Tensor(t)], ("BatchToSpaceNDOptions", {})))
moved("SPACE_TO_BATCH_ND", lambda t: ([Tensor(t, [1, 3, 4, 2]), ints(2, 2), constant("i32", [[1, 0], [0, 0]])],
                                      [Tensor(t)], ("SpaceToBatchNDOptions", {})))
moved("DEPTH_TO_SPACE", lambda t: ([Tensor(t, [1, 2, 3, 8])], [Tensor(t)], ("DepthToSpaceOptions", {"blockSize": 2})))
moved("SPACE_TO_DEPTH", lambda t: ([Tensor(t, [1, 4, 2, 2])], [Tensor(t)], ("SpaceToDepthOptions", {"blockSize": 2})))
moved("RESIZE_NEAREST_NEIGHBOR", lambda t: ([Tensor(t, [1, 3, 4, 2]), ints(5, 3)], [Tensor(t)],
                                            ("ResizeNearestNeighborOptions", {"halfPixelCenters": True})))
moved("ONE_HOT", lambda t: ([Tensor("i32", [4], low=-1, high=3), constant("i32", 3), Tensor(t, []),
                             Tensor(t, [])], [Tensor(t)], ("OneHotOptions", {"axis": -1})))
moved("SELECT", lambda t: ([Tensor("bool", [2, 3]), Tensor(t, [2, 3]), Tensor(t, [2, 3])], [Tensor(t)],
                           ("SelectOptions", {})), ("f32", "i32", "u8", "i64", "bool", "i16", "i8", "u32"))
moved("SELECT_V2", lambda t: ([Tensor("bool", [2, 1]), Tensor(t, [2, 3]), Tensor(t, [3])], [Tensor(t)],
                              ("SelectV2Options", {})), ("f32", "i32", "u8", "i64", "bool", "i16", "u32"))
moved("DYNAMIC_UPDATE_SLICE", lambda t: ([Tensor(t, [3, 4]), Tensor(t, [2, 2]), ints(0, 1)], [Tensor(t)],
                                         ("DynamicUpdateSliceOptions", {})), ("bf16",))
moved("BITCAST", lambda t: ([Tensor(t, [2])], [Tensor({"c128": "f64", "bf16": "i16"}.get(t, "u8"))],
                            ("BitcastOptions", {})), ("c128", "bf16", "f8e4m3fn", "f8e5m2"))
for name in ("REAL", "IMAG", "COMPLEX_ABS"):
    cells(name, ("c128",), lambda t: ([Tensor(t, [3, 2])], [Tensor("f64")]))
moved("SHAPE", lambda t: ([Tensor(t, [2, 3])], [Tensor("i32")], ("ShapeOptions", {"outType": 2})), ("f32",))
moved("RANK", lambda t: ([Tensor(t, [2, 3])], [Tensor("i32")], ("RankOptions", {})), ("f32",))
moved("ZEROS_LIKE", lambda t: ([Tensor(t, [2, 3])], [Tensor(t)], ("ZerosLikeOptions", {})), ("f32", "i32", "i64"))

NUMBERS = ("f32", "i32", "u8", "i8", "i16", "i64", "bool", "f16", "f64", "u16", "u32")
PAIRS = [(source, target) for source in NUMBERS for target in NUMBERS]
PAIRS += [(kind, other) for kind in ("bf16", "c64") for other in (*NUMBERS, "bf16", "c64")]
PAIRS += [(other, kind) for kind in ("bf16", "c64") for other in NUMBERS] + [("i4", "f32"), ("u4", "f32")]
for source, target in PAIRS:
    limits = {"low": 0, "high": 120} if source not in ("bool", "i4", "u4") else {}
    # What negative numbers become without a sign depends on the machine there.
    given = [[np.arange(10).reshape(2, 5) * (12.3 - 4j)]] if source == "c64" else None
    CELLS.append(("CAST", source, lambda s=source, t=target, limits=limits, given=given: Case(
        f"cast_{s}_{t}", "CAST", [Tensor(s, [2, 5], **limits)], [Tensor(t)], ("CastOptions", {}), sets=given)))

# ---- Arithmetic of one operand --------------------------------------------------------------------------------------

for name, types, limits, out, options in (
    ("ABS", ("f32", "i32", "u8"), {}, {}, "AbsOptions"), ("CEIL", ("f32",), {}, {}, None),
    ("FLOOR", ("f32",), {}, {}, None), ("ROUND", ("f32",), {}, {}, None), ("COS", ("f32",), {}, {}, "CosOptions"),
    ("SIN", ("f32",), {}, {}, None), ("ELU", ("f32", "u8"), {}, {}, None), ("EXP", ("f32", "u8"), {}, {}, "ExpOptions"),
    ("LOG", ("f32", "u8", "i16"), {"low": 1, "high": 100}, {}, None),
    ("SQRT", ("f32", "u8"), {"low": 0, "high": 100}, {}, None),
    ("RSQRT", ("f32", "u8"), {"low": 1, "high": 100}, {}, None), ("SQUARE", ("f32",), {}, {}, "SquareOptions"),
    ("NEG", ("f32", "i32", "i64"), {}, {}, "NegOptions"), ("SIGN", ("f32", "i32"), {}, {}, "SignOptions"),
    ("GELU", ("f32", "u8", "i16"), {}, {}, "GeluOptions"), ("HARD_SWISH", ("f32",), {}, {}, "HardSwishOptions"),
    ("LEAKY_RELU", ("f32", "u8"), {}, {}, "LeakyReluOptions"), ("RELU", ("f32", "u8"), {}, {}, None),
    ("RELU6", ("f32", "u8"), {}, {}, None), ("RELU_0_TO_1", ("f32", "u8"), {}, {}, None),
    ("RELU_N1_TO_1", ("f32", "u8"), {}, {}, None), ("LOGISTIC", ("f32",), {}, {}, None),
    ("TANH", ("f32",), {}, {}, None), ("SOFTMAX", ("f32",), {}, {}, "SoftmaxOptions"),
    ("LOG_SOFTMAX", ("f32", "u8"), {}, {"scale": 16 / 256, "zero": 255}, "LogSoftmaxOptions"),
    ("L2_NORMALIZATION", ("f32",), {}, {}, "L2NormOptions"), ("LOGICAL_NOT", ("bool",), {}, {}, "LogicalNotOptions"),
):
    fields = {"LeakyReluOptions": {"alpha": 0.15}, "SoftmaxOptions": {"beta": 0.8}}.get(options, {})
    cells(name, types, lambda t, limits=limits, out=out, options=options, fields=fields: (
        [stored(t, [2, 3, 5], zero=0 if limits else None, **limits)], [stored(t, [], **out)],
        (options, fields) if options else None))

# ---- Arithmetic of two operands -------------------------------------------------------------------------------------

for name, types, options in (
    ("ADD", ("f32", "i32", "i64"), "AddOptions"), ("SUB", ("f32", "i32", "u8", "i64"), "SubOptions"),
    ("MUL", ("f32", "i32", "i64"), "MulOptions"), ("MAXIMUM", ("f32", "i32", "u8", "i64"), "MaximumMinimumOptions"),
    ("MINIMUM", ("f32", "i32", "u8", "i64"), "MaximumMinimumOptions"),
    ("SQUARED_DIFFERENCE", ("f32", "i32"), "SquaredDifferenceOptions"),
    ("LOGICAL_AND", ("bool",), "LogicalAndOptions"), ("LOGICAL_OR", ("bool",), "LogicalOrOptions"),
):
    limits = {"low": -20000, "high": 20000}
    cells(name, types, lambda t, limits=limits, options=options: (
        [stored(t, [2, 3, 4], **(limits if t in ("i32", "i64") else {})),
         stored(t, [3, 1], **(limits if t in ("i32", "i64") else {}))], [stored(t, [])], (options, {})))
for name, options, types in (("DIV", "DivOptions", ("f32", "i32")),
                             ("FLOOR_DIV", "FloorDivOptions", ("f32", "i32", "i16", "i8")),
                             ("FLOOR_MOD", "FloorModOptions", ("f32", "i32", "i64", "i16", "i8"))):
    cells(name, types, lambda t, options=options: (
        [Tensor(t, [2, 3, 4], low=-100, high=100), Tensor(t, [4], low=1, high=9)], [Tensor(t)], (options, {})))
cells("POW", ("f32", "i32"), lambda t: ([Tensor(t, [2, 6], low=1, high=4), Tensor(t, [6], low=0, high=5)],
                                        [Tensor(t)], ("PowOptions", {})))
for name, more in (("EQUAL", ("bool",)), ("NOT_EQUAL", ("bool",)), ("GREATER", ()), ("GREATER_EQUAL", ()),
                   ("LESS", ()), ("LESS_EQUAL", ())):
    options = "".join(part.capitalize() for part in name.split("_")) + "Options"
    cells(name, COMPARED + more, lambda t, options=options: (
        [stored(t, [3, 4], **({} if t in ("bool", "f32") else {"low": 0, "high": 9})),
         stored(t, [4], **({} if t in ("bool", "f32") else {"low": 0, "high": 9}))], [Tensor("bool")], (options, {})))
# Stored numbers of two scales: 8 bits, and 16 bits for equality, are compared by what they stand for.
for name in ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"):
    CELLS.append((name, "i16", lambda name=name: Case(
        f"{name.lower()}_i16_two_scales", name,
        [stored("i16", [40], 0.1, low=-9, high=9), stored("i16", [40], 0.2, low=-9, high=9)], [Tensor("bool")],
        ("".join(part.capitalize() for part in name.split("_")) + "Options", {}))))
for number, name in ((2, "relu_n1_to_1"), (3, "relu6")):
    CELLS.append(("MUL", "u32", lambda number=number, name=name: Case(
        f"mul_u32_{name}", "MUL", [Tensor("u32", [9], low=0, high=9), Tensor("u32", [9], low=0, high=2)], [Tensor("u32")],
        ("MulOptions", {"fusedActivationFunction": number}), 7)))
cells("PRELU", ("f32", "u8"), lambda t: ([stored(t, [2, 3, 4]), stored(t, [1, 1, 4], scale=0.01, zero=10)],
                                         [stored(t, [])]))
cells("PRELU", ("i16",), lambda t: ([stored(t, [2, 3, 4], 0.001), stored("i8", [1, 1, 4], 0.02)], [stored(t, [], 0.002)]))

# ---- Windows, matrices ----------------------------------------------------------------------------------------------


def pool(t):
    return ([stored(t, [2, 5, 6, 3])], [stored(t, [])],
            ("Pool2DOptions", {"filterHeight": 3, "filterWidth": 2, "strideH": 2, "strideW": 1, "padding": 0}))


cells("AVERAGE_POOL_2D", ("f32",), pool)
cells("MAX_POOL_2D", ("f32", "u8"), pool)


def random(shape, seed=1, scale=0.4):
    return constant("f32", np.random.default_rng(seed).normal(0, scale, shape))


FLAT = {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1, "padding": 0,
        "fusedActivationFunction": 0}
cells("CONV_2D", ("f32",), lambda t: (
    [Tensor(t, [2, 6, 5, 4]), random([5, 3, 2, 4]), random([5])], [Tensor(t)],
    ("Conv2DOptions", {**FLAT, "strideH": 2, "dilationWFactor": 1, "fusedActivationFunction": 1})))
cells("DEPTHWISE_CONV_2D", ("f32",), lambda t: (
    [Tensor(t, [2, 6, 5, 3]), random([1, 3, 2, 6]), random([6])], [Tensor(t)],
    ("DepthwiseConv2DOptions", {**FLAT, "depthMultiplier": 2, "padding": 1, "fusedActivationFunction": 3})))
cells("TRANSPOSE_CONV", ("f32",), lambda t: (
    [ints(1, 6, 8, 2), random([2, 3, 3, 4]), Tensor(t, [1, 3, 4, 4]), random([2])], [Tensor(t)],
    ("TransposeConvOptions", {"padding": 0, "strideH": 2, "strideW": 2})), version=3)
cells("TRANSPOSE_CONV", ("u8",), lambda t: (
    [ints(1, 6, 8, 2),
     constant("u8", np.random.default_rng(1).integers(0, 256, [2, 3, 3, 4]), scale=0.01, zero=128),
     stored(t, [1, 3, 4, 4])], [stored(t, [1, 6, 8, 2], scale=0.1)],
    ("TransposeConvOptions", {"padding": 0, "strideH": 2, "strideW": 2})))
cells("FULLY_CONNECTED", ("f32",), lambda t: ([Tensor(t, [3, 7]), random([5, 7]), random([5])], [Tensor(t)],
                                              ("FullyConnectedOptions", {"fusedActivationFunction": 1})))
cells("BATCH_MATMUL", ("f32",), lambda t: ([Tensor(t, [2, 3, 4]), Tensor(t, [1, 4, 5])], [Tensor(t)],
                                           ("BatchMatMulOptions", {})))
cells("RESIZE_BILINEAR", ("f32", "u8"), lambda t: (
    [stored(t, [1, 3, 4, 2]), ints(5, 7)], [stored(t, [])],
    ("ResizeBilinearOptions", {"halfPixelCenters": True})), version=3)

# ---- Along axes -----------------------------------------------------------------------------------------------------

for name in ("MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN"):
    limits = {"low": -90, "high": 90}
    cells(name, ("f32", "i32", "u8", "i64", *(("bool",) if name != "MEAN" else ())), lambda t, limits=limits: (
        [stored(t, [2, 3, 4], **(limits if t in ("i32", "i64") else {})), ints(1)], [stored(t, [])],
        ("ReducerOptions", {"keepDims": False})))
for name in ("ARG_MAX", "ARG_MIN"):
    option = "ArgMaxOptions" if name == "ARG_MAX" else "ArgMinOptions"
    cells(name, ("f32", "i32", "u8", "i64", "bool", "i16"), lambda t, option=option: (
        [stored(t, [2, 5, 3]), ints(1)], [Tensor("i32")], (option, {"outputType": 2})))
cells("CUMSUM", ("f32", "i32", "i64"), lambda t: ([Tensor(t, [2, 5]), constant("i32", 1)], [Tensor(t)],
                                                  ("CumsumOptions", {"exclusive": True, "reverse": True})))
cells("RANGE", ("f32", "i32", "i64"), lambda t: (
    [constant(t, 1), constant(t, 12), constant(t, 3)], [Tensor(t)], ("RangeOptions", {})))
cells("TOPK_V2", ("f32", "i32", "u8", "i64", "i16"), lambda t: (
    [stored(t, [2, 9]), constant("i32", 3)], [stored(t, []), Tensor("i32")], ("TopKV2Options", {})))

# ---- Types that few models use --------------------------------------------------------------------------------------

for name in ("SELECT", "SELECT_V2"):
    moved(name, lambda t, name=name: ([Tensor("bool", [2, 3]), Tensor(t, [2, 3]), Tensor(t, [2, 3])], [Tensor(t)],
                                      ("SelectOptions" if name == "SELECT" else "SelectV2Options", {})),
          ("f16", "u16", "u64"))
cells("SQRT", ("i16",), lambda t: ([stored(t, [2, 9], low=0, high=32767)], [stored(t, [], scale=0.01)]))
cells("NEG", ("i16",), lambda t: ([Tensor(t, [2, 9])], [Tensor(t)], ("NegOptions", {})))
cells("SIGN", ("f64",), lambda t: ([Tensor(t, [2, 9])], [Tensor(t)], ("SignOptions", {})))
cells("MUL", ("u32", "c64"), lambda t: ([Tensor(t, [2, 3, 4]), Tensor(t, [3, 1])], [Tensor(t)], ("MulOptions", {})))
cells("DIV", ("i16",), lambda t: ([stored(t, [2, 9]), stored(t, [2, 9], low=1, high=3000)], [stored(t, [], 0.1)],
                                  ("DivOptions", {})))
for dtype in ("i4", "u4"):
    scales = {"scale": [0.1, 0.02, 0.5], "zero": 0, "axis": 0} if dtype == "i4" else {"scale": 0.1, "zero": 7}
    cells("DEQUANTIZE", (dtype,), lambda t, scales=scales: ([Tensor(t, [3, 5], **scales)], [Tensor("f32")],
                                                            ("DequantizeOptions", {})))
for name, options in (("ADD", "AddOptions"), ("MUL", "MulOptions")):  # SUB of such ends TensorFlow Lite's process
    CELLS.append((name, "i16", lambda name=name, options=options: Case(
        f"{name.lower()}_i16_unquantized", name,
        [Tensor("i16", [2, 6], low=-150, high=150), Tensor("i16", [6], low=-150, high=150)], [Tensor("i16")],
        (options, {}), version={"ADD": 5, "MUL": 7}[name])))
CELLS.append(("ABS", "i16", lambda: Case("abs_i16_unquantized", "ABS", [Tensor("i16", [9], low=-999, high=999)],
                                         [Tensor("i16")], ("AbsOptions", {}), version=4)))

# Floats of 16 bits.
for name, options in (("FLOOR", None), ("ROUND", None), ("NEG", ("NegOptions", {})), ("LOGISTIC", None), ("TANH", None)):
    cells(name, ("f16", "bf16"), lambda t, options=options: ([Tensor(t, [3, 11], low=-9, high=9)], [Tensor(t)], options))
for name, options in (("MAXIMUM", "MaximumMinimumOptions"), ("MINIMUM", "MaximumMinimumOptions")):
    cells(name, ("f16", "bf16"), lambda t, options=options: ([Tensor(t, [2, 3, 4]), Tensor(t, [3, 1])], [Tensor(t)],
                                                             (options, {})))
for name in ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"):
    options = "".join(part.capitalize() for part in name.split("_")) + "Options"
    cells(name, ("f16", "bf16") if name in ("GREATER", "LESS") else ("f16",), lambda t, options=options: (
        [Tensor(t, [3, 40], low=-0.01, high=0.01), Tensor(t, [40], low=-0.01, high=0.01)], [Tensor("bool")],
        (options, {})))

# Of 4 bits: moved as they are.
moved("CONCATENATION", lambda t: ([Tensor(t, [3, 1, 3]), Tensor(t, [3, 2, 3])], [Tensor(t)],
                                  ("ConcatenationOptions", {"axis": 1})), ("i4",), version=5)
moved("TRANSPOSE", lambda t: ([Tensor(t, [3, 3, 5]), ints(2, 0, 1)], [Tensor(t)], ("TransposeOptions", {})), ("i4",),
      version=7)
moved("SLICE", lambda t: ([Tensor(t, [3, 4, 3]), ints(1, 0, 0), ints(1, 3, -1)], [Tensor(t)], ("SliceOptions", {})),
      ("i4",), version=7)
moved("GATHER", lambda t: ([Tensor(t, [3, 4, 2]), ints(3, 0, 3)], [Tensor(t)], ("GatherOptions", {"axis": 1})), ("i4",),
      version=7)
moved("DYNAMIC_UPDATE_SLICE", lambda t: ([Tensor(t, [3, 5]), Tensor(t, [2, 3]), ints(0, 1)], [Tensor(t)],
                                         ("DynamicUpdateSliceOptions", {})), ("i4",), version=5)
for name in ("SELECT", "SELECT_V2"):
    moved(name, lambda t, name=name: ([Tensor("bool", [2, 3]), Tensor(t, [2, 3]), Tensor(t, [2, 3])], [Tensor(t)],
                                      ("SelectOptions" if name == "SELECT" else "SelectV2Options", {})), ("bf16",))

# Operators that stay float in 16x8, or are written as others: there is no kernel.
for name, options in (("L2_NORMALIZATION", "L2NormOptions"), ("LOG_SOFTMAX", "LogSoftmaxOptions"),
                      ("HARD_SWISH", "HardSwishOptions")):
    cells(name, ("i16",), lambda t, options=options: ([stored(t, [2, 3])], [stored(t, [])], (options, {})))

# Weights of 4 bits behind float activations.


def nibbles(shape, seed=2):
    return np.random.default_rng(seed).integers(-7, 8, shape)


CELLS.append(("FULLY_CONNECTED", "f32", lambda: Case(
    "fully_connected_hybrid_i4", "FULLY_CONNECTED",
    [Tensor("f32", [3, 8]), constant("i4", nibbles([5, 8]), scale=0.1), random([5])], [Tensor("f32")],
    ("FullyConnectedOptions", {}), version=10, compare=FLOAT)))
CELLS.append(("CONV_2D", "f32", lambda: Case(
    "conv_2d_hybrid_i4", "CONV_2D",
    [Tensor("f32", [2, 5, 4, 3]), constant("i4", nibbles([4, 3, 2, 3]), scale=[0.1, 0.2, 0.05, 0.3]), random([4])],
    [Tensor("f32")], ("Conv2DOptions", FLAT), version=7, compare=FLOAT)))
CELLS.append(("DEPTHWISE_CONV_2D", "f32", lambda: Case(
    "depthwise_conv_2d_hybrid_i4", "DEPTHWISE_CONV_2D",
    [Tensor("f32", [2, 5, 4, 3]), constant("i4", nibbles([1, 3, 2, 3]), scale=[0.1, 0.2, 0.05], axis=3), random([3])],
    [Tensor("f32")], ("DepthwiseConv2DOptions", {**FLAT, "depthMultiplier": 1}), version=7, compare=FLOAT)))
CELLS.append(("FULLY_CONNECTED", "i16", lambda: Case(
    "fully_connected_i16_i4", "FULLY_CONNECTED",
    [stored("i16", [3, 8], 0.001), constant("i4", nibbles([5, 8]), scale=0.1),
     constant("i64", nibbles([5]) * 100, scale=0.0001)], [stored("i16", [], 0.005)],
    ("FullyConnectedOptions", {}), version=13)))

# ---- Look-ups -------------------------------------------------------------------------------------------------------

moved("EMBEDDING_LOOKUP", lambda t: ([Tensor("i32", [3], low=0, high=4), Tensor(t, [5, 2])], [Tensor(t)]),
      [t for t in MOVED if t not in ("f32", "i8")])
moved("HASHTABLE_LOOKUP", lambda t: (
    [Tensor("i32", [4], low=0, high=9), ints(0, 3, 5, 8), Tensor(t, [4, 2])], [Tensor(t), Tensor("u8")]),
      [t for t in MOVED if t not in ("f32", "i8", "i32")])
CELLS.append(("EMBEDDING_LOOKUP", "f32", lambda: Case(
    "embedding_lookup_hybrid_cell", "EMBEDDING_LOOKUP",
    [Tensor("i32", [3], low=0, high=4),
     constant("i8", np.random.default_rng(1).integers(-127, 128, [5, 2]), scale=0.02)], [Tensor("f32")],
    compare=FLOAT)))

# ---- Strings, which are only moved and compared ---------------------------------------------------------------------

STRINGS = ("str",)
moved("RESHAPE", lambda t: ([Tensor(t, [2, 6]), ints(3, 4)], [Tensor(t)], ("ReshapeOptions", {"newShape": [3, 4]})),
      STRINGS)
moved("SQUEEZE", lambda t: ([Tensor(t, [1, 2, 1, 4])], [Tensor(t)], ("SqueezeOptions", {"squeezeDims": [0, 2]})),
      STRINGS, version=2)
moved("EXPAND_DIMS", lambda t: ([Tensor(t, [2, 4]), ints(1)], [Tensor(t)], ("ExpandDimsOptions", {})), STRINGS)
moved("SLICE", lambda t: ([Tensor(t, [3, 4, 2]), ints(1, 0, 1), ints(2, 3, -1)], [Tensor(t)], ("SliceOptions", {})),
      STRINGS, version=3)
moved("STRIDED_SLICE", lambda t: ([Tensor(t, [4, 5]), ints(3, 0), ints(0, 5), ints(-2, 2)], [Tensor(t)],
                                  ("StridedSliceOptions", {"endMask": 1})), STRINGS, version=5)
moved("TILE", lambda t: ([Tensor(t, [2, 3]), ints(2, 2)], [Tensor(t)], ("TileOptions", {})), STRINGS, version=2)
# A constant: TensorFlow Lite's Python interface takes the address of a single string for its characters.
moved("FILL", lambda t: ([Tensor("i32", [2], low=1, high=4), constant(t, WORDS[4])], [Tensor(t)], ("FillOptions", {})),
      STRINGS, version=2)
moved("GATHER", lambda t: ([Tensor(t, [6]), constant("i32", [[3, 0], [3, 5]])], [Tensor(t)], ("GatherOptions", {})),
      STRINGS, version=2)
moved("GATHER_ND", lambda t: ([Tensor(t, [3, 4, 2]), constant("i32", [[2, 1], [0, 3]])], [Tensor(t)],
                              ("GatherNdOptions", {})), STRINGS, version=2)
moved("HASHTABLE_LOOKUP", lambda t: (
    [Tensor("i32", [4], low=0, high=9), ints(0, 3, 5, 8), constant(t, WORDS[2:6])], [Tensor(t), Tensor("u8")]), STRINGS)
for name in ("EQUAL", "NOT_EQUAL"):
    options = "EqualOptions" if name == "EQUAL" else "NotEqualOptions"
    moved(name, lambda t, options=options: ([Tensor(t, [5, 3]), constant(t, WORDS[:3])], [Tensor("bool")],
                                            (options, {})), STRINGS, version=3)
