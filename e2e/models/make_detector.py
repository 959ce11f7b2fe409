"""Makes detector.tflite: a detector without training, whose boxes are known beforehand.

    python e2e/models/make_detector.py      (needs TensorFlow 2.21)

Each cell of a 4 x 4 grid over a 32 x 32 picture has one box, which is the cell; what a cell is scored as is the mean of
its red, its green and its blue. TFLite_Detection_PostProcess picks at most five, of which each is sure by 0.5 or more.
"""

import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import flatbuffers
import numpy as np
import tensorflow as tf
from flatbuffers import flexbuffers
from tensorflow.lite.python import schema_py_generated as schema

CELLS, SIDE = 4, 32
OPTIONS = {
    "max_detections": 5, "max_classes_per_detection": 1, "num_classes": 3, "nms_score_threshold": 0.5,
    "nms_iou_threshold": 0.5, "y_scale": 10.0, "x_scale": 10.0, "h_scale": 5.0, "w_scale": 5.0, "use_regular_nms": True,
}


@tf.function(input_signature=[tf.TensorSpec([1, SIDE, SIDE, 3], tf.float32, name="image")])
def grid(image):
    """Encoded boxes, which say "as the anchor", and scores."""
    cells = tf.nn.avg_pool2d(image, SIDE // CELLS, SIDE // CELLS, "VALID")
    encoded = tf.nn.conv2d(cells, tf.constant(np.zeros([1, 1, 3, 4], np.float32)), 1, "VALID")
    return tf.reshape(encoded, [1, CELLS * CELLS, 4]), tf.reshape(cells, [1, CELLS * CELLS, 3])


def tensor_of(name, shape, buffer=0):
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.type, tensor.buffer = name, shape, schema.TensorType.FLOAT32, buffer
    return tensor


def main():
    converted = tf.lite.TFLiteConverter.from_concrete_functions([grid.get_concrete_function()], grid).convert()
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(converted))
    model.signatureDefs, model.metadata, model.metadataBuffers = [], [], None
    graph = model.subgraphs[0]

    middle = (np.arange(CELLS) + 0.5) / CELLS
    anchors = np.array([[y, x, 1 / CELLS, 1 / CELLS] for y in middle for x in middle], np.float32)
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(anchors.tobytes(), np.uint8)
    model.buffers.append(buffer)
    by_size = sorted(graph.outputs, key=lambda index: -graph.tensors[index].shape[-1])  # boxes have four columns
    first = len(graph.tensors)
    most = OPTIONS["max_detections"]
    graph.tensors += [
        tensor_of("anchors", list(anchors.shape), len(model.buffers) - 1),
        tensor_of("boxes", [1, most, 4]),
        tensor_of("classes", [1, most]),
        tensor_of("scores", [1, most]),
        tensor_of("count", [1]),
    ]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.version, code.customCode = 1, "TFLite_Detection_PostProcess"
    model.operatorCodes.append(code)
    node = schema.OperatorT()
    node.opcodeIndex = len(model.operatorCodes) - 1
    node.inputs, node.outputs = [*by_size, first], list(range(first + 1, first + 5))
    node.customOptions = np.frombuffer(bytes(flexbuffers.Dumps(OPTIONS)), np.uint8)
    graph.operators.append(node)
    graph.outputs = node.outputs

    builder = flatbuffers.Builder(4096)
    builder.Finish(model.Pack(builder), b"TFL3")
    content = bytes(builder.Output())

    interpreter = tf.lite.Interpreter(model_content=content)
    interpreter.allocate_tensors()
    picture = np.zeros([1, SIDE, SIDE, 3], np.float32)
    picture[0, 8:16, 16:24, 1] = 0.9  # green, in the second row and the third column
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    found = [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]
    assert np.allclose(found[0][0, 0], [0.25, 0.5, 0.5, 0.75], atol=1e-5), found
    assert found[1][0, 0] == 1 and abs(found[2][0, 0] - 0.9) < 1e-6 and found[3][0] == 1, found
    Path(__file__).with_name("detector.tflite").write_bytes(content)


if __name__ == "__main__":
    main()
