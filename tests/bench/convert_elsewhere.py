"""One conversion to int8 by another quantizer: prints wall and processor seconds, memory before and at most, as JSON.

usage: python convert_elsewhere.py tensorflow|ai-edge MODEL FLOAT.tflite COUNT

tensorflow converts the model of make_models.py from a SavedModel, ai-edge the .tflite file. Making the model, importing
the libraries and COUNT samples are not counted; the samples are held already, as ours are.
"""

import json
import os
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np


def of_tensorflow(name, _, samples):
    import make_models
    import tensorflow as tf

    folder = tempfile.mkdtemp()
    make_models.export(make_models.make(name), folder)

    def work():
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([sample] for sample in samples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        return converter.convert()

    return work


def of_ai_edge(_, file, samples):
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import quantizer, recipe

    def work():
        (key, signature), = Interpreter(model_path=file).get_signature_list().items()
        made = quantizer.Quantizer(file)
        made.load_quantization_recipe(recipe.static_wi8_ai8())
        learned = made.calibrate({key: [{signature["inputs"][0]: sample} for sample in samples]})
        return made.quantize(learned).quantized_model

    return work


def memory(field):
    with open("/proc/self/status", encoding="ascii") as file:
        return next(1024 * int(line.split()[1]) for line in file if line.startswith(field + ":"))


def forget_peak():
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def main():
    kind, name, file, count = sys.argv[1:]
    numbers = np.random.default_rng(2)
    samples = [numbers.normal(size=(1, 224, 224, 3)).astype("float32") for _ in range(int(count))]
    work = {"tensorflow": of_tensorflow, "ai-edge": of_ai_edge}[kind](name, file, samples)
    before = memory("VmRSS")
    forget_peak()
    wall, processor = time.perf_counter(), time.process_time()
    made = work()
    seconds = {"wallMs": 1000 * (time.perf_counter() - wall), "cpuSeconds": time.process_time() - processor}
    print(json.dumps({**seconds, "emptyBytes": before, "peakBytes": memory("VmHWM"), "bytes": len(made)}))


main()
