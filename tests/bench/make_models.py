"""Makes the models of the bench: random weights, ranges fitted by one pass of batch normalization, every mode.

usage: python make_models.py FOLDER MODE,... [model ...]      (TensorFlow 2.21)

Writes FOLDER/<model>/<mode>.tflite; modes are float, float16, dynamic, int8 (float inputs and outputs, so that every
runtime can run it), int8-only and int16x8. What is there already is left alone. With random weights the outputs are
nearly flat: these files are for speed and for comparing runtimes with one another, not for accuracy.
"""

import os
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
from keras import layers as L

SIZE = (224, 224, 3)


def efficientnet_lite0():
    """EfficientNet-Lite0: B0 without squeeze-and-excite, RELU6, fixed stem and head."""

    def normalized(x, is_activated=True):
        x = L.BatchNormalization()(x)
        return L.ReLU(6.0)(x) if is_activated else x

    x = first = keras.Input(SIZE)
    x = normalized(L.Conv2D(32, 3, 2, "same", use_bias=False)(x))
    # expansion, window, stride, channels, repeats
    blocks = [
        (1, 3, 1, 16, 1),
        (6, 3, 2, 24, 2),
        (6, 5, 2, 40, 2),
        (6, 3, 2, 80, 3),
        (6, 5, 1, 112, 3),
        (6, 5, 2, 192, 4),
        (6, 3, 1, 320, 1),
    ]
    for expansion, window, block_stride, channels, repeats in blocks:
        for repeat in range(repeats):
            stride, inputs = (block_stride if repeat == 0 else 1), x.shape[-1]
            y = x
            if expansion != 1:
                y = normalized(L.Conv2D(inputs * expansion, 1, use_bias=False)(y))
            y = normalized(L.DepthwiseConv2D(window, stride, "same", use_bias=False)(y))
            y = normalized(L.Conv2D(channels, 1, use_bias=False)(y), is_activated=False)
            x = L.Add()([x, y]) if stride == 1 and inputs == channels else y
    x = normalized(L.Conv2D(1280, 1, use_bias=False)(x))
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(first, L.Dense(1000, "softmax")(x))


MODELS = {
    "mobilenet_v1": lambda: keras.applications.MobileNet(weights=None),
    "mobilenet_v2": lambda: keras.applications.MobileNetV2(weights=None),
    "efficientnet_lite0": efficientnet_lite0,
    "mobilenet_v3": lambda: keras.applications.MobileNetV3Large(weights=None, include_preprocessing=False),
    "resnet50": lambda: keras.applications.ResNet50(weights=None),
}


def fit_ranges(model):
    """One training pass without momentum, so that values have sane ranges at every depth."""
    for layer in model.layers:
        if isinstance(layer, L.BatchNormalization):
            layer.momentum = 0.0
    model(np.random.default_rng(1).normal(size=(8,) + SIZE).astype("float32"), training=True)


def make(name):
    """A model with the same random weights each time."""
    keras.utils.set_random_seed(7)
    model = MODELS[name]()
    fit_ranges(model)
    return model


def export(model, folder):
    """A SavedModel that takes one picture."""
    signature = [tf.TensorSpec((1,) + SIZE, tf.float32, name="input")]
    model.export(folder, input_signature=signature, verbose=False)


def convert(saved, mode):
    converter = tf.lite.TFLiteConverter.from_saved_model(saved)
    samples = np.random.default_rng(2).normal(size=(32,) + SIZE).astype("float32")
    if mode != "float":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if mode.startswith("int8"):
        converter.representative_dataset = lambda: ([sample[None]] for sample in samples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if mode == "int8-only":
        converter.inference_input_type = converter.inference_output_type = tf.int8
    if mode == "int16x8":
        converter.representative_dataset = lambda: ([sample[None]] for sample in samples[:8])
        converter.target_spec.supported_ops = [
            tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
        ]
    return converter.convert()


def main():
    folder, modes, names = sys.argv[1], sys.argv[2].split(","), sys.argv[3:] or list(MODELS)
    for name in names:
        target = os.path.join(folder, name)
        missing = [mode for mode in modes if not os.path.exists(os.path.join(target, mode + ".tflite"))]
        if not missing:
            continue
        os.makedirs(target, exist_ok=True)
        with tempfile.TemporaryDirectory() as saved:
            export(make(name), saved)
            for mode in missing:
                content = convert(saved, mode)
                with open(os.path.join(target, mode + ".tflite"), "wb") as file:
                    file.write(content)
                print(name, mode, flush=True)


if __name__ == "__main__":
    main()
