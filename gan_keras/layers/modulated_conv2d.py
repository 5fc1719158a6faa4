"""The convolution of StyleGAN2, whose kernel each image scales by a style of its own."""

import keras
import tensorflow as tf
from keras import ops


@keras.saving.register_keras_serializable("gan_keras")
class ModulatedConv2D(keras.layers.Layer):
    """A convolution with stride 1 whose kernel is scaled for each image, in each input channel, by a style.

    With demodulation the outputs of each image are divided by what this does to their deviation: Karras et al. 2020
    (arXiv:1912.04958), equations 1 to 3. The images are scaled instead of the kernel, which gives the same in one
    convolution for the whole batch.

    Inputs: images [batch, height, width, channels], styles [batch, channels]. Output: [batch, height, width, filters].
    """

    def __init__(
        self, filters: int, kernel_size: int, demodulate: bool = True, kernel_initializer="he_normal", **options
    ):
        super().__init__(**options)
        self.filters = filters
        self.kernel_size = kernel_size
        self.demodulate = demodulate
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        channels = input_shape[0][-1]
        shape = [self.kernel_size, self.kernel_size, channels, self.filters]
        self.kernel = self.add_weight(shape=shape, initializer=self.kernel_initializer, name="kernel")
        self.bias = self.add_weight(shape=[self.filters], initializer="zeros", name="bias")

    def call(self, inputs):
        images, styles = inputs
        outputs = ops.conv(images * styles[:, None, None], self.kernel, padding="same")
        if self.demodulate:
            # In float32: the sum of many squares is more than float16 can hold.
            power = ops.sum(ops.square(ops.cast(tf.convert_to_tensor(self.kernel), "float32")), axis=[0, 1])
            variance = ops.matmul(ops.square(ops.cast(styles, "float32")), power)
            outputs = outputs * ops.cast(ops.rsqrt(variance + 1e-8), outputs.dtype)[:, None, None]
        return outputs + self.bias

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:-1], self.filters)

    def get_config(self):
        return super().get_config() | {
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "demodulate": self.demodulate,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
