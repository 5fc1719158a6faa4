"""Spectral normalisation as in its paper, with gradients through the division."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_keras")
class SpectralNormalization(keras.layers.Wrapper):
    """A dense or convolutional layer whose kernel is divided by its largest singular value.

    Miyato et al. 2018 (arXiv:1802.05957), algorithm 1: one power iteration in each training pass, and gradients
    through the division. Keras' layer of this name overwrites the kernel instead, and has no such gradient.

    The iteration and the division are float32, whatever the layer computes in.
    """

    def __init__(self, layer: keras.layers.Layer, **options):
        super().__init__(layer, autocast=False, **options | {"dtype": "float32"})

    def build(self, input_shape=None):
        super().build(input_shape)
        self.direction = self.add_weight(
            shape=[self.layer.kernel.shape[-1], 1], initializer="random_normal", trainable=False, name="direction"
        )

    def call(self, inputs, training=None):
        kernel = tf.convert_to_tensor(self.layer.kernel)
        # Dividing the inputs would give the same, but there are more of them, and they would need gradients even
        # where they are images.
        with keras.StatelessScope([(self.layer.kernel, kernel / self.largest_singular_value(training))]):
            return self.layer(inputs)

    def largest_singular_value(self, training: bool) -> tf.Tensor:
        """Return the estimate of the kernel's largest singular value, in training after one more iteration."""
        matrix = tf.reshape(tf.convert_to_tensor(self.layer.kernel), [-1, self.direction.shape[0]])
        left = tf.stop_gradient(tf.math.l2_normalize(matrix @ tf.convert_to_tensor(self.direction)))
        product = tf.transpose(matrix) @ left
        right = tf.stop_gradient(tf.math.l2_normalize(product))
        if training:
            self.direction.assign(right)
        return tf.squeeze(tf.transpose(product) @ right)
