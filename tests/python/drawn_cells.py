"""Drawn cases of every cell (operator, element type) that web/docs/operators.md claims and no other family draws: the
golden vector's operands, with numbers of their own each time. What cannot be drawn so is in NOT_DRAWN, with the reason.
"""

import copy
import re
from pathlib import Path

import make_recurrent_vectors
import make_vectors
from drawing import Draw
from drawn_layers import FAMILIES
from one_operator import TYPES
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


def register():
    makers = golden_cases()
    for cell in sorted(claimed_cells() - drawn_elsewhere()):
        if cell in makers and not reason_of(cell):
            name = f"{cell[0].lower()}_{SHOWN.get(cell[1], cell[1])}_golden"
            FAMILIES[name] = (lambda d, made=makers[cell]: d.one(*made)(), 1)


register()


def test_claimed_cells_are_drawn_or_excused():
    claimed, drawn = claimed_cells(), drawn_elsewhere()
    missing = sorted(cell for cell in claimed - drawn if not reason_of(cell))
    print(f"\n{len(claimed)} cells are claimed, {len(claimed & drawn)} drawn by {len(FAMILIES)} families")
    for operator, kind in sorted(claimed - drawn):
        print(f"  {operator} {kind}: {reason_of((operator, kind)) or 'NOT DRAWN'}")
    assert not missing, missing
