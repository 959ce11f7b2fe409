#!/usr/bin/env python3
"""Makes TensorFlow's and ai-edge-quantizer's files of the models of `npm run report -- zoo`, in .build/rivals/MODEL.

    npm run report -- zoo                      # writes .build/report/MODEL/calibration.npz
    .cache/python/bin/python tests/python/zoo_reference.py [MODEL…]
    npm run report -- zoo --rivals             # measures the files, keeps the figures in tests/reference/zoo.json

Needs the shared folder beside the checkout (its oracle drives both tools) and ai-edge-quantizer beside TensorFlow. All
files are made from the same float .tflite and calibrated on the same arrays as ours.
"""
import json
import pathlib
import sys

import numpy
from ai_edge_litert.interpreter import Interpreter

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
sys.path.insert(0, str(SHARED / "tools" / "oracle"))
MODES = ["tf_dynamic", "tf_fp16", "tf_int8", "tf_int8_only", "tf_int16x8", "tf_int16x8_only"]
MODES += ["aeq_dynamic", "aeq_fp16", "aeq_int8", "aeq_int16x8"]
FLOAT_FILES = {
    "characters": ROOT / "web/examples/characters/characters.tflite",
    "resnet8_cifar10": SHARED / "zoo/derived/resnet8_cifar10_float.tflite",
    "vww_96": SHARED / "zoo/derived/vww_96_float.tflite",
    "kws_ds_cnn": SHARED / "zoo/derived/kws_ds_cnn_float.tflite",
    "mobilenet_v1_0.25_224": SHARED / "zoo/models/cls/mobilenet_v1_0.25_224_float.tflite",
    "mnist_conv": SHARED / "zoo/models/cls/mnist_conv_float.tflite",
    "mnist_lstm": SHARED / "zoo/models/rnn/mnist_lstm_float.tflite",
    "resnet8_cifar10_large": SHARED / "zoo/models/cls/resnet8_cifar10_large_float.tflite",
    "movie_review": SHARED / "zoo/models/text/movie_review_float.tflite",
    "pose_detection_128": SHARED / "zoo/models/pose/pose_detection_128_float.tflite",
    "ad_autoencoder": SHARED / "zoo/models/audio/ad_autoencoder_float.tflite",
    "blazeface_front": SHARED / "zoo/models/det/blazeface_front_float.tflite",
    "face_landmark_192": SHARED / "zoo/models/pose/face_landmark_192_float.tflite",
    "deeplabv3_mnv2_257": SHARED / "zoo/models/seg/deeplabv3_mnv2_257_float.tflite",
    "abpn_x2": SHARED / "zoo/models/image2image/abpn_x2_float.tflite",
}


def calibration_of(model: str, folder: pathlib.Path) -> pathlib.Path:
    """Our calibration arrays; the only one is called `x` where the model has no signature to name it by."""
    source = ROOT / ".build/report" / model / "calibration.npz"
    if Interpreter(model_path=str(FLOAT_FILES[model])).get_signature_list():
        return source
    folder.mkdir(parents=True, exist_ok=True)
    with numpy.load(source) as arrays:
        numpy.savez(folder / "calibration.npz", x=arrays[arrays.files[0]])
    return folder / "calibration.npz"


def main(models: list[str]) -> None:
    import oracle

    for model in models or FLOAT_FILES:
        folder = ROOT / ".build/rivals" / model
        results = oracle.run_modes(str(FLOAT_FILES[model]), str(calibration_of(model, folder)), str(folder), MODES, 10**6)
        print(model, json.dumps(results), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
