#!/usr/bin/env python3
"""What TensorFlow Lite's reference kernels give for the recorded runs of `npm run report -- exact`.

    python tests/python/exact_reference.py FOLDER [NAME]...

For each NAME/inputs.json of FOLDER (see .scripts/exact_data.mjs) it writes NAME/reference.json and .bin, or only a
`failure`, in the interpreter's words. What is newer than its inputs is left alone. Each model runs in a process of its
own, for some end theirs.

MediaPipe's Convolution2DTransposeBias is not TensorFlow Lite's; a model with it runs with the TRANSPOSE_CONV that adds
a bias in its place, which is the same function. Where the reference resolver registers an operator in lower versions
only, the model runs with the highest it has: a version says what may be in a file, and the kernel is one for all.
"""

import json
import os
import pathlib
import re
import struct
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

ROOT = pathlib.Path(__file__).resolve().parents[2]


def read_runs(base):
    import numpy as np

    record = json.loads(base.with_suffix(".json").read_text())
    data = base.with_suffix(".bin").read_bytes()

    def read(tensor):
        count = int(np.prod(tensor["shape"], dtype=np.int64))
        return np.frombuffer(data, tensor["type"], count, tensor["offset"]).reshape(tensor["shape"])

    for run in record["runs"]:
        for tensor in run["inputs"] + run["outputs"]:
            tensor["values"] = read(tensor)
    return record


def write_runs(base, record, runs):
    import numpy as np

    data = bytearray()
    entries = []
    for names, outputs in runs:
        entries.append({"inputs": [], "outputs": []})
        for name, values in zip(names, outputs, strict=True):
            entry = {"name": name, "type": values.dtype.name, "shape": values.shape, "offset": len(data)}
            entries[-1]["outputs"].append(entry)
            data += np.ascontiguousarray(values).tobytes()
            data += bytes(-len(data) % 8)
    base.with_suffix(".bin").write_bytes(data)
    base.with_suffix(".json").write_text(json.dumps({**record, "runs": entries}))


def packed(model):
    import flatbuffers

    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def with_known_operators(content):
    """Convolution2DTransposeBias as a TRANSPOSE_CONV with a bias and a constant shape."""
    if b"Convolution2DTransposeBias" not in content:
        return content
    import numpy as np
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    for index, code in enumerate(model.operatorCodes):
        if code.customCode != b"Convolution2DTransposeBias":
            continue
        code.customCode, code.version = None, 3
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.TRANSPOSE_CONV
        for graph in model.subgraphs:
            for node in graph.operators:
                if node.opcodeIndex != index:
                    continue
                padding, stride_w, stride_h = struct.unpack("<3i", bytes(node.customOptions)[:12])
                table = schema.TransposeConvOptionsT()
                table.padding, table.strideW, table.strideH = padding - 1, stride_w, stride_h
                node.builtinOptions, node.customOptions = table, None
                node.builtinOptionsType = schema.BuiltinOptions.TransposeConvOptions
                shape, buffer = schema.TensorT(), schema.BufferT()
                buffer.data = np.asarray(graph.tensors[node.outputs[0]].shape, np.int32).view(np.uint8)
                model.buffers.append(buffer)
                shape.name, shape.shape, shape.type = b"result_shape", [4], schema.TensorType.INT32
                shape.buffer = len(model.buffers) - 1
                graph.tensors.append(shape)
                image, weights, bias = node.inputs
                node.inputs = [len(graph.tensors) - 1, weights, image, bias]
    return packed(model)


def with_lower_version(content, operator, version):
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content, 0)
    number = getattr(schema.BuiltinOperator, operator)
    for code in model.operatorCodes:
        if max(code.builtinCode, code.deprecatedBuiltinCode) == number and code.version == version:
            code.version = version - 1
    return packed(model)


def unregistered_version(message):
    """(operator, version) that an interpreter says it does not have, where it may have a lower one."""
    missing = re.search(r"Didn't find op for builtin opcode '(\w+)' version '(\d+)'", message)
    return (missing[1], int(missing[2])) if missing and int(missing[2]) > 1 else None


class Reference:
    """An interpreter, and the order in which a signature's results are recorded."""

    def __init__(self, path, resolver="BUILTIN_REF", **options):
        import tensorflow as tf

        kind = getattr(tf.lite.experimental.OpResolverType, resolver)
        content = with_known_operators(pathlib.Path(path).read_bytes())
        while True:
            try:
                self.interpreter = tf.lite.Interpreter(
                    model_content=content, experimental_op_resolver_type=kind, num_threads=1, **options
                )
                break
            except ValueError as error:
                missing = unregistered_version(str(error))
                if not missing:
                    raise
                content = with_lower_version(content, *missing)
        self.interpreter.allocate_tensors()
        self.runners = {}

    def run(self, run):
        if run["signature"]:
            key = run["signature"]
            if key not in self.runners:
                self.runners[key] = self.interpreter.get_signature_runner(key)
            values = {tensor["name"]: tensor["values"] for tensor in run["inputs"]}
            results = self.runners[key](**values)
            return [results[name] for name in run["results"]]
        for detail, tensor in zip(self.interpreter.get_input_details(), run["inputs"], strict=True):
            self.interpreter.set_tensor(detail["index"], tensor["values"])
        self.interpreter.invoke()
        return [self.interpreter.get_tensor(d["index"]).copy() for d in self.interpreter.get_output_details()]


def results_of(record, resolver):
    """Each run in an interpreter of its own, but in a stream: reset_all_variables leaves the state of an LSTM as it is."""
    path = ROOT.parent / "shared" / "zoo" / record["model"]
    reference = Reference(path, resolver)
    for index, run in enumerate(record["runs"]):
        if index > 0 and not record["isStream"]:
            reference = Reference(path, resolver)
        yield run["results"], reference.run(run)


def has_blockwise_weights(path):
    """The reference kernels take weights with a scale for each block for zeros."""
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    quantizations = [tensor.quantization for graph in model.subgraphs for tensor in graph.tensors]
    return any(one and one.detailsType == schema.QuantizationDetails.BlockwiseQuantization for one in quantizations)


def make(folder):
    """What the reference kernels do not run is left to the optimized ones, and `kernels` says so."""
    record = read_runs(folder / "inputs")
    try:
        if has_blockwise_weights(ROOT.parent / "shared" / "zoo" / record["model"]):
            raise ValueError("blocks")
        kernels, runs = "reference", list(results_of(record, "BUILTIN_REF"))
    except (RuntimeError, ValueError):
        kernels, runs = "optimized", list(results_of(record, "BUILTIN_WITHOUT_DEFAULT_DELEGATES"))
    write_runs(folder / "reference", {"kernels": kernels}, runs)


def made_apart(folder):
    """`make` in a process of its own, which needs not read TensorFlow anew; what went wrong, or None."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            make(folder)
            said = ""
        except Exception as error:  # whatever the interpreter throws is the answer
            said = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        os.write(writer, said.encode()[:2000])
        os._exit(1 if said else 0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return f"the interpreter ended with signal {os.WTERMSIG(status)}"
    return said or None


def main():
    import warnings

    import tensorflow  # noqa: F401, before the processes part

    warnings.filterwarnings("ignore", "(?s).*tf.lite.Interpreter is deprecated")

    folder, wanted = pathlib.Path(sys.argv[1]), sys.argv[2:]
    for inputs in sorted(folder.glob("**/inputs.json")):
        target = inputs.with_name("reference.json")
        name = str(inputs.parent.relative_to(folder))
        if wanted and name not in wanted:
            continue
        if target.exists() and target.stat().st_mtime >= inputs.stat().st_mtime:
            continue
        print(name, file=sys.stderr, flush=True)
        failure = made_apart(inputs.parent)
        if failure:
            target.write_text(json.dumps({"failure": failure, "runs": []}))
            print(f"  {failure}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
