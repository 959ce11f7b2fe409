"""Files that TensorFlow's converter and ai-edge-quantizer make of the models of test_operators.py.

Each function raises whatever its tool does where it makes no file.
"""

import numpy as np
import tensorflow as tf

import operator_models as models


def tensorflow(case, mode):
    return models.to_tflite(case["function"], case["shapes"], mode, case["samples"])


def with_signature(content):
    """ai-edge-quantizer calibrates by signature; a model without one gets `serving_default` over inputs and outputs."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    if model.signatureDefs:
        return content
    graph = model.subgraphs[0]
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = "serving_default", 0

    def named(prefix, tensors):
        entries = []
        for position, tensor in enumerate(tensors):
            entry = schema.TensorMapT()
            entry.name, entry.tensorIndex = f"{prefix}_{position:02d}", int(tensor)
            entries.append(entry)
        return entries

    signature.inputs, signature.outputs = named("in", graph.inputs), named("out", graph.outputs)
    model.signatureDefs = [signature]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def ai_edge(case, mode):
    from ai_edge_quantizer import quantizer, recipe, recipe_manager

    tool = quantizer.Quantizer(bytearray(with_signature(case["path"].read_bytes())))
    if mode == "float16":
        manager = recipe_manager.RecipeManager()
        manager.add_weight_only_config(".*", "*", num_bits=16, algorithm_key="float_casting")
        tool.load_quantization_recipe(manager.get_quantization_recipe())
    else:
        recipes = {
            "dynamic": recipe.dynamic_wi8_afp32,
            "int8": recipe.static_wi8_ai8,
            "int16x8": recipe.static_wi8_ai16,
        }
        tool.load_quantization_recipe(recipes[mode]())  # KeyError: it knows no integer-only modes
    ranges = None
    if tool.need_calibration:
        rows = [{f"in_{i:02d}": np.asarray(values) for i, values in enumerate(sample)} for sample in case["samples"]]
        ranges = tool.calibrate({"serving_default": rows})
    return bytes(tool.quantize(ranges).quantized_model)


RIVALS = {"TensorFlow": tensorflow, "ai-edge-quantizer": ai_edge}
