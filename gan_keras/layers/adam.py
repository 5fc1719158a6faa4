"""Keras' Adam on TensorFlow's fused kernel, and with steps in proportion to the kernels."""

import math
from collections.abc import Mapping

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_keras")
class Adam(keras.optimizers.Adam):
    """Keras' Adam (Kingma and Ba 2014, arXiv:1412.6980), computed by TensorFlow's fused kernel.

    It gives the same numbers as `keras.optimizers.Adam`, in one pass over the weights instead of a dozen. AMSGrad,
    which the kernel lacks, is left to Keras.
    """

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )


@keras.saving.register_keras_serializable("gan_keras")
class EqualizedAdam(Adam):
    """Adam whose steps are in proportion to the size that kernels have at their start: √(2 / fan_in).

    It trains as the equalised learning rate does (Karras et al. 2018, arXiv:1710.10196, section 4.1), where kernels
    start as N(0, 1) and are multiplied by this number in each pass: the size of Adam's steps does not depend on that of
    the gradients. So the networks are made of Keras' own layers.

    Args:
        learning_rate: the rate of a number that starts with a deviation of 1.
        slowness: path of a variable → a number that its rate is multiplied by.
        options: those of Adam.
    """

    def __init__(self, learning_rate=1e-3, slowness: Mapping[str, float] | None = None, **options):
        super().__init__(learning_rate, **options)
        self.slowness = dict(slowness or {})

    def update_step(self, gradient, variable, learning_rate):
        fan_in = math.prod(variable.shape[:-1])
        scale = math.sqrt(2 / fan_in) if len(variable.shape) > 1 else 1.0
        path = self._trainable_variables[self._get_variable_index(variable)].path
        super().update_step(gradient, variable, scale * self.slowness.get(path, 1.0) * learning_rate)

    def get_config(self):
        return super().get_config() | {"slowness": self.slowness}
