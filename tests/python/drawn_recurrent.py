"""Drawn cases of recurrent operators: name to a function of a Draw. What a cell's operands are is in
make_recurrent_vectors.py. Those of one time step a run are run several times, so that their states count."""

import make_recurrent_vectors as recurrent
import numpy as np
from drawn_layers import family
from one_operator import Tensor, constant


def made(d, build, **fields):
    """The case that a function of make_recurrent_vectors makes, its weights drawn by a name of its own."""
    build(f"{build.__name__}_{d.number}_{d.rng.integers(1 << 30)}", **fields)
    return recurrent.CASES.pop()


SEQUENCE_OR_STEP = ("UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM", "LSTM")


def sizes(d):
    return {"batches": d.size(1, 3), "steps": d.size(1, 4), "inputs": d.size(1, 12)}


@family("f32", "hybrid", weight=2)
def unidirectional_lstm(d, kind):
    cells = d.size(1, 10)
    projection = d.one(None, None, "plain", "bias")
    return made(d, recurrent.lstm, **sizes(d), op=d.one(*SEQUENCE_OR_STEP), cells=cells,
                outputs=d.size(1, 8) if projection else cells, hybrid=kind == "hybrid",
                asymmetric=kind == "hybrid" and d.chance(0.3), coupled=d.chance(0.3), peephole=d.chance(0.3),
                projection=projection, norm=d.chance(0.3), time_major=d.chance(0.5),
                cell_clip=d.one(0.0, 0.5), proj_clip=d.one(0.0, 0.3))


@family("i8", weight=3)
def unidirectional_lstm_stored(d, kind):
    cells, projection = d.size(1, 10), d.chance(0.4)
    # Peephole weights reach as far as there are cells; with more outputs TensorFlow Lite reads beside them.
    return made(d, recurrent.integer_lstm, **sizes(d), op=d.one(*SEQUENCE_OR_STEP), cells=cells,
                outputs=d.size(1, cells) if projection else cells, coupled=d.chance(0.3), peephole=d.chance(0.3),
                projection=projection, norm=d.chance(0.3), time_major=d.chance(0.5), cell_exponent=-d.size(9, 15),
                cell_clip=d.one(0.0, 0.5), proj_clip=d.one(0.0, 0.3), zeros=[d.size(-128, 127) for _ in range(3)])


@family("i8", weight=2)
def byte_gates_lstm(d, kind):
    return made(d, recurrent.byte_gates_lstm, batches=d.size(1, 3), inputs=d.size(1, 19), cells=d.size(1, 13),
                outputs=d.size(1, 11), coupled=d.chance(0.5), peephole=d.chance(0.3),
                cell_clip=d.one(0.0, 0.1, 0.3, 2.0), proj_clip=d.one(0.0, 0.5),
                scales=[d.scale(-9, -3) for _ in range(12)], norm_scale=d.scale(-16, -13), equal_units=d.chance(0.1))


@family("f32", "u8")
def basic_lstm(d, kind):
    return made(d, lambda name, **fields: recurrent.basic_lstm(name, kind, **fields), batches=d.size(1, 3),
                inputs=d.size(1, 8), units=d.size(1, 8))


@family("f32", "hybrid")
def unidirectional_rnn(d, kind):
    return made(d, recurrent.rnn, **sizes(d), units=d.size(1, 8), op=d.one("RNN", "UNIDIRECTIONAL_SEQUENCE_RNN"),
                hybrid=kind == "hybrid", asymmetric=kind == "hybrid" and d.chance(0.3), time_major=d.chance(0.5),
                activation=d.one(1, 3, 4))


@family("f32", "hybrid")
def bidirectional_rnn(d, kind):
    return made(d, recurrent.bidirectional_rnn, **sizes(d), forward=d.size(1, 8), backward=d.size(1, 8),
                hybrid=kind == "hybrid", time_major=d.chance(0.5), merged=d.chance(0.5),
                auxiliary=d.one(None, "weights"), activation=d.one(1, 3, 4))


@family("f32", "hybrid")
def svdf(d, kind):
    return made(d, recurrent.svdf, batches=d.size(1, 3), inputs=d.size(1, 12), units=d.size(1, 6), rank=d.size(1, 3),
                memory=d.size(1, 9), hybrid=kind == "hybrid", bias=d.chance(0.5), activation=d.one(0, 1))


@family("i8", weight=2)
def svdf_stored(d, kind):
    """Its states are of int16."""
    batches, inputs, units, rank, memory = d.size(1, 3), d.size(1, 12), d.size(1, 6), d.size(1, 3), d.size(1, 8)
    filters = units * rank
    operand = d.stored("i8", [batches, inputs])
    features = d.weights("i8", [filters, inputs])
    times = constant("i16", d.rng.integers(-32767, 32768, [filters, memory]), scale=d.scale(-17, -14))
    state_scale = float(np.float32(operand.scale * features.scale[0] * 2.0 ** d.rng.uniform(-2, 3)))
    state = Tensor("i16", [batches, memory * filters], scale=state_scale, variable=True)
    product = float(np.float32(state_scale * times.scale))
    bias = constant("i32", d.rng.integers(-(2**20), 2**20, units), scale=product) if d.chance(0.7) else None
    result = d.stored("i8", [batches, units], scale=float(np.float32(product * 2.0 ** d.rng.uniform(14, 24))))
    case = d.case("SVDF", [operand, features, times, bias, state], [result],
                  ("SVDFOptions", {"rank": rank, "fusedActivationFunction": 1}), 3)
    case.stream = True
    return case


@family("i8")
def embedding_lookup_stored(d, kind):
    rows, columns = d.size(1, 9), d.shape(1, 3, 5)
    table = constant("i8", d.rng.integers(-128, 128, [rows, *columns]))
    return d.case("EMBEDDING_LOOKUP", [Tensor("i32", [d.size()], low=0, high=rows - 1), table], [Tensor("i8")])
