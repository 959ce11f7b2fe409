"""The files of `npm run report` under TensorFlow Lite's own interpreter.

Each must load and run there, be no larger than TensorFlow's own file for that mode, and be as accurate; what our runtime
computes with the integer ones must equal TensorFlow Lite's reference kernels bit for bit.
"""
import json
import pathlib
import subprocess

import numpy
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPORT = ROOT / ".build/report"
MODELS = ["characters", "resnet8_cifar10", "vww_96", "kws_ds_cnn", "mobilenet_v1_0.25_224"]
MODES = ["float16", "dynamic", "int8", "int8-only"]
ALL = [(model, mode) for model in MODELS for mode in MODES]
COMPARED = 25  # samples compared with the reference kernels, which are slow


@pytest.fixture(scope="session", autouse=True)
def report() -> None:
    """Makes the files anew."""
    subprocess.run(["node", ".scripts/report.mjs"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def needs(model: str) -> pathlib.Path:
    folder = REPORT / model
    if not folder.exists():
        pytest.skip(f"{model} needs ../shared, which is not beside this checkout")
    return folder


def samples(model: str) -> numpy.ndarray:
    """All samples of the evaluation set, [samples, ...], float32."""
    with numpy.load(needs(model) / "evaluation.npz") as arrays:
        return arrays[arrays.files[0]]


def interpreter_of(path: pathlib.Path, resolver: OpResolverType = OpResolverType.AUTO) -> Interpreter:
    interpreter = Interpreter(model_path=str(path), experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    return interpreter


def stored(values: numpy.ndarray, detail: dict) -> numpy.ndarray:
    """Real values as the input's own type: nearest, halves away from zero, as our runtime does."""
    if detail["dtype"] == numpy.float32:
        return values.astype(numpy.float32)
    scale, zero_point = detail["quantization"]
    steps = (values / numpy.float32(scale)).astype(numpy.float32)
    whole = numpy.where(steps < 0, -numpy.floor(-steps + numpy.float32(0.5)), numpy.floor(steps + numpy.float32(0.5)))
    limits = numpy.iinfo(detail["dtype"])
    return numpy.clip(whole + zero_point, limits.min, limits.max).astype(detail["dtype"])


def run(interpreter: Interpreter, inputs: numpy.ndarray) -> numpy.ndarray:
    """Outputs of each sample in the model's own types, [samples, ...]."""
    [source] = interpreter.get_input_details()
    [result] = interpreter.get_output_details()
    outputs = []
    for values in inputs:
        interpreter.set_tensor(source["index"], stored(values, source)[None])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(result["index"])[0])
    return numpy.stack(outputs)


def litequant_run(path: pathlib.Path, inputs: numpy.ndarray, folder: pathlib.Path) -> numpy.ndarray:
    """The same through our command line, one sample at a time: [samples, ...]."""
    interpreter = interpreter_of(path)
    [source] = interpreter.get_input_details()
    signatures = interpreter.get_signature_list()
    name = next(iter(signatures.values()))["inputs"][0] if signatures else source["name"]
    outputs = []
    for values in inputs:
        numpy.savez(folder / "x.npz", **{name: stored(values, source)[None]})
        command = ["node", "dist/cli.js", "run", path, "--input", folder / "x.npz", "-o", folder / "y.npz"]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        with numpy.load(folder / "y.npz") as arrays:
            outputs.append(arrays[arrays.files[0]][0])
    return numpy.stack(outputs)


@pytest.mark.parametrize("model,mode", ALL)
def test_no_larger_and_as_accurate_as_tensorflows(model: str, mode: str) -> None:
    path = needs(model) / f"{mode}.tflite"
    theirs = json.loads((ROOT / "tests/reference/tensorflow.json").read_text())[model][mode]
    labels = numpy.array(json.loads((REPORT / model / "labels.json").read_text()))
    outputs = run(interpreter_of(path), samples(model))
    top1 = float((outputs.reshape(len(labels), -1).argmax(axis=1) == labels).mean())
    assert path.stat().st_size <= theirs["bytes"]
    assert top1 >= theirs["top1"] - 0.01, f"top-1 {top1:.4f}, TensorFlow's file {theirs['top1']:.4f}"


@pytest.mark.parametrize("model,mode", [(model, mode) for model, mode in ALL if mode.startswith("int8")])
def test_integers_equal_the_reference_kernels(model: str, mode: str, tmp_path: pathlib.Path) -> None:
    path = needs(model) / f"{mode}.tflite"
    inputs = samples(model)[:: max(1, len(samples(model)) // COMPARED)][:COMPARED]
    want = run(interpreter_of(path, OpResolverType.BUILTIN_REF), inputs)
    got = litequant_run(path, inputs, tmp_path)
    numpy.testing.assert_array_equal(got, want)
