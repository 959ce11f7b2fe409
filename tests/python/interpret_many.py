"""Runs many models in TensorFlow Lite's interpreter, in this process: the caller starts another when one of them kills it.

Reads lines of JSON {model, resolver, inputs: [.npy, ...]}, writes a line each: {ok, outputs: [base64], types} or {ok:
false, message}. A file whose operators or versions the reference resolver does not register says so with `unregistered`.
Reals are quantized as the parameters of integer inputs say; an input takes the shape of its array.
"""

import base64
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

RESOLVERS = tf.lite.experimental.OpResolverType


def run(job):
    interpreter = tf.lite.Interpreter(
        model_path=job["model"], experimental_op_resolver_type=getattr(RESOLVERS, job["resolver"]), num_threads=1
    )
    arrays = [np.load(path) for path in job["inputs"]]
    for detail, values in zip(interpreter.get_input_details(), arrays):
        if list(detail["shape"]) != list(values.shape):
            interpreter.resize_tensor_input(detail["index"], values.shape)
    interpreter.allocate_tensors()
    for detail, values in zip(interpreter.get_input_details(), arrays):
        if detail["dtype"] != values.dtype:
            scale, zero_point = detail["quantization"]
            limits = np.iinfo(detail["dtype"])
            steps = np.rint(values.astype(np.float64) / scale) + zero_point
            values = np.clip(steps, limits.min, limits.max).astype(detail["dtype"])
        interpreter.set_tensor(detail["index"], values)
    interpreter.invoke()
    found = [(interpreter.get_tensor(d["index"]), d) for d in interpreter.get_output_details()]
    return {
        "ok": True,
        "outputs": [base64.b64encode(np.ascontiguousarray(values).tobytes()).decode() for values, _ in found],
        "types": [values.dtype.name for values, _ in found],
        "quantization": [[float(d["quantization"][0]), int(d["quantization"][1])] for _, d in found],
    }


for line in sys.stdin:
    try:
        result = run(json.loads(line))
    except Exception as error:  # whatever the interpreter throws is the verdict
        message = str(error).splitlines()[0]
        result = {"ok": False, "message": message, "unregistered": message.startswith("Didn't find op")}
    print(json.dumps(result), flush=True)
