#!/usr/bin/env python3
"""Makes TensorFlow's own quantized files of the README's models and writes their figures to tests/reference/tensorflow.json.

    npm run report                                   # writes .build/report/MODEL/{calibration,evaluation}.npz, labels.json
    .cache/python/bin/python tests/python/tensorflow_reference.py

Needs the shared folder beside the checkout (its oracle drives TensorFlow's converter). Each model is converted from the
same float file, calibrated on the same arrays and judged on the same samples as ours; accuracies are those of TensorFlow
Lite's default interpreter. Files stay in .build/tensorflow/MODEL/MODE.tflite.
"""
import json
import pathlib
import sys

import numpy
from ai_edge_litert.interpreter import Interpreter

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
sys.path.insert(0, str(SHARED / "tools" / "oracle"))

# Our modes by the oracle's names.
MODES = {"float16": "tf_fp16", "dynamic": "tf_dynamic", "int8": "tf_int8", "int8-only": "tf_int8_only"}
FLOAT_FILES = {
    "characters": ROOT / "web/examples/characters/characters.tflite",
    "resnet8_cifar10": SHARED / "zoo/derived/resnet8_cifar10_float.tflite",
    "vww_96": SHARED / "zoo/derived/vww_96_float.tflite",
    "kws_ds_cnn": SHARED / "zoo/derived/kws_ds_cnn_float.tflite",
    "mobilenet_v1_0.25_224": SHARED / "zoo/models/cls/mobilenet_v1_0.25_224_float.tflite",
}
# The embedded example's own figures of TensorFlow's files, measured by its training script (train.py).
EXAMPLE_FIGURES = {"float16": "float16", "dynamic": "dynamic", "int8": "int8_float_io", "int8-only": "int8_int8_io"}
# TensorFlow's files in the zoo, made by its converter from the original Keras or SavedModel: the fairest reference there is.
DERIVED = {"float16": "float16", "dynamic": "dynrange", "int8": "int8_floatio", "int8-only": "int8"}


def samples(model: str, name: str) -> numpy.ndarray:
    """The only array of .build/report/MODEL/NAME.npz, [samples, ...]."""
    with numpy.load(ROOT / ".build/report" / model / f"{name}.npz") as arrays:
        return arrays[arrays.files[0]]


def top1(path: pathlib.Path, inputs: numpy.ndarray, labels: list[int]) -> float:
    """Share of samples whose largest output is the label."""
    interpreter = Interpreter(model_path=str(path), num_threads=2)
    detail = interpreter.get_input_details()[0]
    interpreter.allocate_tensors()
    output = interpreter.get_output_details()[0]
    right = 0
    for values, label in zip(inputs, labels):
        batch = values[None]
        if detail["dtype"] != numpy.float32:
            scale, zero_point = detail["quantization"]
            limits = numpy.iinfo(detail["dtype"])
            batch = numpy.clip(numpy.rint(batch / scale + zero_point), limits.min, limits.max).astype(detail["dtype"])
        interpreter.set_tensor(detail["index"], batch)
        interpreter.invoke()
        right += int(interpreter.get_tensor(output["index"])[0].argmax() == label)
    return right / len(labels)


def convert(model: str, mode: str, target: pathlib.Path) -> None:
    """TensorFlow's file for one mode, unless it is there."""
    derived = SHARED / "zoo/derived" / f"{model}_{DERIVED[mode]}.tflite"
    if derived.exists():
        target.write_bytes(derived.read_bytes())
    elif not target.exists():
        import oracle

        calibration = {"x": samples(model, "calibration")}
        target.write_bytes(oracle.tf_convert(str(FLOAT_FILES[model]), MODES[mode][3:], oracle.rep_dataset(calibration)))


def main() -> None:
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for model in FLOAT_FILES:
        if model == "characters":
            results = json.loads((FLOAT_FILES[model].parent / "results.json").read_text())
            figures[model] = {
                mode: {"bytes": results[name]["bytes"], "top1": results[name]["samples_top1"] / 100}
                for mode, name in EXAMPLE_FIGURES.items()
            }
            continue
        folder = ROOT / ".build/tensorflow" / model
        folder.mkdir(parents=True, exist_ok=True)
        inputs = samples(model, "evaluation")
        labels = json.loads((ROOT / ".build/report" / model / "labels.json").read_text())
        figures[model] = {}
        for mode in MODES:
            target = folder / f"{mode}.tflite"
            convert(model, mode, target)
            figures[model][mode] = {
                "bytes": target.stat().st_size,
                "top1": round(top1(target, inputs, labels), 4),
            }
            print(model, mode, figures[model][mode], flush=True)
    target = ROOT / "tests/reference/tensorflow.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
