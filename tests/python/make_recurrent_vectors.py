"""Golden vectors of recurrent operators, in what ../shared/vectors lacks: float, projections, peepholes, layer
normalisation, coupled gates, both directions. Written to tests/reference/vectors.

    python tests/python/make_recurrent_vectors.py [PART OF A NAME]...      (needs TensorFlow 2.21; no arguments: all)
"""

import os
import sys
import zlib

import numpy as np

import one_operator
from one_operator import Case, Tensor, constant, schema

CASES = []
# Operators of one time step a run: more than the first step shows only in several runs.
ONE_STEP = ("LSTM", "RNN", "SVDF")


class RecurrentCase(Case):
    """A case with `intermediates`: quantization parameters (type, scale, zero point) of values within the kernel."""

    def __init__(self, *arguments, intermediates=(), **more):
        super().__init__(*arguments, **more)
        self.intermediates = intermediates

    def build(self):
        content = super().build()
        if not self.intermediates:
            return content
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
        graph = model.subgraphs[0]
        indices = []
        for number, (dtype, scale, zero) in enumerate(self.intermediates):
            entry = schema.TensorT()
            entry.name, entry.shape = f"intermediate{number}", []
            entry.type = getattr(schema.TensorType, one_operator.TYPES[dtype][1])
            entry.quantization = schema.QuantizationParametersT()
            entry.quantization.scale, entry.quantization.zeroPoint = [scale], [zero]
            graph.tensors.append(entry)
            indices.append(len(graph.tensors) - 1)
        graph.operators[0].intermediates = indices
        builder = one_operator.flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def case(name, op, inputs, outputs, options, version=1, **more):
    floats = outputs[0].dtype == "f32"
    if op in ONE_STEP:
        more["turns"] = 4
    CASES.append(RecurrentCase(name, op, inputs, outputs, options, version, compare=1e-5 if floats else None,
                               stream=op in ONE_STEP, **more))


def state(dtype, shape, scale=None, zero=0):
    return Tensor(dtype, shape, scale=scale, zero=zero, variable=True)


class Weights:
    """Constants of one case, of float or int8 with one scale."""

    def __init__(self, name, hybrid):
        self.rng, self.hybrid = np.random.default_rng(zlib.crc32(name.encode())), hybrid

    def matrix(self, *shape, spread=0.5):
        values = self.rng.uniform(-spread, spread, shape).astype(np.float32)
        if not self.hybrid:
            return constant("f32", values)
        scale = np.float32(np.abs(values).max() / 127)
        return constant("i8", np.clip(np.round(values / scale), -127, 127), scale=scale)

    def vector(self, count, low=-0.5, high=0.5):
        return constant("f32", self.rng.uniform(low, high, count).astype(np.float32))

    def int8(self, *shape, scale=0.01):
        return constant("i8", self.rng.integers(-127, 128, shape), scale=scale)

    def int16(self, count, scale, low=-20000, high=20000):
        return constant("i16", self.rng.integers(low, high, count), scale=scale)

    def int32(self, count, scale, most=4000):
        return constant("i32", self.rng.integers(-most, most, count), scale=scale)


def gates(weights, inputs, cells, outputs, *, coupled, peephole, projection, norm, diagonal=False):
    """The operands 1 to 17 of a float LSTM, and 20 to 23."""
    first = 1 if coupled else 0

    def of_gates(make):
        return [None if gate < first else make() for gate in range(4)]

    operands = of_gates(lambda: weights.matrix(cells, inputs))
    operands += of_gates(lambda: weights.vector(cells) if diagonal else weights.matrix(cells, outputs))
    given = [peephole and not coupled, peephole, peephole]
    operands += [weights.matrix(cells) if there else None for there in given]
    operands += of_gates(lambda: weights.vector(cells))
    operands += [weights.matrix(outputs, cells) if projection else None]
    operands += [weights.vector(outputs) if projection == "bias" else None]
    norms = of_gates(lambda: weights.vector(cells, 0.3, 1.5)) if norm else [None] * 4
    return operands, norms


def lstm(name, *, op="UNIDIRECTIONAL_SEQUENCE_LSTM", batches=2, steps=3, inputs=9, cells=8, outputs=8, hybrid=False,
         asymmetric=False, coupled=False, peephole=False, projection=None, norm=False, diagonal=False, time_major=False,
         activation=4, cell_clip=0.0, proj_clip=0.0):
    weights = Weights(name, hybrid)
    operands, norms = gates(weights, inputs, cells, outputs, coupled=coupled, peephole=peephole, projection=projection,
                            norm=norm, diagonal=diagonal)
    single = op == "LSTM"
    shape = [batches, inputs] if single else [steps, batches, inputs] if time_major else [batches, steps, inputs]
    states = [state("f32", [batches, outputs]), state("f32", [batches, cells])]
    fields = {"fusedActivationFunction": activation, "cellClip": cell_clip, "projClip": proj_clip,
              "asymmetricQuantizeInputs": asymmetric}
    if single:
        fields["kernelType"] = 0
        version = (4 if asymmetric else 3) if hybrid else 1
    else:
        fields["timeMajor"], fields["diagonalRecurrentTensors"] = time_major, diagonal
        version = 4 if diagonal else (3 if asymmetric else 2) if hybrid else 1
    case(name, op, [Tensor("f32", shape), *operands, *states, *norms], [Tensor("f32", [*shape[:-1], outputs])],
         ("LSTMOptions" if single else "UnidirectionalSequenceLSTMOptions", fields), version)


for hybrid in (False, True):
    kind = "hybrid" if hybrid else "f32"
    lstm(f"lstm_{kind}_peephole", hybrid=hybrid, peephole=True)
    lstm(f"lstm_{kind}_projection", hybrid=hybrid, projection="bias", outputs=5, proj_clip=0.05)
    lstm(f"lstm_{kind}_norm", hybrid=hybrid, norm=True)
    lstm(f"lstm_{kind}_all", hybrid=hybrid, norm=True, peephole=True, projection="no bias", outputs=3, cells=17,
         time_major=True, coupled=True, cell_clip=0.4)
    lstm(f"lstm_step_{kind}", op="LSTM", hybrid=hybrid, peephole=True, projection="bias", outputs=5)
    lstm(f"lstm_step_{kind}_norm", op="LSTM", hybrid=hybrid, norm=True, coupled=True)
lstm("lstm_f32_basic")
lstm("lstm_f32_coupled_relu", coupled=True, activation=1)
lstm("lstm_f32_time_major_clip", time_major=True, cell_clip=0.2, inputs=33, cells=20, outputs=20, steps=5)
lstm("lstm_f32_diagonal", diagonal=True)
lstm("lstm_hybrid_asym_all", hybrid=True, asymmetric=True, norm=True, peephole=True, projection="bias", outputs=5)
lstm("lstm_hybrid_diagonal", hybrid=True, diagonal=True)
lstm("lstm_step_hybrid_asym", op="LSTM", hybrid=True, asymmetric=True)


def integer_lstm(name, *, op="UNIDIRECTIONAL_SEQUENCE_LSTM", batches=2, steps=3, inputs=9, cells=8, outputs=8,
                 coupled=False, peephole=False, projection=False, norm=False, time_major=False, cell_exponent=-11,
                 cell_clip=0.0, proj_clip=0.0, zeros=(3, -7, 5)):
    weights = Weights(name, False)
    first = 1 if coupled else 0

    def of_gates(make):
        return [None if gate < first else make() for gate in range(4)]

    input_scale, state_scale, hidden_scale = 1 / 64, 1 / 100, 1 / 128 if not projection else 0.011
    norm_scale = 1.2 / 32767
    operands = of_gates(lambda: weights.int8(cells, inputs, scale=0.004))
    operands += of_gates(lambda: weights.int8(cells, outputs, scale=0.005))
    given = [peephole and not coupled, peephole, peephole]
    operands += [weights.int16(cells, 0.5 / 32767) if there else None for there in given]
    bias_scale = norm_scale / 1024 if norm else input_scale * 0.004
    operands += of_gates(lambda: weights.int32(cells, bias_scale, 8000000 if norm else 4000))
    operands += [weights.int8(outputs, cells, scale=0.006) if projection else None]
    operands += [weights.int32(outputs, 0.006 * hidden_scale, 2000) if projection else None]
    shape = [batches, inputs] if op == "LSTM" else [steps, batches, inputs] if time_major else [batches, steps, inputs]
    states = [state("i8", [batches, outputs], state_scale, zeros[1]),
              state("i16", [batches, cells], float(2.0**cell_exponent))]
    norms = of_gates(lambda: weights.int16(cells, norm_scale, 8000, 32767)) if norm else [None] * 4
    fields = {"fusedActivationFunction": 4, "cellClip": cell_clip, "projClip": proj_clip}
    if op == "LSTM":
        fields["kernelType"] = 0
    else:
        fields["timeMajor"] = time_major
    gate_scales = [0.0009, 0.0011, 0.0008, 0.001] if norm else [1 / 4096] * 4
    if not projection:
        hidden_scale, hidden_zero = state_scale, zeros[1]
    else:
        hidden_zero = zeros[2]
    intermediates = [("i16", scale, 0) for scale in gate_scales] + [("i8", hidden_scale, hidden_zero)]
    case(name, op, [Tensor("i8", shape, scale=input_scale, zero=zeros[0]), *operands, *states, *norms],
         [Tensor("i8", [*shape[:-1], outputs], scale=state_scale, zero=zeros[1])],
         ("LSTMOptions" if op == "LSTM" else "UnidirectionalSequenceLSTMOptions", fields), 1,
         intermediates=intermediates, turns=3)


integer_lstm("lstm_i8_coupled", coupled=True)
integer_lstm("lstm_i8_peephole", peephole=True)
integer_lstm("lstm_i8_projection", projection=True, outputs=5)
integer_lstm("lstm_i8_projection_clip", projection=True, outputs=5, proj_clip=0.3, time_major=True)
integer_lstm("lstm_i8_norm", norm=True, cells=16, outputs=16)
integer_lstm("lstm_i8_norm_odd", norm=True, cells=13, outputs=13, coupled=True)
integer_lstm("lstm_i8_peephole_projection", peephole=True, projection=True, outputs=5)
integer_lstm("lstm_i8_peephole_projection_time_major", peephole=True, projection=True, outputs=5, time_major=True)
integer_lstm("lstm_i8_all", norm=True, peephole=True, projection=True, cells=24, outputs=24, cell_exponent=-12,
             cell_clip=1.5)
for exponent in (-15, -9):
    integer_lstm(f"lstm_i8_cell_{-exponent}", cell_exponent=exponent, steps=6)
integer_lstm("lstm_step_i8", op="LSTM")
integer_lstm("lstm_step_i8_all", op="LSTM", norm=True, peephole=True, projection=True, cells=12, outputs=12)


def byte_gates_lstm(name, *, batches=2, inputs=9, cells=8, outputs=5, coupled=True, peephole=False, cell_clip=0.0,
                    proj_clip=0.0, scales=(0.02, 0.011, 0.013) * 4, norm_scale=1.2 / 32767,
                    equal_units=False):
    """The form with twelve intermediates, int8 but for the sums. TensorFlow Lite's process ends without normalisation, a
    projection and its bias."""
    weights = Weights(name, False)
    first = 1 if coupled else 0

    def of_gates(make):
        return [None if gate < first else make() for gate in range(4)]

    def matrix(units, depth, scale):
        if not equal_units:
            return weights.int8(units, depth, scale=scale)
        return constant("i8", np.tile(weights.rng.integers(-127, 128, depth), (units, 1)), scale=scale)

    state_scale = 1 / 100
    operands = of_gates(lambda: matrix(cells, inputs, 0.004))
    operands += of_gates(lambda: matrix(cells, outputs, 0.005))
    given = [peephole and not coupled, peephole, peephole]
    operands += [weights.int16(cells, 0.5 / 32767) if there else None for there in given]
    operands += of_gates(lambda: weights.int32(cells, norm_scale / 1024, 8000000))
    operands += [weights.int8(outputs, cells, scale=0.006), weights.int32(outputs, 0.006 / 32768, 200000)]
    states = [state("i8", [batches, outputs], state_scale, -7), state("i16", [batches, cells], 1 / 32768)]
    norms = of_gates(lambda: weights.int16(cells, norm_scale, 8000, 32767))
    zeros = (0, 3, -5, 0, 7, -2, 0, 9, -11, 0, 4, 6)
    case(name, "LSTM", [Tensor("i8", [batches, inputs], scale=1 / 64, zero=3), *operands, *states, *norms],
         [Tensor("i8", [batches, outputs], scale=state_scale, zero=-7)],
         ("LSTMOptions", {"fusedActivationFunction": 4, "cellClip": cell_clip, "projClip": proj_clip, "kernelType": 0}),
         1, intermediates=[("i16" if i % 3 == 0 else "i8", *of) for i, of in enumerate(zip(scales, zeros))])


byte_gates_lstm("lstm_i8_byte_gates")
byte_gates_lstm("lstm_i8_byte_gates_all", inputs=17, cells=13, outputs=11, batches=3, coupled=False, peephole=True,
                cell_clip=0.1, proj_clip=0.5)
byte_gates_lstm("lstm_i8_byte_gates_one_cell", batches=1, inputs=1, cells=1, outputs=1, cell_clip=2.0)
# The variance of equal sums is 0, or rounded to less than 0.
byte_gates_lstm("lstm_i8_byte_gates_equal", batches=3, inputs=7, cells=27, outputs=3, equal_units=True,
                scales=(0.0001, 0.011, 0.013) * 4)
# Normalised values beyond 32 bits.
byte_gates_lstm("lstm_i8_byte_gates_large_norm", norm_scale=1000.0)
# Where the multiplier that the reference takes from beyond its table shows.
byte_gates_lstm("lstm_i8_byte_gates_far_scales", batches=4, cells=16, outputs=9,
                scales=(0.02, 0.011, 0.013, 2.0**-27, 0.011, 0.02, 0.02, 0.011, 0.013, 2.0**-27, 2.0**-27, 0.09))


def basic_lstm(name, dtype, *, batches=2, inputs=5, units=4):
    weights = Weights(name, False)
    depth = inputs + units
    if dtype == "f32":
        data, cell = {}, {}
        operands = [weights.matrix(4 * units, depth), weights.vector(4 * units)]
        kinds = ("f32", "f32")
    else:
        data, cell = {"scale": 1 / 128, "zero": 128}, {"scale": 1 / 2048}
        values = weights.rng.integers(0, 256, (4 * units, depth))
        operands = [constant("u8", values, scale=0.02, zero=101), weights.int32(4 * units, 0.02 / 128, 6000)]
        kinds = ("u8", "i16")
    shape = [batches, units]
    case(name, "LSTM", [Tensor(dtype, [batches, inputs], **data),
                        Tensor(kinds[0], shape, variable=True, **data), *operands,
                        Tensor(kinds[1], shape, variable=True, **cell)],
         [Tensor(kinds[0], shape, **data), Tensor(kinds[1], shape, **cell), Tensor(kinds[0], [batches, depth], **data),
          Tensor(kinds[1], [batches, 4 * units], **({"scale": 1 / 4096} if cell else {}))],
         ("LSTMOptions", {"fusedActivationFunction": 4, "kernelType": 1}), 2)


for dtype in ("f32", "u8"):
    basic_lstm(f"lstm_basic_{dtype}", dtype)


def rnn_cell(weights, inputs, units, auxiliary=0):
    return [weights.matrix(units, inputs), weights.matrix(units, units), weights.vector(units)], (
        weights.matrix(units, auxiliary) if auxiliary else None)


def bidirectional_rnn(name, *, batches=2, steps=3, inputs=9, forward=8, backward=6, hybrid=False, asymmetric=False,
                      time_major=False, merged=False, auxiliary=None, activation=4):
    weights = Weights(name, hybrid)
    width = inputs if auxiliary else 0
    cells = [rnn_cell(weights, inputs, units, width if auxiliary == "weights" else 0) for units in (forward, backward)]
    shape = [steps, batches] if time_major else [batches, steps]
    operands = [Tensor("f32", [*shape, inputs])]
    for (cell, _), units in zip(cells, (forward, backward)):
        operands += [*cell, state("f32", [batches, units])]
    operands += [Tensor("f32", [*shape, width]) if auxiliary else None, cells[0][1], cells[1][1]]
    results = [forward + backward] if merged else [forward, backward]
    case(name, "BIDIRECTIONAL_SEQUENCE_RNN", operands, [Tensor("f32", [*shape, units]) for units in results],
         ("BidirectionalSequenceRNNOptions", {"timeMajor": time_major, "mergeOutputs": merged,
                                              "fusedActivationFunction": activation,
                                              "asymmetricQuantizeInputs": asymmetric}),
         (3 if asymmetric else 2) if hybrid else 1)


def rnn(name, *, op="UNIDIRECTIONAL_SEQUENCE_RNN", batches=2, steps=3, inputs=9, units=8, hybrid=False,
        asymmetric=False, time_major=False, activation=4):
    weights = Weights(name, hybrid)
    single = op == "RNN"
    shape = [batches] if single else [steps, batches] if time_major else [batches, steps]
    fields = {"fusedActivationFunction": activation, "asymmetricQuantizeInputs": asymmetric}
    if not single:
        fields["timeMajor"] = time_major
    case(name, op, [Tensor("f32", [*shape, inputs]), *rnn_cell(weights, inputs, units)[0],
                    state("f32", [batches, units])],
         [Tensor("f32", [*shape, units])], ("RNNOptions" if single else "SequenceRNNOptions", fields),
         (3 if asymmetric else 2) if hybrid else 1)


for hybrid in (False, True):
    kind = "hybrid" if hybrid else "f32"
    rnn(f"rnn_{kind}", op="RNN", hybrid=hybrid, activation=1)
    rnn(f"seq_rnn_{kind}_time_major", hybrid=hybrid, time_major=True, activation=0)
    bidirectional_rnn(f"bidirectional_rnn_{kind}", hybrid=hybrid)
    bidirectional_rnn(f"bidirectional_rnn_{kind}_merged", hybrid=hybrid, merged=True, time_major=not hybrid)
    bidirectional_rnn(f"bidirectional_rnn_{kind}_auxiliary", hybrid=hybrid, auxiliary="weights")
    bidirectional_rnn(f"bidirectional_rnn_{kind}_time_major", hybrid=hybrid, time_major=True, activation=3)
    bidirectional_rnn(f"bidirectional_rnn_{kind}_stacked", hybrid=hybrid, auxiliary="input")
rnn("seq_rnn_f32", activation=3)
rnn("rnn_hybrid_asym", op="RNN", hybrid=True, asymmetric=True)
bidirectional_rnn("bidirectional_rnn_hybrid_asym", hybrid=True, asymmetric=True)
bidirectional_rnn("bidirectional_rnn_f32_stacked_time_major", auxiliary="input", time_major=True)


def bidirectional_lstm(name, *, batches=2, steps=3, inputs=9, cells=8, outputs=8, hybrid=False, asymmetric=False,
                       time_major=True, merged=False, auxiliary=None, coupled=False, peephole=False, projection=None):
    weights = Weights(name, hybrid)
    both = [gates(weights, inputs, cells, outputs, coupled=coupled, peephole=peephole, projection=projection,
                  norm=False)[0] for _ in range(2)]
    shape = [steps, batches] if time_major else [batches, steps]
    states = [state("f32", [batches, size]) for size in (outputs, cells, outputs, cells)]
    # The reference (TensorFlow 2.21) reads beyond an auxiliary input that is narrower than the input.
    width = inputs if auxiliary else 0
    extra = [Tensor("f32", [*shape, width])] if auxiliary else [None]
    for _ in range(2):
        extra += [weights.matrix(cells, width) if auxiliary == "weights" and not (coupled and gate == 0) else None
                  for gate in range(4)]
    results = [2 * outputs] if merged else [outputs, outputs]
    case(name, "BIDIRECTIONAL_SEQUENCE_LSTM", [Tensor("f32", [*shape, inputs]), *both[0], *both[1], *states, *extra],
         [Tensor("f32", [*shape, units]) for units in results],
         ("BidirectionalSequenceLSTMOptions", {"fusedActivationFunction": 4, "timeMajor": time_major,
                                               "mergeOutputs": merged, "asymmetricQuantizeInputs": asymmetric}),
         (3 if asymmetric else 2) if hybrid else 1)


for hybrid in (False, True):
    kind = "hybrid" if hybrid else "f32"
    bidirectional_lstm(f"bidirectional_lstm_{kind}", hybrid=hybrid, batches=1, time_major=False)
    bidirectional_lstm(f"bidirectional_lstm_{kind}_merged", hybrid=hybrid, merged=True)
    bidirectional_lstm(f"bidirectional_lstm_{kind}_auxiliary", hybrid=hybrid, auxiliary="weights")
    bidirectional_lstm(f"bidirectional_lstm_{kind}_stacked", hybrid=hybrid, auxiliary="input", coupled=True)
    bidirectional_lstm(f"bidirectional_lstm_{kind}_all", hybrid=hybrid, peephole=True, projection="bias", outputs=5)
bidirectional_lstm("bidirectional_lstm_hybrid_asym", hybrid=True, asymmetric=True)


def svdf(name, *, batches=2, inputs=9, units=4, rank=2, memory=7, hybrid=False, bias=True, activation=0):
    weights = Weights(name, hybrid)
    filters = units * rank
    case(name, "SVDF", [Tensor("f32", [batches, inputs]), weights.matrix(filters, inputs),
                        weights.matrix(filters, memory), weights.vector(units) if bias else None,
                        state("f32", [batches, memory * filters])],
         [Tensor("f32", [batches, units])], ("SVDFOptions", {"rank": rank, "fusedActivationFunction": activation}),
         2 if hybrid else 1)


svdf("svdf_f32")
svdf("svdf_f32_rank_1_relu", rank=1, bias=False, activation=1, memory=1)
svdf("svdf_f32_relu", activation=1)
svdf("svdf_hybrid_no_bias", hybrid=True, bias=False)


def embedding(name, dtype, result, columns=(6,), scales=1, version=1):
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    low, high = {"i4": (-7, 8), "u8": (0, 120), "bool": (0, 2)}.get(dtype, (-100, 100))
    values = rng.integers(low, high, (5, *columns)) if dtype != "f32" else rng.normal(0, 1, (5, *columns))
    scale = None if dtype == "f32" or not scales else rng.uniform(0.01, 0.02, scales)
    case(name, "EMBEDDING_LOOKUP", [Tensor("i32", [7], low=0, high=4), constant(dtype, values, scale=scale)],
         [Tensor(result, [7, *columns], scale=scale if result != "f32" else None)], None, version)


embedding("embedding_lookup_f32", "f32", "f32", (3, 2))
embedding("embedding_lookup_u8_hybrid", "u8", "f32")
for dtype in ("i16", "u8", "i32", "i64", "bool"):
    embedding(f"embedding_lookup_{dtype}", dtype, dtype, (3, 2), scales=0)
embedding("embedding_lookup_i4", "i4", "f32", (6,), 1, 4)
embedding("embedding_lookup_i4_rows", "i4", "f32", (3, 2), 5, 4)
embedding("embedding_lookup_i4_odd", "i4", "f32", (5,), 5, 4)

for dtype in ("f32", "i8", "u8", "i16", "i32", "i64", "bool"):
    rng = np.random.default_rng(5)
    data = np.abs(rng.integers(-90, 90, (6, 2, 3))) if dtype == "u8" else rng.integers(-90, 90, (6, 2, 3))
    case(f"hashtable_lookup_{dtype}", "HASHTABLE_LOOKUP",
         [Tensor("i32", [9], low=-6, high=12), constant("i32", [-5, -1, 0, 4, 5, 11]),
          constant(dtype, data, scale=0.1 if dtype == "i8" else None)],
         [Tensor(dtype, [9, 2, 3], scale=0.1 if dtype == "i8" else None), Tensor("u8", [9])], None, turns=2)


def main():
    folder = os.path.join(os.path.dirname(__file__), "..", "reference", "vectors")
    os.makedirs(folder, exist_ok=True)
    wanted = sys.argv[1:]
    failed = []
    for item in CASES:
        if wanted and not any(part in item.name for part in wanted):
            continue
        try:
            item.write(folder)
        except (RuntimeError, ValueError) as error:
            failed.append(f"{item.name}: {error}")
    print(f"{len(CASES)} cases, {len(failed)} refused", *failed, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
