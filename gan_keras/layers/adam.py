"""Keras' Adam on TensorFlow's fused kernel."""

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
