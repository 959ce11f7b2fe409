"""Models of one operator, written by hand through TensorFlow's schema classes, and what TensorFlow Lite makes of them.

A case is an operator with its operands, run on a few sets of inputs: `NAME.tflite` and `NAME.json`, in the form that
`tests/support/vector_case.h` reads. Names decide the numbers that are drawn: the same TensorFlow writes the same bytes.
"""

import base64
import json
import os
import struct
import zlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import flatbuffers
import ml_dtypes
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

RESOLVER = tf.lite.experimental.OpResolverType

# Short name, as the vectors spell it: numpy type, type of the format.
TYPES = {
    "f32": (np.float32, "FLOAT32"),
    "f16": (np.float16, "FLOAT16"),
    "f64": (np.float64, "FLOAT64"),
    "bf16": (ml_dtypes.bfloat16, "BFLOAT16"),
    "f8e4m3fn": (ml_dtypes.float8_e4m3fn, "FLOAT8_E4M3FN"),
    "f8e5m2": (ml_dtypes.float8_e5m2, "FLOAT8_E5M2"),
    "c64": (np.complex64, "COMPLEX64"),
    "c128": (np.complex128, "COMPLEX128"),
    "i8": (np.int8, "INT8"),
    "u8": (np.uint8, "UINT8"),
    "i16": (np.int16, "INT16"),
    "u16": (np.uint16, "UINT16"),
    "i32": (np.int32, "INT32"),
    "u32": (np.uint32, "UINT32"),
    "i64": (np.int64, "INT64"),
    "u64": (np.uint64, "UINT64"),
    "bool": (np.bool_, "BOOL"),
    "i4": (np.int8, "INT4"),
    "i2": (np.int8, "INT2"),
    "u4": (np.uint8, "UINT4"),
    "str": (np.object_, "STRING"),
}


# Strings that are drawn: few, so that equal ones occur; without characters, with a zero byte, longer than a word.
WORDS = [b"", b"a", b"ab", b"b", "gr\u00fc\u00df".encode(), b"x\0y", b"a longer string of 31 characters", b"\xff\xfe"]


class Tensor:
    """A run-time input or a result (no data), or a constant."""

    def __init__(self, dtype, shape=(), data=None, scale=None, zero=0, axis=0, low=None, high=None, variable=False):
        self.dtype, self.scale, self.zero, self.axis, self.low, self.high = dtype, scale, zero, axis, low, high
        self.data = None if data is None else np.asarray(data).astype(TYPES[dtype][0])
        self.shape = list(shape) if data is None else list(self.data.shape)
        self.variable = variable
        self.sparsity = None
        self.blocks = None  # (scales, elements of a block), in place of a scale
        self.name = None

    def draw(self, rng, turn):
        """Set 0: uniform over the range; 1: its ends, zero and the neighbours of zero; 2: around zero."""
        kind = np.dtype(TYPES[self.dtype][0])
        if kind == np.bool_:
            return rng.integers(0, 2, self.shape).astype(kind)
        if kind == np.object_:
            return rng.choice(np.array(WORDS, np.object_), self.shape)
        if kind.kind == "c":
            return (rng.normal(0, 2, self.shape) + 1j * rng.normal(0, 2, self.shape)).astype(kind)
        if kind.kind in "fV":
            low, high = (-4.0, 4.0) if self.low is None else (self.low, self.high)
            values = rng.uniform(low, high, self.shape)
            if turn == 1:
                values = np.where(rng.random(self.shape) < 0.3, np.clip(np.round(values), low, high), values)
            return np.asarray(values, kind)
        info = np.iinfo(kind)
        low, high = (int(info.min), int(info.max)) if self.low is None else (self.low, self.high)
        if self.dtype in ("i4", "i2", "u4") and self.low is None:
            low, high = {"i4": (-8, 7), "i2": (-2, 1), "u4": (0, 15)}[self.dtype]
        if turn == 0:
            return rng.integers(low, high, self.shape, dtype=kind, endpoint=True)
        if turn == 1:
            values = [min(max(v, low), high) for v in (low, high, self.zero, self.zero + 1, self.zero - 1)]
            return np.asarray(rng.choice(np.array(values, kind), self.shape), kind)
        spread = max((float(high) - float(low)) / 8, 1)
        values = np.clip(np.round(rng.normal(self.zero, min(spread, 1e6), self.shape)), float(low), float(high))
        return np.asarray(values).astype(kind)


def stored_bytes(dtype, values):
    """As the format stores them: two of 4 bits in a byte, the first in the lower half; strings behind their offsets."""
    if dtype == "str":
        strings = list(np.asarray(values, np.object_).ravel())
        ends = np.cumsum([4 * (len(strings) + 2), *map(len, strings)])
        return struct.pack(f"<{len(ends) + 1}i", len(strings), *ends) + b"".join(strings)
    data = np.ascontiguousarray(values, TYPES[dtype][0])
    if dtype in ("i4", "u4"):
        nibbles = data.astype(np.uint8).ravel() & 15
        nibbles = np.append(nibbles, 0) if nibbles.size & 1 else nibbles
        data = (nibbles[0::2] | nibbles[1::2] << 4).astype(np.uint8)
    return data.tobytes()


def constant(dtype, data, **more):
    return Tensor(dtype, data=data, **more)


def enumerate_options(kind):
    """The options table's object and its number in the first or the second union."""
    table = getattr(schema, kind + "T")()
    if hasattr(schema.BuiltinOptions, kind):
        return table, getattr(schema.BuiltinOptions, kind), 1
    return table, getattr(schema.BuiltinOptions2, kind), 2


class Case:
    """`sets` are given inputs instead of drawn ones; `answer` computes the results where TensorFlow Lite does not know
    the operator; `compare` is None for equal elements, else the share of the largest magnitude that floats may be off;
    in a `stream` the sets are runs one after another, with the states that the earlier ones left."""

    def __init__(self, name, op, inputs, outputs, options=None, version=1, custom=None, custom_options=b"", sets=None,
                 compare=None, answer=None, turns=2, subgraphs=(), codes=(), optimized=False, stream=False):
        self.name, self.op, self.inputs, self.outputs = name, op, inputs, outputs
        self.options, self.version, self.custom, self.custom_options = options, version, custom, custom_options
        self.sets, self.compare, self.answer, self.turns = sets, compare, answer, turns
        self.subgraphs, self.codes = subgraphs, codes  # further graphs, and the operators they use
        self.stream = stream
        self.optimized = optimized  # the reference kernels compute something else

    def run_time_inputs(self):
        seen = []
        for tensor in self.inputs:
            if tensor is not None and tensor.data is None and not tensor.variable and tensor not in seen:
                seen.append(tensor)
        return seen

    def build(self):
        model = schema.ModelT()
        model.version, model.buffers = 3, [schema.BufferT()]
        graph = schema.SubGraphT()
        graph.tensors, graph.name = [], "main"
        indices = {}

        def place(tensor, prefix):
            if tensor is None:
                return -1
            if id(tensor) in indices:
                return indices[id(tensor)]
            tensor.name = f"{prefix}{len(graph.tensors)}"
            entry = schema.TensorT()
            entry.name, entry.shape, entry.isVariable = tensor.name, tensor.shape, tensor.variable
            entry.type = getattr(schema.TensorType, TYPES[tensor.dtype][1])
            if tensor.data is not None:
                buffer = schema.BufferT()
                buffer.data = np.frombuffer(stored_bytes(tensor.dtype, tensor.data), np.uint8)
                model.buffers.append(buffer)
                entry.buffer = len(model.buffers) - 1
            if tensor.scale is not None:
                entry.quantization = schema.QuantizationParametersT()
                scale = np.atleast_1d(np.asarray(tensor.scale, np.float32))
                entry.quantization.scale = scale
                zero = np.broadcast_to(np.atleast_1d(np.asarray(tensor.zero, np.int64)), scale.shape).copy()
                entry.quantization.zeroPoint, entry.quantization.quantizedDimension = zero, tensor.axis
            if tensor.blocks is not None:
                entry.quantization, details = schema.QuantizationParametersT(), schema.BlockwiseQuantizationT()
                details.scales, details.zeroPoints = place(tensor.blocks[0], prefix), -1
                details.blockSize = tensor.blocks[1]
                entry.quantization.details = details
                entry.quantization.detailsType = schema.QuantizationDetails.BlockwiseQuantization
            entry.sparsity = tensor.sparsity
            graph.tensors.append(entry)
            indices[id(tensor)] = len(graph.tensors) - 1
            return indices[id(tensor)]

        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, "CUSTOM" if self.custom else self.op)
        code.deprecatedBuiltinCode, code.version, code.customCode = min(code.builtinCode, 127), self.version, self.custom
        model.operatorCodes = [code]
        for op in self.codes:
            further = schema.OperatorCodeT()
            further.builtinCode, further.version = getattr(schema.BuiltinOperator, op), 1
            further.deprecatedBuiltinCode = min(further.builtinCode, 127)
            model.operatorCodes.append(further)
        node = schema.OperatorT()
        node.inputs = [place(tensor, "in") for tensor in self.inputs]
        node.outputs = [place(tensor, "out") for tensor in self.outputs]
        if self.custom:
            node.customOptions = np.frombuffer(self.custom_options, np.uint8)
        if self.options:
            kind, fields = self.options
            table, number, union = enumerate_options(kind)
            for field, value in fields.items():
                assert hasattr(table, field), f"{kind} has no {field}"
                setattr(table, field, value)
            if union == 1:
                node.builtinOptions, node.builtinOptionsType = table, number
            else:
                node.builtinOptions2, node.builtinOptions2Type = table, number
        graph.operators = [node]
        graph.inputs = [indices[id(tensor)] for tensor in self.run_time_inputs()]
        graph.outputs = list(node.outputs)
        model.subgraphs = [graph, *self.subgraphs]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def drawn(self, turn):
        rng = np.random.default_rng(zlib.crc32(f"{self.name} {turn}".encode()))
        return [tensor.draw(rng, turn) for tensor in self.run_time_inputs()]

    def interpret(self, given, resolver):
        """The results of each set."""
        results, interpreter = [], None
        for values in given:
            if interpreter is None or not self.stream:
                interpreter = tf.lite.Interpreter(
                    model_content=self.build(), experimental_op_resolver_type=resolver, num_threads=1
                )
                interpreter.allocate_tensors()
            for detail, value in zip(interpreter.get_input_details(), values):
                interpreter.set_tensor(detail["index"], value)
            interpreter.invoke()
            results.append([interpreter.get_tensor(detail["index"]).copy() for detail in interpreter.get_output_details()])
            self.reshape(results[-1])
        return results

    def results(self, given):
        """(which kernels, results of each set), after the model's results were given their true shapes."""
        if self.answer:
            found = [[np.asarray(result) for result in self.answer(*values)] for values in given]
            self.reshape(found[-1])
            return "this script", found
        failures = []
        for name, resolver in (
            ("BUILTIN_REF", RESOLVER.BUILTIN_REF),
            ("BUILTIN_WITHOUT_DEFAULT_DELEGATES", RESOLVER.BUILTIN_WITHOUT_DEFAULT_DELEGATES),
        )[1 if self.optimized else 0 :]:
            try:
                return name, self.interpret(given, resolver)
            except (RuntimeError, ValueError) as error:
                failures.append(str(error).strip().splitlines()[-1])
        raise RuntimeError(failures[0])

    def reshape(self, found):
        for tensor, result in zip(self.outputs, found):
            tensor.shape = list(result.shape)

    def write(self, folder):
        def entry(tensor, value):
            text = base64.b64encode(stored_bytes(tensor.dtype, value)).decode()
            return {"name": tensor.name, "dtype": tensor.dtype, "shape": list(np.shape(value)), "data": text}

        given = self.sets if self.sets is not None else [self.drawn(turn) for turn in range(self.turns)]
        given = [[np.asarray(v, TYPES[t.dtype][0]) for t, v in zip(self.run_time_inputs(), values)] for values in given]
        golden, results = self.results(given)
        self.build()
        sets = [{
            "inputs": [entry(tensor, value) for tensor, value in zip(self.run_time_inputs(), values)],
            "outputs": [entry(tensor, value) for tensor, value in zip(self.outputs, found)],
        } for values, found in zip(given, results)]
        compare = "exact" if self.compare is None else {"largest": self.compare}
        record = {"id": self.name, "op": self.custom or self.op, "golden": golden, "compare": compare, "sets": sets}
        if self.stream:
            record["stream"] = True
        with open(os.path.join(folder, self.name + ".tflite"), "wb") as file:
            file.write(self.build())
        with open(os.path.join(folder, self.name + ".json"), "w", encoding="utf-8") as file:
            json.dump(record, file, separators=(",", ":"))
            file.write("\n")
