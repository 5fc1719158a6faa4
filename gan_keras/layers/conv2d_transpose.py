"""The transposed convolution that makes grey images, as a matrix product."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_keras")
class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """Keras' transposed convolution; with one output channel and stride 1 it is computed as a matrix product.

    It gives the same numbers, up to rounding. oneDNN's kernel is slow where only one channel comes out. All other
    cases, and float64, are left to Keras.

    Input: [batch, height, width, channels]; output: [batch, height, width, 1].
    """

    def call(self, inputs):
        if not self._product_applies(inputs):
            return super().call(inputs)
        outputs = _to_one_channel(inputs, tf.convert_to_tensor(self.kernel))
        outputs = outputs + tf.convert_to_tensor(self.bias) if self.use_bias else outputs
        return self.activation(outputs)

    def _product_applies(self, inputs) -> bool:
        plain = self.padding == "same" and self.output_padding is None and self.data_format == "channels_last"
        one = self.filters == 1 and {*self.strides, *self.dilation_rate} == {1}
        return plain and one and None not in inputs.shape[1:] and inputs.dtype != tf.float64


def _to_one_channel(inputs: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Return the transposed convolution with stride 1 and a kernel [rows, columns, 1, channels]."""
    height, width, channels = inputs.shape[1:]
    rows, columns = kernel.shape[:2]
    # What each input gives to each place of the kernel; then all that is given to the same output is added up.
    given = tf.matmul(tf.reshape(kernel, [-1, channels]), tf.reshape(inputs, [-1, channels]), transpose_b=True)
    given = tf.cast(given, tf.float32)  # bfloat16 would round each of the sums
    added = _overlap(tf.reshape(given, [rows, -1, height * width]), width)
    added = _overlap(tf.reshape(added, [columns, -1, width]), 1)
    return tf.cast(tf.reshape(added, [-1, height, width, 1]), inputs.dtype)


def _overlap(lines: tf.Tensor, step: int) -> tf.Tensor:
    """Add up [size, batch, length] → [batch, length], each line shifted by one step more than the one before."""
    size, _, length = lines.shape
    shifted = [tf.pad(line, [[0, 0], [by * step, (size - 1 - by) * step]]) for by, line in enumerate(tf.unstack(lines))]
    # The gradient of `tf.slice` takes half as long as that of `[...]`.
    return tf.slice(tf.add_n(shifted), [0, (size - 1) // 2 * step], [-1, length])
