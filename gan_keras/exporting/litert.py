"""LiteRT, which was TensorFlow Lite: a file for each function of a SavedModel, for phones and small machines."""

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.lite.python.schema_py_generated import (
    BufferT,
    BuiltinOperator,
    ModelT,
    OperatorT,
    QuantizationParametersT,
    SubGraphT,
    TensorType,
)
from tensorflow.lite.tools import flatbuffer_utils

from gan_keras.exporting.saved_model import DEFAULT
from gan_keras.ui import files

SATURATED = {BuiltinOperator.TANH: 4.0, BuiltinOperator.LOGISTIC: 8.0}  # inputs beyond it change less than a grey value
SUMS = {BuiltinOperator.TRANSPOSE_CONV, BuiltinOperator.CONV_2D, BuiltinOperator.FULLY_CONNECTED}


def write(
    saved_model: Path,
    out: Path,
    signature: str = DEFAULT,
    calibration: Iterable[Mapping[str, np.ndarray]] | None = None,
) -> None:
    """Write a signature of a SavedModel as a LiteRT file, under the same name and with its inputs and output.

    Args:
        saved_model: the folder.
        out: the file to write.
        signature: which of its functions; by default from the network's inputs to its output.
        calibration: batches of inputs, by name. With them, weights and activations are integers of 8 bits, scaled by
            the range that each has for these batches; inputs and output keep their types.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model), signature_keys=[signature])
    if calibration is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ((signature, batch) for batch in calibration)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "(?s).*tf.lite.Interpreter is deprecated")  # the converter itself uses it
        content = converter.convert()
    with files.replacing(out) as temporary:
        temporary.write_bytes(content if calibration is None else mended(content))


def mended(content: bytes) -> bytes:
    """Return a LiteRT file of integers without two faults that the converter leaves in it."""
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    for graph in model.subgraphs:
        kinds = [model.operatorCodes[operator.opcodeIndex].builtinCode for operator in graph.operators]
        sums = {graph.operators[at].outputs[0] for at, kind in enumerate(kinds) if kind in SUMS}
        for operator, kind in zip(graph.operators, kinds, strict=True):
            if kind in SATURATED and operator.inputs[0] in sums:
                narrow(graph.tensors[operator.inputs[0]].quantization, SATURATED[kind])
            elif kind == BuiltinOperator.ONE_HOT:
                express_ones_and_zeros(model, graph, operator)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def narrow(quantization: QuantizationParametersT | None, largest: float) -> None:
    """Let the integers that a tanh or a sigmoid gets resolve what is at most `largest`, where it is not saturated.

    Black pixels are sure: sums before the tanh go far below -100. Spread over their whole range, 256 integers would
    leave an image five greys.
    """
    if quantization and quantization.scale is not None:
        quantization.scale = np.minimum(quantization.scale, largest / 127)
        quantization.zeroPoint = np.zeros_like(quantization.zeroPoint)


def express_ones_and_zeros(model: ModelT, graph: SubGraphT, operator: OperatorT) -> None:
    """Write the one and the zero of a one-hot vector as its own integers say them.

    The converter gives each of the two a scale of its own, which the operator does not heed: its zeros became halves.
    """
    output = graph.tensors[operator.outputs[0]]
    if output.type != TensorType.INT8:
        return
    for place, value in zip(operator.inputs[2:], (1, 0), strict=True):
        written = BufferT()
        written.data = (
            (output.quantization.zeroPoint + np.rint(value / output.quantization.scale)).astype(np.int8).view("u1")
        )
        model.buffers.append(written)
        graph.tensors[place].buffer, graph.tensors[place].quantization = len(model.buffers) - 1, output.quantization
