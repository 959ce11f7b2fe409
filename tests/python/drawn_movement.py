"""Drawn cases of operators that move, choose and count values: name to a function of a Draw."""

import numpy as np

from drawn_layers import family
from one_operator import Tensor, constant

MOVED = ("f32", "i8", "u8", "i16", "i32", "i64", "bool")


def moved(d, dtype, shape):
    return d.stored(dtype, shape)


@family("f32", "i8", "i16", weight=2)
def transpose(d, dtype):
    shape = d.shape(1, 6, 4)
    operand = moved(d, dtype, shape)
    return d.case("TRANSPOSE", [operand, constant("i32", d.permutation(len(shape)))], [d.like(operand)],
                  ("TransposeOptions", {}), {"f32": 1}.get(dtype, 2))


@family(*MOVED)
def slice_(d, dtype):
    shape = d.shape(1, 5, 6)
    begin = [d.size(0, n - 1) for n in shape]
    size = [d.one(-1, d.size(1, n - b)) for n, b in zip(shape, begin)]
    operand = moved(d, dtype, shape)
    index = d.one("i32", "i64")
    return d.case("SLICE", [operand, constant(index, begin), constant(index, size)], [d.like(operand)],
                  ("SliceOptions", {}), 3)


@family(*MOVED, weight=2)
def strided_slice(d, dtype):
    shape = d.shape(1, 5, 6)
    begins, ends, strides = [], [], []
    for n in shape:
        stride = d.one(1, 1, 2, 3, -1, -2)
        begin, end = d.size(-n, n - 1), d.size(-n - 1, n + 1)
        begins.append(begin), ends.append(end), strides.append(stride)
    mask = lambda: d.size(0, 2 ** len(shape) - 1) if d.chance(0.5) else 0
    shrink = mask() if d.chance(0.3) else 0
    for axis in range(len(shape)):
        if shrink >> axis & 1:
            strides[axis] = 1
            ends[axis] = begins[axis] + 1 if begins[axis] != -1 else shape[axis]
    fields = {"beginMask": mask() & ~shrink, "endMask": mask() & ~shrink, "shrinkAxisMask": shrink}
    operand = moved(d, dtype, shape)
    return d.case("STRIDED_SLICE", [operand, *(constant("i32", part) for part in (begins, ends, strides))],
                  [d.like(operand)], ("StridedSliceOptions", fields), 4)


def paddings(d, shape, most):
    return [[d.size(0, most), d.size(0, most)] if d.chance(0.7) else [0, 0] for _ in shape]


@family("f32", "i8", "u8", "i16", "i32", "i64")
def pad(d, dtype):
    shape = d.shape(1, 5, 4)
    operand = moved(d, dtype, shape)
    return d.case("PAD", [operand, constant(d.one("i32", "i64"), paddings(d, shape, 3))], [d.like(operand)],
                  ("PadOptions", {}), 2)


@family("f32", "i8", "u8", "i32", "i64")
def padv2(d, dtype):
    shape = d.shape(1, 5, 4)
    operand = moved(d, dtype, shape)
    value = d.values(Tensor(dtype, [], low=-5 if dtype != "u8" else 0, high=5))
    fill = constant(dtype, value, scale=operand.scale, zero=operand.zero)
    return d.case("PADV2", [operand, constant("i32", paddings(d, shape, 3)), fill], [d.like(operand)],
                  ("PadV2Options", {}), 2)


@family("f32", "i8", "u8", "i16", "i32", "i64")
def mirror_pad(d, dtype):
    shape, mode = d.shape(1, 4, 6), d.one(0, 1)  # REFLECT, SYMMETRIC
    most = [n - 1 if mode == 0 else n for n in shape]
    sizes = [[d.size(0, m), d.size(0, m)] for m in most]
    operand = moved(d, dtype, shape)
    return d.case("MIRROR_PAD", [operand, constant("i32", sizes)], [d.like(operand)], ("MirrorPadOptions", {"mode": mode}),
                  2)


@family(*MOVED, weight=2)
def gather(d, dtype):
    shape = d.shape(1, 4, 6)
    axis = d.size(0, len(shape) - 1)
    batches = d.size(0, axis) if d.chance(0.3) else 0
    indices_shape = shape[:batches] + d.shape(0 if batches == 0 else 1, 2, 4)
    indices = d.rng.integers(0, shape[axis], indices_shape)
    operand = moved(d, dtype, shape)
    return d.case("GATHER", [operand, constant(d.one("i32", "i64"), indices)], [d.like(operand)],
                  ("GatherOptions", {"axis": axis, "batchDims": batches}), 5)


@family("f32", "i8", "u8", "i16", "i32", "i64")
def gather_nd(d, dtype):
    shape = d.shape(1, 4, 5)
    depth = d.size(1, len(shape))
    count = d.shape(1, 2, 4)
    indices = np.stack([d.rng.integers(0, shape[axis], count) for axis in range(depth)], -1)
    operand = moved(d, dtype, shape)
    return d.case("GATHER_ND", [operand, constant("i32", indices)], [d.like(operand)], ("GatherNdOptions", {}), 3)


@family("f32", "i8", "i32", "i64", "bool")
def scatter_nd(d, dtype):
    shape = d.shape(1, 3, 5)
    depth = d.size(1, len(shape))
    count = [d.size(1, 4)]
    indices = np.stack([d.rng.integers(0, shape[axis], count) for axis in range(depth)], -1)
    limits = {} if dtype in ("bool", "f32") else {"low": -9, "high": 9}
    return d.case("SCATTER_ND", [constant("i32", indices), Tensor(dtype, [*count, *shape[depth:]], **limits),
                                 constant("i32", shape)], [Tensor(dtype)], ("ScatterNdOptions", {}))


@family("f32", "i8", "u8", "i16", "i32", "i64")
def pack(d, dtype):
    shape, many = d.shape(0, 4, 4), d.size(1, 4)
    first = moved(d, dtype, shape)
    operands = [first] + [d.like(first, shape) for _ in range(many - 1)]
    return d.case("PACK", operands, [d.like(first)],
                  ("PackOptions", {"valuesCount": many, "axis": d.size(-len(shape) - 1, len(shape))}), 3)


@family("f32", "i8", "u8", "i32", "i16", "bool")
def unpack(d, dtype):
    shape = d.shape(1, 4, 4)
    axis = d.axis(len(shape))
    operand = moved(d, dtype, shape)
    return d.case("UNPACK", [operand], [d.like(operand) for _ in range(shape[axis])],
                  ("UnpackOptions", {"num": shape[axis], "axis": axis}), 4)


@family("f32", "i8", "u8", "i16", "i32", "i64")
def split(d, dtype):
    shape, many = d.shape(1, 4, 4), d.size(1, 3)
    axis = d.axis(len(shape))
    shape[axis] *= many
    operand = moved(d, dtype, shape)
    return d.case("SPLIT", [constant("i32", axis), operand], [d.like(operand) for _ in range(many)],
                  ("SplitOptions", {"numSplits": many}), 4)


@family("f32", "i8", "u8", "i16", "i32", "i64")
def split_v(d, dtype):
    shape = d.shape(1, 4, 4)
    axis, sizes = d.axis(len(shape)), [d.size(1, 4) for _ in range(d.size(1, 4))]
    shape[axis] = sum(sizes)
    if d.chance(0.4):
        sizes[d.size(0, len(sizes) - 1)] = -1
    operand = moved(d, dtype, shape)
    return d.case("SPLIT_V", [operand, constant("i32", sizes), constant("i32", axis)], [d.like(operand) for _ in sizes],
                  ("SplitVOptions", {"numSplits": len(sizes)}), 2)


@family("f32", "i8", "u8", "i32", "i64", "bool")
def tile(d, dtype):
    shape = d.shape(1, 4, 4)
    operand = moved(d, dtype, shape)
    return d.case("TILE", [operand, constant(d.one("i32", "i64"), [d.size(1, 3) for _ in shape])], [d.like(operand)],
                  ("TileOptions", {}), 3)


@family("f32", "i8", "u8", "i16", "i32", "i64", "bool")
def broadcast_to(d, dtype):
    whole = d.shape(1, 6, 4)
    shape = [1 if d.chance(0.4) else n for n in whole][d.size(0, len(whole) - 1) if d.chance(0.3) else 0 :]
    operand = moved(d, dtype, shape)
    return d.case("BROADCAST_TO", [operand, constant(d.one("i32", "i64"), whole)], [d.like(operand)],
                  ("BroadcastToOptions", {}), 3)


@family(*MOVED)
def reverse_v2(d, dtype):
    shape = d.shape(1, 5, 4)
    operand = moved(d, dtype, shape)
    first = d.size(0, len(shape) - 1)
    axes = list(range(first, d.size(first, len(shape) - 1) + 1))
    return d.case("REVERSE_V2", [operand, constant("i32", axes)], [d.like(operand)], ("ReverseV2Options", {}), 3)


@family("f32", "u8", "i16", "i32", "i64")
def reverse_sequence(d, dtype):
    shape = d.shape(2, 4, 4)
    axes = d.permutation(len(shape))
    lengths = d.rng.integers(0, shape[axes[0]] + 1, shape[axes[1]])
    operand = moved(d, dtype, shape)
    return d.case("REVERSE_SEQUENCE", [operand, constant(d.one("i32", "i64"), lengths)], [d.like(operand)],
                  ("ReverseSequenceOptions", {"seqDim": axes[0], "batchDim": axes[1]}))


@family("f32", "i8", "u8", "i32", "i64")
def space_to_depth(d, dtype):
    block = d.size(1, 3)
    operand = moved(d, dtype, [d.size(1, 2), block * d.size(1, 3), block * d.size(1, 3), d.size(1, 4)])
    return d.case("SPACE_TO_DEPTH", [operand], [d.like(operand)], ("SpaceToDepthOptions", {"blockSize": block}), 2)


@family("f32", "i8", "u8", "i32", "i64")
def depth_to_space(d, dtype):
    block = d.size(1, 3)
    operand = moved(d, dtype, [d.size(1, 2), d.size(1, 3), d.size(1, 3), block * block * d.size(1, 4)])
    return d.case("DEPTH_TO_SPACE", [operand], [d.like(operand)], ("DepthToSpaceOptions", {"blockSize": block}), 1)


@family("f32", "i8", "u8", "i32", "i64")
def space_to_batch_nd(d, dtype):
    rank = d.one(1, 2)
    block = [d.size(1, 3) for _ in range(rank)]
    crops, size = [], []
    for b in block:
        before, after = d.size(0, 2), d.size(0, 2)
        whole = b * d.size(2, 4)
        if whole - before - after < 1:
            before, after = 0, 0
        crops.append([before, after]), size.append(whole - before - after)
    operand = moved(d, dtype, [d.size(1, 3), *size, d.size(1, 4)])
    return d.case("SPACE_TO_BATCH_ND", [operand, constant("i32", block), constant("i32", crops)], [d.like(operand)],
                  ("SpaceToBatchNDOptions", {}), 2)


@family("f32", "i8", "u8", "i32", "i64")
def batch_to_space_nd(d, dtype):
    rank = d.one(1, 2)
    block = [d.size(1, 3) for _ in range(rank)]
    size = [d.size(1, 4) for _ in range(rank)]
    crops = [[d.size(0, (b * n - 1) // 2), d.size(0, (b * n - 1) // 2)] for b, n in zip(block, size)]
    operand = moved(d, dtype, [d.size(1, 2) * int(np.prod(block)), *size, d.size(1, 4)])
    return d.case("BATCH_TO_SPACE_ND", [operand, constant("i32", block), constant("i32", crops)], [d.like(operand)],
                  ("BatchToSpaceNDOptions", {}), 2)


@family("f32", "i8", "u8", "i32", "i64", "bool")
def one_hot(d, dtype):
    indices = d.shape(0, 3, 4)
    on, off = Tensor(dtype, []), Tensor(dtype, [])
    return d.case("ONE_HOT", [Tensor(d.one("i32", "i64"), indices, low=-1, high=5), constant("i32", d.size(1, 5)), on, off],
                  [Tensor(dtype)], ("OneHotOptions", {"axis": d.size(-1, len(indices))}))


# Results of one element keep the shape that the file gives them, so there are more.
@family("f32", "i8", "u8", "i16", "i32", "i64", "bool")
def select_v2(d, dtype):
    whole = d.shape(1, 4, 4) + [d.size(2, 5)]
    some = lambda: [1 if d.chance(0.25) else n for n in whole][d.size(0, len(whole)) if d.chance(0.2) else 0 :]
    first = moved(d, dtype, whole)
    return d.case("SELECT_V2", [Tensor("bool", some()), *d.shuffled([first, d.like(first, some())])], [d.like(first)],
                  ("SelectV2Options", {}))


@family("f32", "i8", "u8", "i16", "i32", "i64", "bool")
def select(d, dtype):
    shape = [d.size(2, 5)] + d.shape(0, 3, 4)
    first = moved(d, dtype, shape)
    return d.case("SELECT", [Tensor("bool", shape if d.chance(0.5) else shape[:1]), first, d.like(first, shape)],
                  [d.like(first)], ("SelectOptions", {}), 2)


@family("f32", "i8", "u8", "i32", "i64", "bool", "u32")
def where(d, dtype):
    limits = {} if dtype == "bool" else {"low": 0 if dtype[0] == "u" else -1, "high": 1}
    return d.case("WHERE", [Tensor(dtype, d.shape(1, 4, 5), **limits)], [Tensor("i64")], ("WhereOptions", {}),
                  1 if dtype == "bool" else 2)


@family("f32", "i8", "u8", "i16", "i32", "i64")
def unique(d, dtype):
    low = 0 if dtype == "u8" else -3
    index, number = d.one(("i32", 2), ("i64", 4))
    case = d.case("UNIQUE", [Tensor(dtype, [d.size(1, 20)])], [Tensor(dtype), Tensor(index)],
                  ("UniqueOptions", {"idxOutType": number}))
    case.sets = [[d.rng.integers(low, 4, case.inputs[0].shape)]]
    return case


@family("f32", "i32", "i64")
def range_(d, dtype):
    limits = [d.size(-20, 20), d.size(-20, 20)]
    step = d.size(1, 5) * (1 if limits[1] >= limits[0] else -1)
    if dtype == "f32":
        step /= 4
    return d.case("RANGE", [constant(dtype, value) for value in (*limits, step)], [Tensor(dtype)], ("RangeOptions", {}))


@family("f32", "i32")
def segment_sum(d, dtype):
    shape = d.shape(1, 3, 6)
    ids = np.cumsum(d.rng.integers(0, 2, shape[0]))
    ids -= ids[0]
    limits = {} if dtype == "f32" else {"low": -99, "high": 99}
    return d.case("SEGMENT_SUM", [Tensor(dtype, shape, **limits), constant("i32", ids)], [Tensor(dtype)],
                  ("SegmentSumOptions", {}))


@family("i8", "u8", "i16", "f32", "i32", "i64")
def matrix_set_diag(d, dtype):
    shape = d.shape(2, 4, 4)
    operand = moved(d, dtype, shape)
    return d.case("MATRIX_SET_DIAG", [operand, d.like(operand, [*shape[:-2], min(shape[-2:])])], [d.like(operand)],
                  ("MatrixSetDiagOptions", {}))


@family("f32", "i8", "i16", "i32", "i64", "bool")
def dynamic_update_slice(d, dtype):
    shape = d.shape(1, 4, 5)
    part = [d.size(1, n) for n in shape]
    operand = moved(d, dtype, shape)
    return d.case("DYNAMIC_UPDATE_SLICE", [operand, d.like(operand, part), Tensor("i32", [len(shape)], low=-2, high=6)],
                  [d.like(operand)], ("DynamicUpdateSliceOptions", {}), {"i16": 4}.get(dtype, 1))
