"""The layers that Keras lacks or is slow at. All of them can be saved and loaded like Keras' own.

What each buys is said of a training step with 128 images, as `python -m benchmarks.tricks` has it on two cores with
AVX512-BF16 (bfloat16), and with AVX2 (float32): see benchmarks/RESULTS.md.
"""

from collections.abc import Callable, Iterator

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_keras")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras' batch normalisation over the last axis, computed by TensorFlow's fused kernel.

    The same numbers as `keras.layers.BatchNormalization`, moving variance included, without its dozen passes over the
    activations, with which a step of the DCGAN takes 23 % longer (AVX2: 7 %). The statistics are float32 also where the
    activations are bfloat16. What the kernel does not cover (float64, masks, another axis, renormalisation,
    synchronised replicas) is left to Keras.

    Input and output: [batch, channels] or [batch, height, width, channels].
    """

    def call(self, inputs, training=None, mask=None):
        if not self._kernel_applies(inputs, mask):
            return super().call(inputs, training=training, mask=mask)
        channels = inputs.shape[-1]
        by_batch = bool(training and self.trainable)
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
            variance *= (count - 1) / count  # the kernel's is the unbiased one, Keras keeps the plain one
            for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + new * (1.0 - self.momentum))
        return tf.reshape(outputs, tf.shape(inputs))

    def _kernel_applies(self, inputs, mask) -> bool:
        last_axis = inputs.shape.rank in (2, 4) and self.axis in (-1, inputs.shape.rank - 1)
        dtype = inputs.dtype in (tf.float32, tf.bfloat16, tf.float16) and self.variable_dtype == "float32"
        return last_axis and dtype and mask is None and not self.renorm and not self.synchronized


@keras.saving.register_keras_serializable("gan_keras")
class Conv2DTranspose(keras.layers.Conv2DTranspose):
    """Keras' transposed convolution, of which the last one, that makes grey images, is computed as a matrix product.

    The same numbers, to rounding. oneDNN's kernel is slow where only one channel comes out: with it, a step of the
    DCGAN takes 3 % longer (AVX2: 1 %). Other layers, and float64, are left to Keras.

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
    """Return the transposed convolution, in steps of 1, with a kernel [rows, columns, 1, channels]."""
    height, width, channels = inputs.shape[1:]
    rows, columns = kernel.shape[:2]
    # What each input gives to each place of the kernel; then what is given to the same output is added up.
    given = tf.matmul(tf.reshape(kernel, [-1, channels]), tf.reshape(inputs, [-1, channels]), transpose_b=True)
    given = tf.cast(given, tf.float32)  # bfloat16 would round each of the sums
    added = _overlap(tf.reshape(given, [rows, -1, height * width]), width)
    added = _overlap(tf.reshape(added, [columns, -1, width]), 1)
    return tf.cast(tf.reshape(added, [-1, height, width, 1]), inputs.dtype)


def _overlap(lines: tf.Tensor, step: int) -> tf.Tensor:
    """Add up [size, batch, length] → [batch, length], each line by one step further on than the one before."""
    size, _, length = lines.shape
    shifted = [tf.pad(line, [[0, 0], [by * step, (size - 1 - by) * step]]) for by, line in enumerate(tf.unstack(lines))]
    # The gradient of `[...]` would take twice as long as that of `tf.slice`.
    return tf.slice(tf.add_n(shifted), [0, (size - 1) // 2 * step], [-1, length])


@keras.saving.register_keras_serializable("gan_keras")
class LeakyReLU(keras.layers.LeakyReLU):
    """Keras' LeakyReLU, with a gradient that looks at its outputs: they have the signs of its inputs.

    The same numbers. TensorFlow's own gradient looks at the inputs, which must then be kept, so that oneDNN cannot
    apply the function within the convolution that makes them: a step of the DCGAN takes 3 % longer then (AVX2: 2 %).
    """

    def call(self, inputs):
        return _leaky_relu(inputs, self.negative_slope)


def _leaky_relu(inputs: tf.Tensor, slope: float) -> tf.Tensor:
    @tf.custom_gradient
    def function(inputs):
        outputs = tf.nn.leaky_relu(inputs, slope)
        signs = tf.stop_gradient(outputs)  # a penalty's gradient of the gradient would go through them, as zeros

        def gradient(upstream):
            return tf.raw_ops.LeakyReluGrad(gradients=upstream, features=signs, alpha=slope)

        return outputs, gradient

    return function(inputs)


@keras.saving.register_keras_serializable("gan_keras")
class SpectralNormalization(keras.layers.Wrapper):
    """A dense or convolutional layer whose kernel is divided by its largest singular value.

    Miyato et al. 2018 (arXiv:1802.05957), algorithm 1: one power iteration in each pass of training, and gradients
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
        # To divide the inputs instead would be the same, but they are more, and would need gradients even where they
        # are images: a step of the default model takes 12 % longer then (AVX2: 7 %).
        with keras.StatelessScope([(self.layer.kernel, kernel / self.largest_singular_value(training))]):
            return self.layer(inputs)

    def largest_singular_value(self, training: bool) -> tf.Tensor:
        """Return the kernel's estimated largest singular value, in training after one more iteration."""
        matrix = tf.reshape(tf.convert_to_tensor(self.layer.kernel), [-1, self.direction.shape[0]])
        left = tf.stop_gradient(tf.math.l2_normalize(matrix @ tf.convert_to_tensor(self.direction)))
        product = tf.transpose(matrix) @ left
        right = tf.stop_gradient(tf.math.l2_normalize(product))
        if training:
            self.direction.assign(right)
        return tf.squeeze(tf.transpose(product) @ right)


def portable(network: keras.Model) -> keras.Model:
    """Return a copy of a network that any Keras can load, without the layers of this package, in float32."""
    return _copy(network, lambda kind: next(base for base in kind.__mro__ if base.__module__.startswith("keras.")))


def fused(network: keras.Model) -> keras.Model:
    """Return a copy of a network with Keras' layers replaced by the fast ones, in float32."""
    fast = {keras.layers.BatchNormalization: BatchNormalization, keras.layers.Conv2DTranspose: Conv2DTranspose}
    return _copy(network, lambda kind: fast.get(kind, kind))


def _copy(network: keras.Model, replacement: Callable[[type], type]) -> keras.Model:
    def clone(layer: keras.Operation) -> keras.Operation:
        if not isinstance(layer, keras.layers.Layer):  # a plain operation, which has no numbers of its own
            return type(layer).from_config(layer.get_config())
        config = {**layer.get_config(), "dtype": "float32"}
        if isinstance(layer, keras.layers.Wrapper):
            config["layer"]["config"]["dtype"] = "float32"
        return replacement(type(layer)).from_config(config)

    duplicate = keras.models.clone_model(network, clone_function=clone, recursive=True)
    duplicate.set_weights(network.get_weights())
    return duplicate


def leaves(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yield the layers of a network, and in the place of a network within it, that one's layers."""
    for layer in network.layers:
        yield from leaves(layer) if isinstance(layer, keras.Model) else [layer]
