"""Cells that take one step a run (SVDF, LSTM), drawn anew each time, beside TensorFlow Lite.

    LITEQUANT_SEED=7 pytest tests/python/test_streams.py     # the models of an earlier run, whose seed was printed

Each is fed a sequence, step by step in one session: the float model and what it becomes in integers, calibrated on the
sequence, give what TensorFlow Lite's interpreter gives, integers bit for bit. TensorFlow's own quantizer, which carries
states along too, chooses the same scales and the same weights.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.lite.python.optimize.calibrator import Calibrator

from one_operator import Case, Tensor, constant
from test_control_flow import by_us, decoded, encoded

PACKAGE = Path(__file__).resolve().parents[2] / "dist" / "node.js"
SEED = int(os.environ.get("LITEQUANT_SEED") or np.random.default_rng().integers(1 << 30))
RANDOM = np.random.default_rng(SEED)
STEPS = 40

pytestmark = pytest.mark.skipif(not PACKAGE.exists(), reason="needs a build of the package")


def weights(*shape, spread=0.4):
    return constant("f32", RANDOM.normal(0, spread, shape))


def state(*shape):
    return Tensor("f32", shape, variable=True)


def svdf():
    batches, inputs, memory, rank = (int(RANDOM.integers(*limits)) for limits in ((1, 3), (3, 20), (2, 12), (1, 4)))
    units = int(RANDOM.integers(2, 9))
    filters = units * rank
    operands = [Tensor("f32", [batches, inputs]), weights(filters, inputs), weights(filters, memory),
                weights(units) if RANDOM.integers(2) else None, state(batches, memory * filters)]
    return Case("svdf", "SVDF", operands, [Tensor("f32", [batches, units])],
                ("SVDFOptions", {"rank": rank, "fusedActivationFunction": 1}))


def lstm():
    batches, inputs, cells = (int(RANDOM.integers(*limits)) for limits in ((1, 3), (3, 20), (2, 16)))
    gates = [[weights(cells, depth) for _ in range(4)] for depth in (inputs, cells)]
    operands = [Tensor("f32", [batches, inputs]), *gates[0], *gates[1], None, None, None,
                *[weights(cells) for _ in range(4)], None, None, state(batches, cells), state(batches, cells)]
    return Case("lstm", "LSTM", operands, [Tensor("f32", [batches, cells])],
                ("LSTMOptions", {"fusedActivationFunction": 4}))


@pytest.fixture(scope="module", params=[svdf, lstm], ids=["svdf", "lstm"])
def stream(request, tmp_path_factory):
    print(f"LITEQUANT_SEED={SEED}")
    case = request.param()
    path = tmp_path_factory.mktemp(case.name) / "model.tflite"
    path.write_bytes(case.build())
    runs = [[RANDOM.normal(0, 1, case.inputs[0].shape).astype(np.float32)] for _ in range(STEPS)]
    return path, runs


def by_tensorflow(path, runs, resolver):
    interpreter = tf.lite.Interpreter(
        model_path=str(path), experimental_op_resolver_type=getattr(tf.lite.experimental.OpResolverType, resolver)
    )
    interpreter.allocate_tensors()
    results = []
    for (values,) in runs:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
        interpreter.invoke()
        results.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).copy())
    return results


def by_ours(path, runs, **recipe):
    job = {"model": str(path), "runs": [[encoded(values) for values in inputs] for inputs in runs], **recipe}
    (result,) = by_us([job])
    assert result["ok"], result
    return [decoded(outputs[0]) for outputs in result["runs"]], result.get("left")


def test_float_results_are_those_of_tensorflow_lite(stream):
    path, runs = stream
    wanted = np.array(by_tensorflow(path, runs, "BUILTIN_REF"))
    found, _ = by_ours(path, runs)
    assert np.abs(np.array(found) - wanted).max() <= 1e-5 * np.abs(wanted).max()


def test_integers_are_those_of_tensorflow_lite(stream):
    path, runs = stream
    made = path.with_name("int8.tflite")
    found, left = by_ours(path, runs, recipe={"mode": "int8"}, sequence=STEPS, output=str(made))
    assert left == []
    np.testing.assert_array_equal(np.array(found), np.array(by_tensorflow(made, runs, "BUILTIN_REF")))
    # The same integers: its other DEQUANTIZE rounds floats in another order.
    others = np.array(by_tensorflow(made, runs, "BUILTIN_WITHOUT_DEFAULT_DELEGATES"))
    np.testing.assert_allclose(np.array(found), others, rtol=0, atol=1e-6 * np.abs(others).max())
    wanted = np.array(by_tensorflow(path, runs, "BUILTIN_REF"))
    noise = np.square(np.array(found) - wanted).sum()
    assert 10 * np.log10(np.square(wanted).sum() / noise) > 20


def operands_of(content, operator):
    """(scales, values or None where it is no constant) of the operands of the only such operator."""
    interpreter = tf.lite.Interpreter(
        model_content=content, experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF
    )
    (inputs,) = [op["inputs"] for op in interpreter._get_ops_details() if op["op_name"] == operator]
    details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
    found = []
    for index in inputs:
        if index < 0:
            continue
        try:
            values = interpreter.get_tensor(index)
        except ValueError:
            values = None
        found.append((details[index]["quantization_parameters"]["scales"], values))
    return found


# Its calibrator wants intermediate tensors of an LSTM, which the format lets one leave out.
@pytest.mark.parametrize("stream", [svdf], ids=["svdf"], indirect=True)
def test_parameters_are_those_of_tensorflow(stream):
    path, runs = stream
    theirs = Calibrator(path.read_bytes()).calibrate_and_quantize(
        lambda: iter(runs), tf.float32, tf.float32, False, tf.int8
    )
    made = path.with_name("int8.tflite")
    by_ours(path, runs, recipe={"mode": "int8"}, sequence=STEPS, output=str(made))
    pairs = zip(operands_of(made.read_bytes(), "SVDF"), operands_of(bytes(theirs), "SVDF"), strict=True)
    for (scales, values), (wanted_scales, wanted) in pairs:
        # The float states, whose range is a scale, are sums in another order; so is what follows from that scale.
        np.testing.assert_allclose(scales, wanted_scales, rtol=1e-6)
        assert (values is None) == (wanted is None)
        if values is not None:
            loose = 1 + 1e-6 * np.abs(wanted.astype(np.float64)).max() if values.dtype == np.int32 else 0
            assert np.abs(values.astype(np.int64) - wanted).max() <= loose
