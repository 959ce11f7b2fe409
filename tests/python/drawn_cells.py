"""Drawn cases of every cell (operator, element type) that web/docs/operators.md claims and no other family draws: those
that a family draws in another type, in this one; else the golden vector's operands, with numbers of their own each
time. What cannot be drawn so is in NOT_DRAWN, with the reason.
"""

import copy
import re
from pathlib import Path

import numpy as np

import make_recurrent_vectors
import make_vectors
from drawing import LIMITS, Draw
from drawn_layers import FAMILIES
from one_operator import TYPES, WORDS
from vector_cells import CELLS

TABLE = Path(__file__).parents[2] / "web" / "docs" / "operators.md"
SHOWN = {kind.lower(): dtype for dtype, (_, kind) in TYPES.items()}

# The operand whose type a cell names; else the first.
DATA = {"CONV_3D_TRANSPOSE": 2, "EMBEDDING_LOOKUP": 1, "FILL": 1, "HASHTABLE_LOOKUP": 2, "ONE_HOT": 2, "SCATTER_ND": 1,
        "SELECT": 1, "SELECT_V2": 1, "SPARSE_TO_DENSE": 2, "SPLIT": 1, "TRANSPOSE_CONV": 2}

MEDIAPIPE = "not TensorFlow Lite's: golden vectors of its definition"
COMPLEX = "the package has no array of complex numbers: golden vectors"
PACKED = "the package has no array of packed numbers: golden vectors"
NOT_DRAWN = {
    "Convolution2DTransposeBias": MEDIAPIPE, "MaxPoolingWithArgmax2D": MEDIAPIPE, "MaxUnpooling2D": MEDIAPIPE,
    "RFFT2D": COMPLEX, "complex64": COMPLEX, "complex128": COMPLEX, "int4": PACKED, "uint4": PACKED,
}


def cell_of(case):
    """(operator, type as the table shows it) of a case."""
    operator = case.custom or case.op
    operands = [tensor for tensor in case.inputs if tensor is not None]
    scaled = any(tensor.dtype == "i8" and tensor.scale is not None for tensor in operands)
    data = case.inputs[DATA.get(operator, 0)] if len(case.inputs) > DATA.get(operator, 0) else None
    if data is None:
        return operator, "any"
    if case.outputs[0].dtype == "f32" and scaled and operator != "DEQUANTIZE":
        return operator, "hybrid"
    return operator, TYPES[data.dtype][1].lower()


def claimed_cells():
    rows = re.findall(r"^\| (\w+) \| ([^|]*) \|", TABLE.read_text(encoding="utf-8"), re.M)
    cells = [(operator, kind.strip()) for operator, kinds in rows if operator != "operator" for kind in kinds.split(",")]
    return {cell for cell in cells if cell[1] != "any"}


def reason_of(cell):
    return NOT_DRAWN.get(cell[0]) or NOT_DRAWN.get(cell[1])


def drawn_elsewhere():
    """Each family is tried a few times: some draw their type."""
    return {cell_of(draw(Draw(1, number))) for draw, _ in FAMILIES.values() for number in range(24)}


def has_arrays(case):
    """Whether the package has arrays for what goes in and comes out."""
    passed = [*case.run_time_inputs(), *case.outputs]
    return not any(reason_of(("", TYPES[tensor.dtype][1].lower())) for tensor in passed)


def golden_cases():
    """Cell to functions that make its cases anew."""
    makers = {}
    for case in (*make_vectors.CASES, *make_recurrent_vectors.CASES):
        if has_arrays(case):
            makers.setdefault(cell_of(case), []).append(lambda case=case: copy.deepcopy(case))
    for _, _, make in CELLS:
        try:
            case = make()
            if has_arrays(case):
                makers.setdefault(cell_of(case), []).append(make)
        except (RuntimeError, ValueError, AttributeError, TypeError):  # a type that the operator does not have
            continue
    return makers


def word_of(number):
    return WORDS[int(number) % len(WORDS)]


def retyped(case, donor, dtype, version):
    """The case with another type in place of the donor's."""
    kind = TYPES[dtype][0]
    for tensor in {id(t): t for t in (*case.inputs, *case.outputs) if t is not None and t.dtype == donor}.values():
        tensor.dtype = dtype
        if dtype == "str" and tensor.data is None:  # as in drawn_shapes.fill
            tensor.shape = tensor.shape or [1]
        if dtype not in LIMITS:
            tensor.scale, tensor.zero = None, 0
        elif tensor.scale is not None:
            low, high = LIMITS[dtype]
            tensor.zero = 0 if dtype == "i16" else min(max(tensor.zero, low), high)
        if tensor.data is not None:
            tensor.data = np.vectorize(word_of, [object])(tensor.data) if dtype == "str" else tensor.data.astype(kind)
        if tensor.low is not None and dtype[0] == "u":
            tensor.low = max(tensor.low, 0)
    case.version = max(case.version, version)
    return case


def donors():
    """Operator to [(type, function)] of the families that draw it."""
    found = {}
    for draw, _ in FAMILIES.values():
        case = draw(Draw(1, 1))
        operator, kind = cell_of(case)
        if kind in SHOWN:
            found.setdefault(operator, []).append((SHOWN[kind], draw))
    return found


# Of a vector of strings only.
FROM_VECTORS = {("GATHER", "string")}
# The first whose operands suit; not those of indices where others are there.
DONORS = {"str": ("f32", "bool")}
INTEGER, REAL = ("i8", "f32", "i32"), ("f32", "i8", "i32")


def donor_of(known, dtype):
    """The family whose operands are the likeliest to suit this type, or None."""
    for wanted in DONORS.get(dtype, REAL if dtype[0] in "fb" else INTEGER):
        for kind, draw in known:
            if kind == wanted:
                return kind, draw
    return None


def register():
    makers, known = golden_cases(), donors()
    for cell in sorted(claimed_cells() - drawn_elsewhere()):
        if cell not in makers or reason_of(cell):
            continue
        operator, dtype = cell[0], SHOWN.get(cell[1], cell[1])
        donor = donor_of(known.get(operator, []), dtype) if cell[1] in SHOWN and cell not in FROM_VECTORS else None
        if donor:
            version = max(make().version for make in makers[cell])
            FAMILIES[f"{operator.lower()}_{dtype}_retyped"] = (
                lambda d, donor=donor, dtype=dtype, version=version: retyped(donor[1](d), donor[0], dtype, version), 1)
        else:
            FAMILIES[f"{operator.lower()}_{dtype}_golden"] = (lambda d, made=makers[cell]: d.one(*made)(), 1)


register()


def test_claimed_cells_are_drawn_or_excused():
    claimed, drawn = claimed_cells(), drawn_elsewhere()
    missing = sorted(cell for cell in claimed - drawn if not reason_of(cell))
    print(f"\n{len(claimed)} cells are claimed, {len(claimed & drawn)} drawn by {len(FAMILIES)} families")
    for operator, kind in sorted(claimed - drawn):
        print(f"  {operator} {kind}: {reason_of((operator, kind)) or 'NOT DRAWN'}")
    assert not missing, missing
