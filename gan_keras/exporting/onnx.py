"""ONNX: a file for each function of a SavedModel, for runtimes without TensorFlow."""

from pathlib import Path

import tensorflow as tf
import tf2onnx

from gan_keras.exporting.loading import load_saved_model
from gan_keras.exporting.saved_model import DEFAULT
from gan_keras.ui import files

OPSET = 18  # the version of ONNX' operations: the newest that tf2onnx knows, from December 2022


def write(saved_model: Path, out: Path, signature: str = DEFAULT) -> None:
    """Write a signature of a SavedModel as an ONNX file.

    Its inputs and its output have the signature's names. The first dimension of each is `batch`, which is free.

    Args:
        saved_model: the folder.
        out: the file to write.
        signature: which of its functions; by default from the network's inputs to its output.
    """
    program = load_saved_model(saved_model)  # what holds the weights while they are converted
    function = program.signatures[signature]
    inputs = dict(sorted(function.structured_input_signature[1].items()))
    whole = tf.function(lambda *values: function(**dict(zip(inputs, values, strict=True))), autograph=False)
    model, _ = tf2onnx.convert.from_function(whole, list(inputs.values()), opset=OPSET)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"  # instead of a name for each
    with files.replacing(out) as temporary:
        temporary.write_bytes(model.SerializeToString())
