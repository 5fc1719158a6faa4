"""Means over the steps of an epoch."""

import tensorflow as tf

from gan_keras.game import state


class Mean:
    """The mean of a value over some steps; the replicas hold the same numbers, so that reading them is no exchange."""

    def __init__(self) -> None:
        self.total, self.count = state.kept(0.0), state.kept(0.0)

    def update(self, value: tf.Tensor) -> None:
        """Add the value of a step, a number that is the same on all replicas."""
        self.total.assign_add(tf.cast(value, tf.float32))
        self.count.assign_add(1.0)

    def result(self) -> tf.Tensor:
        """Return the mean; 0 before the first step."""
        return tf.math.divide_no_nan(self.total, self.count)

    def reset(self) -> None:
        """Begin anew."""
        for variable in (self.total, self.count):
            variable.assign(0.0)

    def variables(self) -> dict[str, tf.Variable]:
        """Return the variables by name."""
        return {"total": self.total, "count": self.count}
