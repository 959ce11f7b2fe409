"""Makes the ONNX twin of a .tflite file, for a runtime that reads no .tflite.

usage: python make_twin.py FILE.tflite FILE.onnx      (TensorFlow, tf2onnx 1.17, onnx 1.23)

A twin has the same weights and the same inputs in the same layout (NHWC); of a quantized file also the same scales and
zero points, as pairs of QuantizeLinear and DequantizeLinear.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import onnx
import tf2onnx.convert


def main():
    source, target = sys.argv[1:]
    twin, _ = tf2onnx.convert.from_tflite(source, opset=17)
    onnx.checker.check_model(twin)
    onnx.save(twin, target)


main()
