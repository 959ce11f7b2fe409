"""Drawn cases, in shapes of their own, of operators that run in many types: name to a function of a Draw."""

import numpy as np

import make_vectors
from drawn_layers import family
from one_operator import TYPES, Tensor, constant

INTEGERS = ("i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64")
NUMBERS = (*INTEGERS, "f32", "f64", "f16")
MOVED = (*NUMBERS, "bf16", "bool")
BYTES = {dtype: np.dtype(kind).itemsize for dtype, (kind, _) in TYPES.items() if dtype != "str"}

# ---- Of one shape ---------------------------------------------------------------------------------------------------


def equal_shapes(op, types, operands=2, options=None, limits=(), most_rank=6):
    """`limits`: (least, greatest) of the last operand."""

    def drawn(d, dtype):
        shape = d.shape(0, most_rank, 5)
        made = [Tensor(dtype, shape) for _ in range(operands)]
        if limits:
            made[-1].low, made[-1].high = limits
        return d.case(op, made, [Tensor(dtype)], options)

    drawn.__name__ = op.lower()
    family(*types)(drawn)


for name in ("ADD", "MULTIPLY", "MAXIMUM", "MINIMUM"):
    equal_shapes(f"STABLEHLO_{name}", (*NUMBERS, "bool"))
equal_shapes("STABLEHLO_AND", (*INTEGERS, "bool"))
equal_shapes("STABLEHLO_SHIFT_LEFT", ("i8", "i16", "i32"), limits=(0, 7))
equal_shapes("ATAN2", ("f32", "f64", "f16", "bf16"), options=("ATan2Options", {}))
equal_shapes("ZEROS_LIKE", ("f32", "i32", "i64"), 1, ("ZerosLikeOptions", {}))
equal_shapes("LOGICAL_NOT", ("bool",), 1, ("LogicalNotOptions", {}))


@family("f32", "i32")
def add_n(d, dtype):
    shape, many = d.shape(0, 5, 5), d.size(2, 6)
    limits = {} if dtype == "f32" else {"low": -(2**28), "high": 2**28}
    return d.case("ADD_N", [Tensor(dtype, shape, **limits) for _ in range(many)], [Tensor(dtype)], ("AddNOptions", {}))


@family("f32", "f64", "i32", "i64")
def bucketize(d, dtype):
    boundaries = np.sort(np.round(d.rng.uniform(-12, 12, d.size(1, 9)), d.one(0, 1, 3))).tolist()
    return d.case("BUCKETIZE", [Tensor(dtype, d.with_empty(d.shape(0, 5, 6)), low=-14, high=14)], [Tensor("i32")],
                  ("BucketizeOptions", {"boundaries": boundaries}))


for name, kind in (("BITWISE_XOR", "BitwiseXorOptions"), ("RIGHT_SHIFT", "RightShiftOptions")):
    def drawn(d, dtype, name=name, kind=kind):
        operands = [Tensor(dtype, shape) for shape in d.broadcast(4)]
        if name == "RIGHT_SHIFT":
            operands[1].low, operands[1].high = 0 if dtype[0] == "u" else -3, 40
        return d.case(name, operands, [Tensor(dtype)], (kind, {}))

    drawn.__name__ = name.lower()
    family("i8", "u8", "i16", "u16", "i32", "u32")(drawn)

# ---- Shapes that change ---------------------------------------------------------------------------------------------


def factored(d, count, most_rank=6):
    """A random shape of so many elements."""
    shape = [1] * d.size(1, most_rank)
    for prime in (2, 3, 5, 7):
        while count % prime == 0:
            count //= prime
            shape[d.size(0, len(shape) - 1)] *= prime
    return shape


@family(*MOVED, "str")
def reshape(d, dtype):
    shape = d.shape(1, 5, 6)
    wanted = factored(d, int(np.prod(shape)))
    told = [-1 if i == d.number % (len(wanted) + 1) else n for i, n in enumerate(wanted)]
    operands = [Tensor(dtype, shape)] + ([constant("i32", told)] if d.chance(0.7) else [])
    return d.case("RESHAPE", operands, [Tensor(dtype)], ("ReshapeOptions", {"newShape": told}))


@family(*MOVED, "str")
def squeeze(d, dtype):
    shape = [d.one(1, d.size(1, 5)) for _ in range(d.size(1, 6))]
    ones = [i for i, n in enumerate(shape) if n == 1]
    dims = [i - d.one(0, len(shape)) for i in ones if d.chance(0.5)]
    return d.case("SQUEEZE", [Tensor(dtype, shape)], [Tensor(dtype)], ("SqueezeOptions", {"squeezeDims": dims}), 2)


@family(*MOVED, "str")
def expand_dims(d, dtype):
    shape = d.shape(1 if dtype == "str" else 0, 5, 5)
    axis = constant(d.one("i32", "i64"), d.size(-len(shape) - 1, len(shape)))
    return d.case("EXPAND_DIMS", [Tensor(dtype, shape), axis], [Tensor(dtype)], ("ExpandDimsOptions", {}))


@family("f32", "i32", "i64", "bool", "f16", "i8", "i16", "str")
def fill(d, dtype):
    dims = constant(d.one("i32", "i64"), d.shape(1, 5, 5))
    # A constant: TensorFlow Lite's Python interface takes the address of a single string for its characters.
    value = constant(dtype, d.values(Tensor(dtype, [1]))[0])
    return d.case("FILL", [dims, value], [Tensor(dtype)], ("FillOptions", {}), 3)


@family("i32", "i64")
def broadcast_args(d, dtype):
    shapes = d.broadcast(5, 6)
    case = d.case("BROADCAST_ARGS", [Tensor(dtype, [len(shape)]) for shape in shapes], [Tensor(dtype)])
    case.sets = [shapes]
    return case


@family(*MOVED)
def bitcast(d, dtype):
    other = d.one(*(t for t in MOVED if t != "bool" and t != dtype))
    ratio = BYTES[dtype] / BYTES[other]
    shape = d.shape(0, 4, 5) + ([int(1 / ratio)] if ratio < 1 else [])
    small = {"low": 0, "high": 0x3C} if other in ("f16", "bf16") or BYTES[other] > BYTES[dtype] else {}
    limits = {} if dtype in ("bool", "f16", "bf16", "f32", "f64") else small  # no NaN comes out
    return d.case("BITCAST", [Tensor(dtype, shape, **limits)], [Tensor(other)], ("BitcastOptions", {}))


@family("f32", "i8", "u8", "i16", "i32", "i64")
def matrix_diag(d, dtype):
    return d.case("MATRIX_DIAG", [d.stored(dtype, d.shape(1, 4, 5))], [Tensor(dtype)], ("MatrixDiagOptions", {}))


@family(*NUMBERS, "bf16")
def dilate(d, dtype):
    shape = d.shape(1, 5, 4)
    return d.case("DILATE", [Tensor(dtype, shape), constant("i32", [d.size(1, 3) for _ in shape]), Tensor(dtype, [])],
                  [Tensor(dtype)], ("DilateOptions", {}))


@family(*NUMBERS, "bool")
def stablehlo_pad(d, dtype):
    shape = d.shape(1, 5, 4)
    fields = {"edgePaddingLow": [], "edgePaddingHigh": [], "interiorPadding": [d.one(0, 0, 1, 2) for _ in shape]}
    for n, inside in zip(shape, fields["interiorPadding"]):
        whole = n + (n - 1) * inside
        low = d.size(-whole + 1, 3)
        fields["edgePaddingLow"].append(low)
        fields["edgePaddingHigh"].append(d.size(-(whole + low) + 1, 3))
    return d.case("STABLEHLO_PAD", [Tensor(dtype, shape), Tensor(dtype, [])], [Tensor(dtype)],
                  ("StablehloPadOptions", fields))


@family("f32", "i8", "u8", "i32", "i64")
def sparse_to_dense(d, dtype):
    shape = d.shape(1, 4, 5)
    count = d.size(1, min(6, int(np.prod(shape))))
    places = np.sort(d.rng.permutation(int(np.prod(shape)))[:count])
    index = d.one("i32", "i64")
    indices = np.stack(np.unravel_index(places, shape), -1)
    # Of a vector, also a list of places.
    indices = indices.ravel() if len(shape) == 1 and d.chance(0.5) else indices
    return d.case("SPARSE_TO_DENSE", [constant(index, indices), constant(index, shape),
                                      Tensor(dtype, [count]), Tensor(dtype, [])],
                  [Tensor(dtype)], ("SparseToDenseOptions", {}), 3)


# ---- Tables ---------------------------------------------------------------------------------------------------------


@family(*MOVED)
def embedding_lookup(d, dtype):
    rows = d.size(1, 9)
    table = Tensor(dtype, [rows, *d.shape(1, 3, 5)])
    return d.case("EMBEDDING_LOOKUP", [Tensor("i32", [d.size()], low=0, high=rows - 1), table], [Tensor(dtype)])


@family("hybrid")
def embedding_lookup_stored_rows(d, kind):
    rows = d.size(1, 9)
    # One scale, or one for each row.
    table = d.weights("i8", [rows, *d.shape(1, 3, 5)], 0 if d.chance(0.5) else None)
    ids = Tensor("i32", [d.size()], low=0, high=rows - 1)
    return d.case("EMBEDDING_LOOKUP", [ids, table], [Tensor("f32")], None, 4)


@family(*MOVED, "str")
def hashtable_lookup(d, dtype):
    rows = d.size(1, 9)
    keys = np.sort(d.rng.permutation(14)[:rows])
    shape = [rows] if dtype == "str" else [rows, *d.shape(0, 3, 4)]
    values = constant(dtype, d.values(Tensor(dtype, shape)))
    return d.case("HASHTABLE_LOOKUP", [Tensor("i32", [d.size(1, 9)], low=0, high=13), constant("i32", keys), values],
                  [Tensor(dtype), Tensor("u8")])


for name in ("Sum", "Prod", "Max", "Min"):
    def drawn(d, dtype, name=name):
        shape, places, many = d.shape(0, 3, 4), d.shape(1, 2, 5), d.size(1, 5)
        limits = {} if dtype == "f32" else {"low": -9, "high": 9}
        ids = d.rng.integers(-1, many, places)
        ids.flat[0] = many - 1
        return d.case(f"UNSORTED_SEGMENT_{name.upper()}",
                      [Tensor(dtype, [*places, *shape], **limits), constant("i32", ids), constant("i32", many)],
                      [Tensor(dtype)], (f"UnsortedSegment{name}Options", {}))

    drawn.__name__ = f"unsorted_segment_{name.lower()}"
    family("f32", "i32")(drawn)

# ---- Windows and places ---------------------------------------------------------------------------------------------

REDUCED = ("i8", "u8", "i16", "i32", "i64", "f32", "f64", "bool")


@family(*REDUCED)
def reduce_window(d, dtype):
    """Of sums, products, least, greatest, and; of BOOL the last, and or."""
    function = d.one(5, 6) if dtype == "bool" else d.one(1, 2, 3, 4)
    shape = d.shape(1, 4, 6)
    dilations = [d.one(1, 1, 2) for _ in shape]
    window = [d.size(1, (n - 1) // k + 1) for n, k in zip(shape, dilations)]
    lists = (window, [d.size(1, 2) for _ in shape], dilations)
    return d.case("REDUCE_WINDOW", [Tensor(dtype, shape), Tensor(dtype, []), *(constant("i64", of) for of in lists)],
                  [Tensor(dtype)], ("ReduceWindowOptions", {"reduceFunction": function}))


@family(*REDUCED)
def stablehlo_reduce_window(d, dtype):
    op = "STABLEHLO_AND" if dtype == "bool" else d.one(*(f"STABLEHLO_{f}" for f in ("ADD", "MULTIPLY", "MAXIMUM")))
    shape = d.shape(1, 4, 5)
    fields = {"windowStrides": [d.size(1, 3) for _ in shape], "baseDilations": [d.size(1, 2) for _ in shape],
              "windowDilations": [d.size(1, 2) for _ in shape], "windowDimensions": [], "padding": [],
              "bodySubgraphIndex": 1}
    for n, base, dilation in zip(shape, fields["baseDilations"], fields["windowDilations"]):
        low, high = d.size(-1 if n > 2 else 0, 2), d.size(-1 if n > 2 else 0, 2)
        fields["padding"] += [low, high]
        whole = (n - 1) * base + 1 + low + high
        fields["windowDimensions"].append(d.size(1, max(1, (whole - 1) // dilation + 1)))
    case = d.case("STABLEHLO_REDUCE_WINDOW", [Tensor(dtype, shape), Tensor(dtype, [])], [Tensor(dtype)],
                  ("StablehloReduceWindowOptions", fields))
    case.subgraphs, case.codes = [make_vectors.body(op, dtype)], [op]
    return case


def places(d, shape, axes, count, vector_axis):
    """Indices (a run-time input) of `count` places along these axes of the shape, the vector at an axis of its own."""
    least = min(shape[axis] for axis in axes)
    return Tensor(d.one("i32", "i64"), [*count[:vector_axis], len(axes), *count[vector_axis:]], low=0, high=least - 1)


@family(*NUMBERS)
def stablehlo_gather(d, dtype):
    """Slices of `sliceSizes` at places that are moved so that the slice lies inside."""
    shape, count = d.shape(1, 4, 5), d.shape(1, 2, 4)
    axes = d.permutation(len(shape))[: d.size(1, len(shape))]
    sizes = [d.size(1, n) for n in shape]
    collapsed = sorted(axis for axis in range(len(shape)) if sizes[axis] == 1 and d.chance(0.6))
    kept = [n for axis, n in enumerate(sizes) if axis not in collapsed]
    vector_axis = d.size(0, len(count))
    # Where the axes of a slice lie among those of the result.
    offsets = sorted(d.permutation(len(kept) + len(count))[: len(kept)])
    result, rest_of_places, rest_of_slice = [], list(count), list(kept)
    for axis in range(len(kept) + len(count)):
        result.append(rest_of_slice.pop(0) if axis in offsets else rest_of_places.pop(0))
    fields = {"offsetDims": offsets, "collapsedSliceDims": collapsed, "startIndexMap": axes,
              "indexVectorDim": vector_axis, "sliceSizes": sizes}
    return d.case("STABLEHLO_GATHER", [Tensor(dtype, shape), places(d, shape, axes, count, vector_axis)],
                  [Tensor(dtype, result)], ("StablehloGatherOptions", fields))


@family(*(t for t in (*NUMBERS, "bool") if t != "f16"))
def stablehlo_scatter(d, dtype):
    """Windows that are whole along the axes that no index names."""
    op = d.one(None, *(f"STABLEHLO_{f}" for f in ("ADD", "MULTIPLY", "MAXIMUM", "MINIMUM")))
    shape, count = d.shape(1, 4, 5), d.shape(1, 2, 4)
    inserted = sorted(d.permutation(len(shape))[: d.size(1, len(shape))])
    kept = [n for axis, n in enumerate(shape) if axis not in inserted]
    vector_axis = d.size(0, len(count))
    windows = sorted(d.permutation(len(kept) + len(count))[: len(kept)])
    updates, rest_of_places, rest_of_window = [], list(count), list(kept)
    for axis in range(len(kept) + len(count)):
        updates.append(rest_of_window.pop(0) if axis in windows else rest_of_places.pop(0))
    axes = d.shuffled(inserted)
    fields = {"updateWindowDims": windows, "insertedWindowDims": inserted, "scatterDimsToOperandDims": axes,
              "indexVectorDim": vector_axis, "updateComputationSubgraphIndex": 1}
    case = d.case("STABLEHLO_SCATTER", [Tensor(dtype, shape), places(d, shape, axes, count, vector_axis),
                                        Tensor(dtype, updates)], [Tensor(dtype)], ("StablehloScatterOptions", fields))
    case.subgraphs, case.codes = [make_vectors.body(op, dtype)], [op] if op else []
    return case


@family("f32")
def conv_3d_transpose(d, dtype):
    size, kernel, strides = ([d.size(1, most) for _ in range(3)] for most in (4, 3, 2))
    depth, channels, same = d.size(1, 4), d.size(1, 4), d.chance(0.5)
    whole = [n * s if same else (n - 1) * s + k for n, s, k in zip(size, strides, kernel)]
    batches = d.size(1, 2)
    bias = [d.floats([channels])] if d.chance(0.5) else []
    return d.case("CONV_3D_TRANSPOSE",
                  [constant("i32", [batches, *whole, channels]), d.floats([*kernel, channels, depth]),
                   Tensor(dtype, [batches, *size, depth]), *bias], [Tensor(dtype)],
                  make_vectors.volume_options(strides, padding=0 if same else 1))


@family("f32")
def local_response_normalization(d, dtype):
    fields = {"radius": d.size(0, 12), "bias": d.one(1.0, 0.5, 2.0), "alpha": d.one(0.1, 1.0),
              "beta": d.one(0.5, 0.75, 1.0)}
    return d.case("LOCAL_RESPONSE_NORMALIZATION", [Tensor(dtype, [d.size(1, 3) for _ in range(3)] + [d.size(1, 11)])],
                  [Tensor(dtype)], ("LocalResponseNormalizationOptions", fields))


# ---- Boxes and signals ----------------------------------------------------------------------------------------------


@family("f32")
def non_max_suppression(d, dtype):
    make_vectors.suppression("drawn", d.size(1, 60), d.size(1, 40), d.one(0.3, 0.5, 1.0), d.one(0.0, 0.2),
                             sigma=d.one(None, 0.0, 0.5), ties=d.chance(0.3))
    case = make_vectors.CASES.pop()
    corners = d.rng.uniform(0, 1, case.inputs[0].shape)
    case.sets = [[corners, d.rng.uniform(0, 1, case.inputs[1].shape)]]
    return case


@family("f32")
def audio_spectrogram(d, dtype):
    make_vectors.spectrogram("drawn", d.size(40, 120), d.size(1, 3), d.size(4, 33), d.size(1, 12), d.chance(0.5))
    return make_vectors.CASES.pop()
