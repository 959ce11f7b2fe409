"""From a Keras network to a .tflite file with metadata; and such files run, as the examples' scripts need it."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import flatbuffers
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema


@dataclass(frozen=True)
class Port:
    """An input or output as the metadata tell it."""

    name: str
    description: str
    low: float  # values lie between low and high
    high: float
    picture: bool = False  # RGB, normalised by (pixel - 127.5) / 127.5
    sample_rate: int = 0  # of a sound of one channel
    labels: tuple[str, ...] = ()


def convert(
    network: tf.keras.Model, source: Port, target: Port, shape: tuple[int, ...], calibration: np.ndarray | None = None
) -> bytes:
    """Convert a network of one input and one output; with calibration values to int8 with float inputs and outputs.

    shape: of the input, batch included. Names become those of the signature.
    """
    # As constants: the converter does not freeze variables of a Keras network here.
    trainable = [tf.constant(value.numpy()) for value in network.trainable_variables]
    other = [tf.constant(value.numpy()) for value in network.non_trainable_variables]

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, name=source.name)])
        def run(self, values: tf.Tensor) -> dict[str, tf.Tensor]:
            result, _ = network.stateless_call(trainable, other, values, training=False)
            return {target.name: result}

    def representative() -> Iterator[list[np.ndarray]]:
        for one in calibration:
            yield [one[None]]

    module = Module()
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures={"serving_default": module.run})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if calibration is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = representative
        return converter.convert()


def run(model: bytes, inputs: np.ndarray) -> np.ndarray:
    """Run a model of one float input and output in TensorFlow Lite's own kernels, sample by sample."""
    resolver = tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = tf.lite.Interpreter(model_content=model, num_threads=1, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    results = []
    for one in inputs:
        interpreter.set_tensor(source, one[None])
        interpreter.invoke()
        results.append(interpreter.get_tensor(target)[0])
    return np.stack(results)


class MetadataWriter:
    """Writes the FlatBuffer TFLITE_METADATA; fields are given as {id: (kind, value)}."""

    def __init__(self) -> None:
        self.builder = flatbuffers.Builder(1024)

    def text(self, value: str) -> tuple[str, int]:
        return "offset", self.builder.CreateString(value)

    def vector(self, *values: object) -> tuple[str, int]:
        self.builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            if isinstance(value, tuple):
                self.builder.PrependUOffsetTRelative(value[1])
            else:
                self.builder.PrependFloat32(value)
        return "offset", self.builder.EndVector()

    def table(self, fields: dict[int, tuple[str, object]]) -> tuple[str, int]:
        self.builder.StartObject(max(fields) + 1)
        for slot, (kind, value) in fields.items():
            if kind == "byte":
                self.builder.PrependUint8Slot(slot, value, 0)
            elif kind == "number":
                self.builder.PrependUint32Slot(slot, value, 0)
            else:
                self.builder.PrependUOffsetTRelativeSlot(slot, value, 0)
        return "offset", self.builder.EndObject()

    def port(self, port: Port) -> tuple[str, int]:
        """TensorMetadata: 0 name, 1 description, 3 content, 4 process units, 5 stats, 6 associated files."""
        # Content: 0 tag (1 feature, 2 image, 4 audio), 1 properties.
        if port.picture:
            content = {0: ("byte", 2), 1: self.table({0: ("byte", 1)})}
        elif port.sample_rate:
            content = {0: ("byte", 4), 1: self.table({0: ("number", port.sample_rate), 1: ("number", 1)})}
        else:
            content = {0: ("byte", 1), 1: self.table({0: ("byte", 0)})}
        fields = {
            0: self.text(port.name),
            1: self.text(port.description),
            3: self.table(content),
            5: self.table({0: self.vector(port.high), 1: self.vector(port.low)}),
        }
        if port.picture:  # NormalizationOptions: 0 mean, 1 std
            options = self.table({0: self.vector(127.5), 1: self.vector(127.5)})
            fields[4] = self.vector(self.table({0: ("byte", 1), 1: options}))
        if port.labels:  # AssociatedFile: 0 name, 2 type (2: labels of an axis)
            fields[6] = self.vector(self.table({0: self.text("labels.txt"), 2: ("byte", 2)}))
        return self.table(fields)

    def finish(self, name: str, description: str, source: Port, target: Port) -> bytes:
        """ModelMetadata: 0 name, 1 description, 3 subgraphs (2 inputs, 3 outputs), 7 parser version."""
        graph = self.table({2: self.vector(self.port(source)), 3: self.vector(self.port(target))})
        root = self.table(
            {0: self.text(name), 1: self.text(description), 3: self.vector(graph), 7: self.text("1.0.0")}
        )
        self.builder.Finish(root[1], b"M001")
        return bytes(self.builder.Output())


def with_metadata(model: bytes, name: str, description: str, source: Port, target: Port) -> bytes:
    """Return the model with its metadata and, as a ZIP tail, the labels of its output if it has any."""
    content = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model, 0))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(MetadataWriter().finish(name, description, source, target), np.uint8)
    entry = schema.MetadataT()
    entry.name = "TFLITE_METADATA"
    entry.buffer = len(content.buffers)
    content.buffers.append(buffer)
    content.metadata = [*(content.metadata or []), entry]
    builder = flatbuffers.Builder(len(model) + 4096)
    builder.Finish(content.Pack(builder), b"TFL3")
    stream = io.BytesIO(bytes(builder.Output()))
    if target.labels:
        with zipfile.ZipFile(stream, "a") as archive:
            archive.writestr(zipfile.ZipInfo("labels.txt"), "\n".join(target.labels) + "\n")
    return stream.getvalue()


def cosine(peak: float, steps: int) -> tf.keras.optimizers.schedules.LearningRateSchedule:
    """Return a learning rate that rises for a tenth of the steps, then falls to zero."""
    return tf.keras.optimizers.schedules.CosineDecay(
        peak / 10, steps - steps // 10, alpha=0.0, warmup_target=peak, warmup_steps=steps // 10
    )


def percent(values: Iterable[float]) -> float:
    """Return the mean in percent, two decimals."""
    return round(100 * float(np.mean(list(values))), 2)
