"""The quantizer against TensorFlow's own: from the same float model and the same ranges, every scale, zero point, weight
and bias must be equal bit for bit.

TensorFlow's files are made by ../shared/tools/oracle; ours by the command line of the build (dist/cli.js). Both start
from the ranges that TensorFlow's calibrator saw, which are put into our statistics: float sums in another order differ
in last bits, and the test of ranges below looks at that alone.

Exceptions, each with its reason:
- SQUEEZE: TensorFlow writes RESHAPE in its place. Compared as the same operator, without its shape operand.
- RELU after ADD: TensorFlow fuses the two in int8, as we do; its older quantizer, which makes 16x8, does not. There
  tensors are matched by name alone.
- Operator versions: TensorFlow has one operator code per kind in a file and gives it the highest version that one of the
  uses needs; here each use has its own. Ours may be lower.
- Commutative operands (ADD, MUL, …): TensorFlow's canonical order may differ, so tensors are matched by name first.
- Ranges of tensors that TensorFlow's calibrator sees after an operator wrote its result over them in place: it
  records the values of that result too; ours are those of the tensor, and lie inside.
- float16 leaves small constants, biases among them, in float unless asked: compared with --min-elements 1.
- The largest value of a tensor without positive values: TensorFlow's starts at the smallest normal float instead.
  Zero belongs to every range, so nothing follows from it.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
ORACLE = SHARED / "tools" / "oracle"
ZOO = SHARED / "zoo"
CLI = ROOT / "dist" / "cli.js"

pytestmark = pytest.mark.skipif(
    not ORACLE.exists() or not CLI.exists(), reason="needs ../shared and a build of the package"
)

SAMPLES = 8
INT16 = 7  # TensorType of the format
MODELS = {
    "resnet8": "derived/resnet8_cifar10_float.tflite",
    "kws": "derived/kws_ds_cnn_float.tflite",
    "vww": "derived/vww_96_float.tflite",
    "ad": "models/audio/ad_autoencoder_float.tflite",
    "mobilenet_v1": "models/cls/mobilenet_v1_0.25_224_float.tflite",
    "blazeface": "models/det/blazeface_front_float.tflite",
    "abpn": "models/image2image/abpn_x2_float.tflite",
    "face_landmark": "models/pose/face_landmark_192_float.tflite",
}
# Our mode and border type, and the oracle's name of the same.
INTEGER_MODES = {
    "int8": (["--mode", "int8"], "int8"),
    "int8-only": (["--mode", "int8-only"], "int8_only"),
    "uint8": (["--mode", "int8-only", "--io", "uint8"], "uint8_only"),
    "int16x8": (["--mode", "int16x8"], "int16x8"),
}
# Files of the zoo that TensorFlow made of the same float network in the modes that the oracle cannot make of a .tflite.
DERIVED = {
    "resnet8": "derived/resnet8_cifar10_{}.tflite",
    "kws": "derived/kws_ds_cnn_{}.tflite",
    "vww": "derived/vww_96_{}.tflite",
}


@pytest.fixture(scope="session")
def oracle():
    sys.path.insert(0, str(ORACLE))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import oracle as module

    return module


@pytest.fixture(scope="session")
def graphs(oracle):
    import compare

    return compare


def litequant(*words):
    done = subprocess.run(["node", str(CLI), *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Case:
    """One float model with its samples, TensorFlow's ranges and both quantizers' files, made when asked for."""

    def __init__(self, name, folder, oracle, graphs):
        self.name, self.folder, self.oracle, self.graphs = name, folder, oracle, graphs
        self.float_path = ZOO / MODELS[name]
        self.float_graph = graphs.G(str(self.float_path))
        self.samples = self.make_samples()
        np.save(folder / "samples.npy", self.samples)
        litequant("calibrate", self.float_path, "--data", folder / "samples.npy", "-o", folder / "own.json")
        self.own = json.loads((folder / "own.json").read_text())
        self.ranges = self.tensorflow_ranges()
        (folder / "tensorflow.json").write_text(json.dumps(self.with_tensorflow_ranges()))

    def make_samples(self):
        graph = self.float_graph
        assert len(graph.g.inputs) == 1
        shape = [int(dim) for dim in graph.t(int(graph.g.inputs[0])).shape]
        generator = np.random.default_rng(len(self.name))
        return generator.uniform(-1, 1, [SAMPLES] + shape[1:]).astype(np.float32)

    def dataset(self):
        for sample in self.samples:
            yield [sample[None]]

    def tensorflow_ranges(self):
        from tensorflow.lite.python.optimize import calibrator

        logged = calibrator.add_intermediate_tensors(self.float_path.read_bytes())
        graph = self.graphs.G(calibrator.Calibrator(logged).calibrate(self.dataset))
        ranges = {}
        for tensor in graph.g.tensors:
            known = tensor.quantization
            if known is not None and known.min is not None and len(known.min) == 1:
                ranges[tensor.name.decode()] = (np.float32(known.min[0]), np.float32(known.max[0]))
        return ranges

    def with_tensorflow_ranges(self):
        statistics = json.loads(json.dumps(self.own))
        for entry in statistics["graphs"][0]["ranges"]:
            if self.is_of_the_model(entry):
                entry[2:] = [float(str(end)) for end in self.ranges[entry[1]]]
        return statistics

    def is_of_the_model(self, entry):
        """Whether an entry of the statistics has a range and is no tensor inside an alternative, which we alone have."""
        return len(entry) == 4 and entry[0] < len(self.float_graph.g.tensors)

    def tensorflow_file(self, mode):
        return self.graphs.G(self.oracle.tf_convert(str(self.float_path), mode, self.dataset))

    def own_file(self, words):
        path = self.folder / ("-".join(word.strip("-") for word in words) + ".tflite")
        if not path.exists():
            extra = [] if words[1] in ("dynamic", "float16") else ["--statistics", self.folder / "tensorflow.json"]
            litequant("quantize", self.float_path, "-o", path, *words, *extra)
        return path


@pytest.fixture(scope="session", params=MODELS)
def case(request, tmp_path_factory, oracle, graphs):
    return Case(request.param, tmp_path_factory.mktemp(request.param), oracle, graphs)


def matched_tensors(reference, candidate):
    """[(tensor of the reference, tensor of the candidate)]: the same operand of the same operator."""
    same = {"SQUEEZE": "RESHAPE"}
    bridges = ("QUANTIZE", "DEQUANTIZE")  # may stand anywhere between the node they follow and its reader
    kinds = [Counter(same.get(op[0], op[0]) for op in graph.ops) for graph in (reference, candidate)]
    is_16x8 = any(tensor.type == INT16 for tensor in reference.g.tensors)
    if is_16x8:
        # The older quantizer, which makes 16x8, puts a QUANTIZE before every tied operand, also where nothing changes.
        kinds = [Counter({kind: n for kind, n in of.items() if kind not in bridges}) for of in kinds]
    by_name = {candidate.name(i): i for i in range(len(candidate.g.tensors))}
    if kinds[0] != kinds[1]:
        # TensorFlow leaves PRELU in float, which we write as four operators; what stands between is ours alone.
        lacking, own = kinds[0] - kinds[1], kinds[1] - kinds[0]
        assert is_16x8 and set(lacking) <= {"RELU", "PRELU"}
        assert own == Counter({kind: lacking["PRELU"] for kind in ("MINIMUM", "MUL", "MAXIMUM", "ADD")})
        # Conversions name their results as each quantizer likes.
        touched = {tensor for op in reference.ops if op[0] == "PRELU" for tensor in [*op[1], *op[2]]}
        touched |= {tensor for op in reference.ops if op[0] in bridges for tensor in op[2]}
        names = [(reference.name(i), i) for i in range(len(reference.g.tensors)) if i not in touched]
        matched = [(i, by_name[name]) for name, i in names if name in by_name]
        assert len(matched) >= 0.8 * len(names), [name for name, _ in names if name not in by_name]
        return matched
    computing = [[op for op in graph.ops if op[0] not in bridges] for graph in (reference, candidate)]
    pairs = []
    for expected, found in zip(*computing):
        assert same.get(expected[0], expected[0]) == same.get(found[0], found[0])
        codes = [graph.m.operatorCodes[op[3].opcodeIndex] for graph, op in ((reference, expected), (candidate, found))]
        # That quantizer's table of versions is older than the format's: it writes 2 where int16 kernels begin with 3.
        assert is_16x8 or codes[1].version <= codes[0].version, expected[0]
        operands = list(zip(expected[1], found[1]))[: 1 if found[0] == "SQUEEZE" else None]
        for left, right in operands + list(zip(expected[2], found[2])):
            assert (left < 0) == (right < 0), expected[0]
            if left < 0:
                continue
            if expected[0] in ("ADD", "MUL", "MAXIMUM", "MINIMUM"):
                right = by_name.get(reference.name(left), right)
            pairs.append((left, right))
    return pairs


def assert_same_tensor(reference, left, candidate, right):
    name = reference.name(left)
    assert candidate.t(right).type == reference.t(left).type, name
    expected, found = reference.q(left), candidate.q(right)
    assert (expected is None) == (found is None), name
    if expected is not None:
        np.testing.assert_array_equal(found[0], expected[0], err_msg=f"scale of {name}")
        np.testing.assert_array_equal(found[1], expected[1], err_msg=f"zero point of {name}")
        assert len(expected[0]) == 1 or found[2] == expected[2], name
    stored, own = reference.data(left), candidate.data(right)
    assert (stored is None) == (own is None), name
    if stored is not None:
        np.testing.assert_array_equal(own, stored, err_msg=f"values of {name}")


@pytest.mark.parametrize("mode", INTEGER_MODES)
def test_integer_parameters_are_equal(case, graphs, mode):
    words, name = INTEGER_MODES[mode]
    reference, candidate = case.tensorflow_file(name), graphs.G(str(case.own_file(words)))
    pairs = matched_tensors(reference, candidate)
    for left, right in pairs:
        assert_same_tensor(reference, left, candidate, right)
    borders = list(zip(reference.g.inputs, candidate.g.inputs)) + list(zip(reference.g.outputs, candidate.g.outputs))
    for left, right in borders:
        assert_same_tensor(reference, int(left), candidate, int(right))
    assert len(candidate.bytes) <= len(reference.bytes)


def constants_by_name(graph):
    return {graph.name(i): i for i in range(len(graph.g.tensors)) if graph.data(i) is not None}


@pytest.mark.parametrize(("mode", "kind"), [("dynamic", "dynrange"), ("float16", "float16")])
def test_stored_weights_are_equal(case, graphs, mode, kind):
    if case.name not in DERIVED:
        pytest.skip("the zoo holds no file of TensorFlow's for this mode")
    reference = graphs.G(str(ZOO / DERIVED[case.name].format(kind)))
    candidate = graphs.G(str(case.own_file(["--mode", mode, *(["--min-elements", "1"] if mode == "float16" else [])])))
    expected, found = constants_by_name(reference), constants_by_name(candidate)
    assert set(expected) == set(found)
    for name, left in expected.items():
        assert_same_tensor(reference, left, candidate, found[name])
    assert len(candidate.bytes) <= len(reference.bytes)


def test_ranges_are_those_of_tensorflow(case):
    smallest_normal = float(np.finfo(np.float32).tiny)
    readers_in_place = {"ADD", "SUB", "MUL", "PAD", "CONCATENATION"}
    overwritten = {
        case.float_graph.name(tensor) for op in case.float_graph.ops if op[0] in readers_in_place for tensor in op[1]
    }
    for entry in case.own["graphs"][0]["ranges"]:
        if not case.is_of_the_model(entry):
            continue
        low, high = map(float, case.ranges[entry[1]])
        tolerance = 1e-5 * max(abs(low), abs(high))
        if high == smallest_normal:
            high = max(entry[3], 0.0) if entry[3] > 0 else entry[3]
        if entry[1] in overwritten:
            assert low - tolerance <= entry[2] and entry[3] <= high + tolerance, entry[1]
        else:
            assert abs(entry[2] - low) <= tolerance and abs(entry[3] - high) <= tolerance, entry[1]


def run_once(model, resolver, sample):
    """The outputs of TensorFlow Lite's interpreter for one float sample; ValueError where it knows no such operator."""
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_content=model, experimental_op_resolver_type=resolver, num_threads=1)
    interpreter.allocate_tensors()
    details = interpreter.get_input_details()[0]
    if details["dtype"] != np.float32:
        scale, zero_point = details["quantization"]
        limits = np.iinfo(details["dtype"])
        sample = np.clip(np.round(sample / scale) + zero_point, limits.min, limits.max).astype(details["dtype"])
    interpreter.set_tensor(details["index"], sample)
    interpreter.invoke()
    return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]


@pytest.mark.parametrize("mode", [*INTEGER_MODES, "dynamic", "float16"])
def test_every_file_runs_in_tensorflow_lite(case, mode):
    import tensorflow as tf

    words = INTEGER_MODES[mode][0] if mode in INTEGER_MODES else ["--mode", mode]
    model = case.own_file(words).read_bytes()
    kinds = tf.lite.experimental.OpResolverType
    for resolver in (kinds.BUILTIN_REF, kinds.AUTO):
        try:
            outputs = run_once(model, resolver, case.samples[:1])
        except ValueError as error:
            # The reference resolver of 2.21 stops at version 1 of DEPTH_TO_SPACE: it refuses TensorFlow's file as well.
            assert resolver == kinds.BUILTIN_REF and "DEPTH_TO_SPACE" in str(error)
            continue
        for output in outputs:
            assert np.isfinite(output.astype(np.float64)).all()
