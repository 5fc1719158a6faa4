"""What Keras' `fit()` needs of a model whose step moves several players, on one device or on many."""

from collections.abc import Callable
from typing import Any, ClassVar

import keras
import tensorflow as tf

from gan_keras import distribution
from gan_keras.game import state
from gan_keras.game.means import Mean


class Trainer(keras.Model):
    """A model that counts its steps and keeps the means of what it tracks; its `train_step` is for others to write."""

    tracked: ClassVar[tuple[str, ...]] = ()  # the names of the values that a step may track
    train_function: Callable | None

    def __init__(self, name: str):
        super().__init__(name=name)
        self.step = state.kept(0, tf.int64)
        self.means = {name: Mean() for name in self.tracked}
        self.seen: set[str] = set()  # the names of the values that the step has tracked

    @property
    def steps_done(self) -> int:
        """The number of steps that have been taken."""
        return int(self.step.numpy())

    def track(self, **values: tf.Tensor) -> None:
        """Add values to the means that are shown and logged. Their names must be in `tracked`."""
        if unknown := values.keys() - set(self.tracked):
            raise KeyError(f"add {', '.join(unknown)} to the `tracked` of {type(self).__module__}.Model.")
        for name, value in distribution.mean(values).items():
            self.means[name].update(value)
            self.seen.add(name)

    def logs(self) -> dict[str, tf.Tensor]:
        """Return the means of the epoch so far."""
        return {name: mean.result() for name, mean in self.means.items() if name in self.seen}

    def reset_metrics(self) -> None:
        """Restart the means of the epoch."""
        for mean in self.means.values() if not self.within_epoch else ():
            mean.reset()

    within_epoch = False  # an epoch that continues after an interruption keeps its means

    def make_train_function(self, force: bool = False) -> None:
        """Compile what `fit()` calls: some steps, and then what is logged.

        Keras' own fails with several steps on several replicas. This is the only place that knows of `fit()`'s insides.
        """
        if self.train_function is None or force:
            self.train_function = self._steps if self.run_eagerly else tf.function(self._steps, autograph=False)

    def _steps(self, iterator: Any) -> dict[str, tf.Tensor]:
        def one(number: tf.Tensor) -> tuple[tf.Tensor]:
            self.distribute_strategy.run(self.train_step, args=(next(iterator),))
            return (number + 1,)

        tf.while_loop(lambda number: number < self.steps_per_execution, one, (tf.constant(0),), parallel_iterations=1)
        return self.logs()

    def _maybe_symbolic_build(self, iterator: Callable | None = None, data_batch: Any = None) -> None:
        """Build nothing: the networks are built, and Keras would reduce batches that are dictionaries, which fails."""
