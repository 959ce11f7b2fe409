"""Drawn cases of operators that work value by value, along axes, or move values: name to a function of a Draw."""

import numpy as np

from drawn_layers import family
from one_operator import Tensor, constant

# ---- One operand ----------------------------------------------------------------------------------------------------

# Where a result of a function is on the number line: (least, greatest) of the operand, and of the result.
FUNCTIONS = {
    "EXP": ((-6, 3), (0, 20)), "LOG": ((0.01, 20), (-5, 3)), "SQRT": ((0, 30), (0, 5.5)), "RSQRT": ((0.05, 20), (0, 4.5)),
    "ABS": ((-4, 4), (0, 4)), "NEG": ((-4, 4), (-4, 4)), "GELU": ((-5, 5), (-0.2, 5)), "ELU": ((-5, 5), (-1, 5)),
    "HARD_SWISH": ((-5, 5), (-0.4, 5)), "RELU": ((-4, 4), (0, 4)), "RELU6": ((-9, 9), (0, 6)),
    "RELU_N1_TO_1": ((-3, 3), (-1, 1)), "RELU_0_TO_1": ((-3, 3), (0, 1)), "LEAKY_RELU": ((-5, 5), (-2, 5)),
    "SQUARE": ((-4, 4), None), "SIN": ((-9, 9), None), "COS": ((-9, 9), None), "FLOOR": ((-9, 9), None),
    "CEIL": ((-9, 9), None), "ROUND": ((-9, 9), None), "SIGN": ((-2, 2), None), "LOGISTIC": ((-8, 8), None),
    "TANH": ((-4, 4), None),
}


def ranged(d, dtype, limits, shape=()):
    """A stored tensor that spans about these numbers, or a power of two times as many."""
    least, greatest = min(limits[0], 0), max(limits[1], 0)
    steps = {"i8": 255, "u8": 255, "i16": 65535}[dtype]
    if dtype == "i16":
        scale = max(-least, greatest) / 32767
        zero = 0
    else:
        scale = (greatest - least) / steps
        zero = {"i8": -128, "u8": 0}[dtype] - least / scale
    factor = 2.0 ** d.size(-2, 2)
    scale = float(2.0 ** np.round(np.log2(scale * factor))) if d.chance(0.5) else float(np.float32(scale * factor))
    low, high = {"i8": (-128, 127), "u8": (0, 255), "i16": (0, 0)}[dtype]
    zero = int(np.clip(round(zero), low, high))
    if dtype != "i16" and d.chance(0.3):
        zero = d.zero(dtype)
    return Tensor(dtype, shape, scale=scale, zero=zero)


def unary(d, op, dtype, options=None, version=1):
    limits, results = FUNCTIONS[op]
    shape = d.with_empty(d.shape(1, 4))
    if dtype not in ("i8", "u8", "i16"):
        low, high = limits
        more = {} if dtype == "f32" else {"low": -100, "high": 100}
        operand = Tensor(dtype, shape, low=low, high=high) if dtype == "f32" else Tensor(dtype, shape, **more)
        return d.case(op, [operand], [Tensor(dtype)], options, version)
    operand = ranged(d, dtype, limits, shape)
    if op in ("LOG", "RSQRT", "SQRT"):  # defined for real numbers that are not negative
        operand.low = max(operand.zero + (op != "SQRT"), {"i8": -128, "u8": 0, "i16": 0}[dtype])
        operand.high = {"i8": 127, "u8": 255, "i16": 32767}[dtype]
        if operand.low >= operand.high:
            operand.zero = operand.low = {"i8": -128, "u8": 0, "i16": 0}[dtype]
            operand.low += op != "SQRT"
    return d.case(op, [operand], [ranged(d, dtype, results)], options, version)


for name, types, version in (
    ("EXP", ("f32", "i8", "i16"), 2), ("LOG", ("f32", "i8", "i16"), 2), ("SQRT", ("f32", "i8", "i16"), 2),
    ("RSQRT", ("f32", "i8", "i16"), 2), ("ABS", ("f32", "i8", "i16", "i32"), 3), ("NEG", ("f32", "i8", "i32", "i64"), 1),
    ("GELU", ("f32", "i8", "u8", "i16"), 2), ("ELU", ("f32", "i8"), 1), ("HARD_SWISH", ("f32", "i8", "u8"), 1),
    ("RELU", ("f32", "i8", "u8", "i16"), 2), ("RELU6", ("f32", "i8", "u8", "i16"), 2),
    ("RELU_N1_TO_1", ("f32", "i8", "u8"), 1), ("RELU_0_TO_1", ("f32", "i8", "u8"), 1), ("SQUARE", ("f32",), 1),
    ("SIN", ("f32",), 1), ("COS", ("f32",), 1), ("FLOOR", ("f32",), 1), ("CEIL", ("f32",), 1), ("ROUND", ("f32",), 1),
    ("SIGN", ("f32", "i32"), 1),
):
    def drawn(d, dtype, name=name, version=version):
        options = {"EXP": ("ExpOptions", {}), "ABS": ("AbsOptions", {}), "NEG": ("NegOptions", {}),
                   "GELU": ("GeluOptions", {"approximate": d.chance(0.5)})}.get(name)
        return unary(d, name, dtype, options, version if dtype != "f32" or name == "GELU" else 1)

    drawn.__name__ = name.lower()
    family(*types)(drawn)


@family("f32", "i8", "u8", "i16")
def leaky_relu(d, dtype):
    return unary(d, "LEAKY_RELU", dtype, ("LeakyReluOptions", {"alpha": d.one(0.1, 0.3, 1.5, -0.25, 0.0)}), 2)


@family("f32", "i8", "u8", "i16")
def logistic(d, dtype):
    shape = d.shape(1, 4)
    if dtype == "f32":
        return d.case("LOGISTIC", [Tensor(dtype, shape, low=-12, high=12)], [Tensor(dtype)])
    result = {"i8": (1 / 256, -128), "u8": (1 / 256, 0), "i16": (1 / 32768, 0)}[dtype]
    return d.case("LOGISTIC", [ranged(d, dtype, (-8, 8), shape)], [Tensor(dtype, scale=result[0], zero=result[1])],
                  None, 3 if dtype == "i16" else 2)


@family("f32", "i8", "u8", "i16")
def tanh(d, dtype):
    shape = d.shape(1, 4)
    if dtype == "f32":
        return d.case("TANH", [Tensor(dtype, shape, low=-6, high=6)], [Tensor(dtype)])
    result = {"i8": (1 / 128, 0), "u8": (1 / 128, 128), "i16": (1 / 32768, 0)}[dtype]
    return d.case("TANH", [ranged(d, dtype, (-4, 4), shape)], [Tensor(dtype, scale=result[0], zero=result[1])],
                  None, 3 if dtype == "i16" else 2)


@family("f32", "i8", "u8", "i16", weight=2)
def softmax(d, dtype):
    shape = d.shape(1, 4, 9)
    options = ("SoftmaxOptions", {"beta": d.one(1.0, 0.5, 2.0, 0.1)})
    if dtype == "f32":
        return d.case("SOFTMAX", [Tensor(dtype, shape)], [Tensor(dtype)], options)
    result = {"i8": (1 / 256, -128), "u8": (1 / 256, 0), "i16": (1 / 32768, 0)}[dtype]
    return d.case("SOFTMAX", [ranged(d, dtype, (-8, 8), shape)], [Tensor(dtype, scale=result[0], zero=result[1])],
                  options, 3 if dtype == "i16" else 2)


@family("f32", "i8", "u8")
def log_softmax(d, dtype):
    shape = d.shape(1, 4, 9)
    if dtype == "f32":
        return d.case("LOG_SOFTMAX", [Tensor(dtype, shape)], [Tensor(dtype)], ("LogSoftmaxOptions", {}))
    result = {"i8": 127, "u8": 255}[dtype]
    return d.case("LOG_SOFTMAX", [ranged(d, dtype, (-8, 8), shape)], [Tensor(dtype, scale=1 / 16, zero=result)],
                  ("LogSoftmaxOptions", {}), 2)


@family("f32", "i8", "u8")
def l2_normalization(d, dtype):
    shape = d.shape(1, 4, 9)
    options = ("L2NormOptions", {})
    if dtype == "f32":
        return d.case("L2_NORMALIZATION", [Tensor(dtype, shape)], [Tensor(dtype)], options)
    return d.case("L2_NORMALIZATION", [d.stored(dtype, shape)],
                  [Tensor(dtype, scale=1 / 128, zero={"i8": 0, "u8": 128}[dtype])], options, 2)


@family("f32", "i8", "u8", "i16")
def dequantize(d, dtype):
    if dtype == "f32":
        return d.case("DEQUANTIZE", [Tensor("f16", d.shape())], [Tensor("f32")], ("DequantizeOptions", {}), 3)
    return d.case("DEQUANTIZE", [d.stored(dtype, d.shape())], [Tensor("f32")], ("DequantizeOptions", {}), 3)


@family("i8", "u8", "i16", weight=2)
def quantize(d, dtype):
    sources = {"i8": ("f32", "f32", "i8", "u8", "i16", "i32"), "u8": ("f32", "i8", "u8"), "i16": ("f32", "i16", "i32")}
    source = d.one(*sources[dtype])
    if source == "f32":
        result = d.stored(dtype)
        steps = 0.5 * d.rng.integers(-600, 600, d.shape())  # halves of steps
        operand = Tensor("f32", steps.shape)
        case = d.case("QUANTIZE", [operand], [result], ("QuantizeOptions", {}), 2)
        if d.chance(0.5):
            case.sets = [[(steps * result.scale).astype(np.float32)]]
        return case
    operand = Tensor("i32", d.shape(), scale=d.scale(-24, -12), zero=0) if source == "i32" else d.stored(source, d.shape())
    return d.case("QUANTIZE", [operand], [d.stored(dtype, (), zero=0 if dtype == "i16" else None)],
                  ("QuantizeOptions", {}), 2)


@family("f32")
def fake_quant(d, dtype):
    least = float(np.float32(d.rng.uniform(-5, 0)))
    fields = {"min": least, "max": least + float(d.rng.uniform(1, 9)), "numBits": d.size(2, 16)}
    return d.case("FAKE_QUANT", [Tensor(dtype, d.shape(), low=-8, high=8)], [Tensor(dtype)], ("FakeQuantOptions", fields))


@family("f32", "f16", "f64", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "bool", weight=1)
def cast(d, dtype):
    target = d.one("f32", "i32", "u8", "i8", "i16", "i64", "bool", "f16", "f64", "u16", "u32")
    limits = {} if dtype == "bool" else {"low": 0, "high": 120}
    return d.case("CAST", [Tensor(dtype, d.shape(), **limits)], [Tensor(target)], ("CastOptions", {}))


# ---- Two operands ---------------------------------------------------------------------------------------------------


def arithmetic(d, op, dtype, kind, fused=True, version=2, most_rank=4):
    left, right = d.broadcast(6 if dtype not in ("i8", "u8", "i16") else most_rank)
    if dtype in ("i32", "i64"):
        operands = [Tensor(dtype, shape, low=-20000, high=20000) for shape in (left, right)]
        result = Tensor(dtype)
    else:
        operands = [d.stored(dtype, left), d.stored(dtype, right)]
        result = d.stored(dtype)
    if dtype in ("i8", "u8", "i16"):
        steps = 128 if dtype != "i16" else 32768
        reach = operands[0].scale + operands[1].scale
        if op == "MUL":
            reach = operands[0].scale * operands[1].scale * steps / 2
        if op == "SQUARED_DIFFERENCE":
            reach = max(operands[0].scale, operands[1].scale) ** 2 * steps
        scale = reach * 2.0 ** d.rng.uniform(-2, 1)
        result.scale = float(2.0 ** np.round(np.log2(scale))) if d.chance(0.5) else float(np.float32(scale))
    fields = {"fusedActivationFunction": d.fused()} if fused and dtype in ("f32", "i8", "u8", "i16") else {}
    if op in ("ADD", "SUB"):
        fields["potScaleInt16"] = False
    if d.chance(0.2) and dtype != "f32":
        operands[1] = constant(dtype, d.values(operands[1]), scale=operands[1].scale, zero=operands[1].zero)
    return d.case(op, operands, [result], (kind, fields), version)


@family("f32", "i8", "u8", "i16", "i32", "i64", weight=3)
def add(d, dtype):
    return arithmetic(d, "ADD", dtype, "AddOptions")


@family("f32", "i8", "u8", "i16", "i32", "i64", weight=3)
def sub(d, dtype):
    return arithmetic(d, "SUB", dtype, "SubOptions")


@family("f32", "i8", "u8", "i16", "i32", "i64", weight=3)
def mul(d, dtype):
    return arithmetic(d, "MUL", dtype, "MulOptions")


@family("f32", "i8", "i32")
def squared_difference(d, dtype):
    return arithmetic(d, "SQUARED_DIFFERENCE", dtype, "SquaredDifferenceOptions", fused=False)


def same_parameters(d, op, dtype, kind, version=2):
    left, right = d.broadcast(5)
    first = d.stored(dtype, left)
    second = Tensor(dtype, right, scale=first.scale, zero=first.zero)
    return d.case(op, [first, second], [d.like(first)], (kind, {}), version)


@family("f32", "i8", "u8", "i16", "i32", "i64")
def maximum(d, dtype):
    return same_parameters(d, "MAXIMUM", dtype, "MaximumMinimumOptions")


@family("f32", "i8", "u8", "i16", "i32", "i64")
def minimum(d, dtype):
    return same_parameters(d, "MINIMUM", dtype, "MaximumMinimumOptions")


for name in ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"):
    def drawn(d, dtype, name=name):
        left, right = d.broadcast(4)
        limits = {"f32": {}, "i32": {"low": -3, "high": 3}, "i64": {"low": -3, "high": 3}}.get(dtype, {})
        operands = [d.stored(dtype, shape, **limits) for shape in (left, right)]
        if dtype in ("i8", "u8") and d.chance(0.5):
            operands[1].scale, operands[1].zero = operands[0].scale, operands[0].zero
        kind = "".join(part.capitalize() for part in name.split("_")) + "Options"
        return d.case(name, operands, [Tensor("bool")], (kind, {}), 2)

    drawn.__name__ = name.lower()
    family("f32", "i8", "u8", "i32", "i64")(drawn)

for name, kind, types in (("DIV", "DivOptions", ("f32", "i32")), ("FLOOR_DIV", "FloorDivOptions", ("f32", "i32")),
                          ("FLOOR_MOD", "FloorModOptions", ("f32", "i32", "i64"))):
    def drawn(d, dtype, name=name, kind=kind):
        left, right = d.broadcast(4)
        low = d.one(1, -9)
        divisor = Tensor(dtype, right, low=low, high=low + 8)
        fields = {"fusedActivationFunction": d.fused()} if name == "DIV" and dtype == "f32" else {}
        return d.case(name, [Tensor(dtype, left, low=-50, high=50), divisor], [Tensor(dtype)], (kind, fields), 2)

    drawn.__name__ = name.lower()
    family(*types)(drawn)


@family("u8", "i8")
def div_stored(d, dtype):
    left, right = d.broadcast(4)
    zero = {"u8": 0, "i8": -128}[dtype]
    operands = [d.stored(dtype, left), d.stored(dtype, right, zero=zero, low=zero + 1, high=zero + 255)]
    reach = operands[0].scale / operands[1].scale / 8
    return d.case("DIV", operands, [d.stored(dtype, (), scale=float(np.float32(reach)))],
                  ("DivOptions", {"fusedActivationFunction": d.fused()}), 2)


@family("f32", "i32")
def pow_(d, dtype):
    left, right = d.broadcast(4)
    return d.case("POW", [Tensor(dtype, left, low=1, high=4), Tensor(dtype, right, low=0, high=5)], [Tensor(dtype)],
                  ("PowOptions", {}))


@family("f32", "i8", "u8", "i16")
def prelu(d, dtype):
    shape = [d.size(1, 2), d.size(1, 4), d.size(1, 4), d.size(1, 9)]
    slopes = [1, 1, shape[3]] if d.chance(0.7) else shape[1:]
    operand = d.stored(dtype, shape)
    if dtype == "f32":
        return d.case("PRELU", [operand, d.floats(slopes)], [Tensor(dtype)])
    slope = d.stored("i8" if dtype == "i16" else dtype, slopes, scale=d.scale(-9, -4))
    slope = constant(slope.dtype, d.values(slope), scale=slope.scale, zero=slope.zero)
    return d.case("PRELU", [operand, slope], [d.stored(dtype, (), scale=operand.scale * d.one(1, 2, 0.77))])


for name in ("LOGICAL_AND", "LOGICAL_OR"):
    def drawn(d, dtype, name=name):
        left, right = d.broadcast(4)
        kind = "".join(part.capitalize() for part in name.split("_")) + "Options"
        return d.case(name, [Tensor(dtype, left), Tensor(dtype, right)], [Tensor(dtype)], (kind, {}))

    drawn.__name__ = name.lower()
    family("bool")(drawn)

# ---- Along axes -----------------------------------------------------------------------------------------------------

for name, types in (("MEAN", ("f32", "i8", "u8", "i16", "i32", "i64")), ("SUM", ("f32", "i8", "u8", "i16", "i32", "i64")),
                    ("REDUCE_PROD", ("f32", "i8", "i16", "i32", "i64")), ("REDUCE_MAX", ("f32", "i8", "u8", "i16", "i32", "i64")),
                    ("REDUCE_MIN", ("f32", "i8", "u8", "i16", "i32", "i64")), ("REDUCE_ANY", ("bool",)),
                    ("REDUCE_ALL", ("bool",))):
    def drawn(d, dtype, name=name):
        shape = d.shape(1, 5, 5)
        axes = d.permutation(len(shape))[: d.size(1, len(shape))]
        axes = [axis - len(shape) if d.chance(0.3) else axis for axis in axes]
        limits = {"low": -9, "high": 9} if dtype in ("i32", "i64") else {}
        if dtype == "f32" and name == "REDUCE_PROD":
            limits = {"low": -1.5, "high": 1.5}
        operand = d.stored(dtype, shape, **limits)
        result = d.like(operand)
        if dtype in ("i8", "u8", "i16") and name in ("MEAN", "SUM"):
            many = np.prod([shape[axis] for axis in axes]) if name == "SUM" else 1
            # The int16 kernel of SUM adds what is stored.
            if name == "SUM" and dtype == "i16":
                return d.case(name, [operand, constant("i32", axes)], [d.like(operand)],
                              ("ReducerOptions", {"keepDims": d.chance(0.5)}), 2)
            result = d.stored(dtype, (), scale=float(np.float32(operand.scale * many ** 0.7 * d.one(1, 0.6, 2))))
        if dtype in ("i8", "i16") and name == "REDUCE_PROD":
            # Products of so many real numbers, most below 1, fit the result.
            operand.scale = float(np.float32(d.one(1.5, 1.0, 2.0) / (127 if dtype == "i8" else 32767)))
            result = d.stored(dtype, (), scale=float(np.float32(operand.scale * d.one(1, 0.5, 2))))
        return d.case(name, [operand, constant("i32", axes)], [result],
                      ("ReducerOptions", {"keepDims": d.chance(0.5)}), 2)

    drawn.__name__ = name.lower()
    family(*types)(drawn)

for name in ("ARG_MAX", "ARG_MIN"):
    def drawn(d, dtype, name=name):
        shape = d.shape(1, 4, 6)
        kind = "ArgMaxOptions" if name == "ARG_MAX" else "ArgMinOptions"
        index, number = d.one(("i32", 2), ("i64", 4))
        limits = {"low": -3, "high": 3} if dtype == "i32" else {}
        return d.case(name, [d.stored(dtype, shape, **limits), constant("i32", d.axis(len(shape)))], [Tensor(index)],
                      (kind, {"outputType": number}), 2)

    drawn.__name__ = name.lower()
    family("f32", "i8", "u8", "i32")(drawn)


@family("f32", "i32", "i64")
def cumsum(d, dtype):
    shape = d.shape(1, 4, 6)
    limits = {} if dtype == "f32" else {"low": -99, "high": 99}
    fields = {"exclusive": d.chance(0.5), "reverse": d.chance(0.5)}
    return d.case("CUMSUM", [Tensor(dtype, shape, **limits), constant("i32", d.axis(len(shape)))], [Tensor(dtype)],
                  ("CumsumOptions", fields))


@family("f32", "i8", "u8", "i32", "i64")
def topk_v2(d, dtype):
    shape = d.shape(1, 3, 9)
    limits = {"low": -4, "high": 4} if dtype in ("i32", "i64") else {}
    operand = d.stored(dtype, shape, **limits)
    return d.case("TOPK_V2", [operand, constant("i32", d.size(1, shape[-1]))], [d.like(operand), Tensor("i32")],
                  ("TopKV2Options", {}), 2)


@family("f32", "i8", "u8", "i16", weight=3)
def concatenation(d, dtype):
    shape = d.shape(1, 5, 4)
    axis = d.axis(len(shape))
    operands = []
    for _ in range(d.size(1, 4)):
        part = list(shape)
        part[axis] = d.size(1, 5)
        operands.append(d.stored(dtype, part))
    result = d.stored(dtype)
    if dtype != "u8":
        for operand in operands:
            operand.scale, operand.zero = result.scale, result.zero
    return d.case("CONCATENATION", operands, [result], ("ConcatenationOptions", {"axis": axis}),
                  {"i8": 2, "i16": 3}.get(dtype, 1))
