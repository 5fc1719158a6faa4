"""Batch normalisation on TensorFlow's fused kernel."""

import keras
import tensorflow as tf

from gan_keras import distribution


@keras.saving.register_keras_serializable("gan_keras")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' batch normalisation over the last axis, computed by TensorFlow's fused kernel.

    It gives the same numbers as `keras.layers.BatchNormalization`, moving variance included, in one pass over the
    activations instead of a dozen. The statistics are float32 even where the activations are bfloat16. Whatever the
    kernel does not cover (float64, masks, another axis, renormalisation, synchronised replicas) is left to Keras, as is
    inference of [batch, channels]: the kernel is slow at many channels of a single pixel.

    In training on several replicas, the statistics are those of the whole batch, so that many replicas give what one
    gives, up to rounding. The kernel cannot do that, and plain operations take its place.

    Input and output: [batch, channels] or [batch, height, width, channels].
    """

    def call(self, inputs, training=None, mask=None):
        if not self._kernel_applies(inputs, mask):
            return super().call(inputs, training=training, mask=mask)
        channels = inputs.shape[-1]
        by_batch = bool(training and self.trainable)
        if not by_batch and inputs.shape.rank == 2:
            return super().call(inputs, training=False)
        if by_batch and distribution.replicas() > 1:
            return self._over_replicas(inputs)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=tf.reshape(inputs, [-1, 1, 1, channels]) if inputs.shape.rank == 2 else inputs,
            scale=tf.convert_to_tensor(self.gamma) if self.scale else tf.ones([channels]),
            offset=tf.convert_to_tensor(self.beta) if self.center else tf.zeros([channels]),
            mean=tf.zeros([0]) if by_batch else tf.convert_to_tensor(self.moving_mean),
            variance=tf.zeros([0]) if by_batch else tf.convert_to_tensor(self.moving_variance),
            epsilon=self.epsilon,
            is_training=by_batch,
        )
        if by_batch:
            count = tf.cast(tf.size(inputs) // channels, tf.float32)
            variance *= (count - 1) / count  # the kernel's variance is the unbiased one, Keras keeps the plain one
            self._remember(mean, variance)
        return tf.reshape(outputs, tf.shape(inputs))

    def _over_replicas(self, inputs):
        values = tf.cast(inputs, tf.float32)
        axes = list(range(values.shape.rank - 1))
        moments = tf.stack([tf.reduce_mean(values, axes), tf.reduce_mean(values**2, axes)])
        mean, square = tf.unstack(distribution.mean(moments))
        variance = tf.maximum(square - mean**2, 0.0)
        self._remember(mean, variance)
        gamma = tf.convert_to_tensor(self.gamma) if self.scale else None
        beta = tf.convert_to_tensor(self.beta) if self.center else None
        return tf.cast(tf.nn.batch_normalization(values, mean, variance, beta, gamma, self.epsilon), inputs.dtype)

    def _remember(self, mean, variance) -> None:
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + new * (1.0 - self.momentum))

    def _kernel_applies(self, inputs, mask) -> bool:
        last_axis = inputs.shape.rank in (2, 4) and self.axis in (-1, inputs.shape.rank - 1)
        dtype = inputs.dtype in (tf.float32, tf.bfloat16, tf.float16) and self.variable_dtype == "float32"
        return last_axis and dtype and mask is None and not self.renorm and not self.synchronized
