"""LeakyReLU in a form that oneDNN computes within the convolution before it."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_keras")
class LeakyReLU(keras.layers.LeakyReLU):
    """Keras' LeakyReLU, with a gradient computed from its outputs, which have the signs of its inputs.

    It gives the same numbers. TensorFlow's own gradient needs the inputs, which must then be kept, so that oneDNN
    cannot apply the function within the convolution that makes them.
    """

    def call(self, inputs):
        return _leaky_relu(inputs, self.negative_slope)


def _leaky_relu(inputs: tf.Tensor, slope: float) -> tf.Tensor:
    @tf.custom_gradient
    def function(inputs):
        outputs = tf.nn.leaky_relu(inputs, slope)
        signs = tf.stop_gradient(outputs)  # or a penalty's gradient of the gradient would pass through them, as zeros

        def gradient(upstream):
            return tf.raw_ops.LeakyReluGrad(gradients=upstream, features=signs, alpha=slope)

        return outputs, gradient

    return function(inputs)
