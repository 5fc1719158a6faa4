"""Backups: everything that training needs to continue exactly where it stopped."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np

from gan_keras.distribution import Cluster
from gan_keras.game.gan import GAN
from gan_keras.ui import console, files
from gan_keras.ui.console import Interrupted, UserError

KEPT = 2  # backups: where the newest is damaged, the one before it is used


class Stopped(Interrupted):
    """A signal has asked to stop, and everything is saved."""


class Backup(keras.callbacks.Callback):
    """Saves the state of a game after each epoch and when the user interrupts.

    A backup is an .npz file, which holds a checksum of each array. Its names are those of `GAN.state()`: what a model
    has learned to remember since keeps its initial value, with a note.

    Of several workers, the chief reads and writes, and all stop at the same step, whichever is asked to.
    """

    def __init__(self, folder: Path, model: GAN, steps_per_epoch: int, cluster: Cluster | None = None):
        super().__init__()
        self.cluster = cluster or Cluster()
        self.folder = folder
        self.trained = model  # Keras' name for it, `model`, is there in training alone
        self.state = model.state()
        self.steps_per_epoch = steps_per_epoch
        self.interrupted: int | None = None  # the number of the signal that asked this worker to stop
        self.stopping: int | None = None  # the same, after all workers have agreed to stop

    def broadcast(self) -> None:
        """Give all workers what the chief has restored, or has begun with."""
        self.cluster.broadcast(self.state)

    def restore(self) -> bool:
        """Restore the newest backup that is intact, and return whether there is one; if not, the model stays as it is.

        Raises:
            UserError: if there are backups and none is intact, or if they are of another model or version.
        """
        damaged = []
        for backup in reversed(self._backups()):
            try:
                arrays = _read(backup)
                break
            except Exception:  # damage makes NumPy raise whatever it comes upon
                print(f"Note: the backup {backup} is damaged.")
                damaged.append(backup)
        else:
            if damaged:
                raise UserError(f"all backups in {self.folder} are damaged. Start again with --overwrite.")
            if any(self.folder.glob("step_*/state.index")):
                raise UserError(
                    f"the run in {self.folder.parent} was made by an earlier version of gan_keras and cannot be "
                    "resumed; gan_keras.generate and gan_keras.evaluate still work with it."
                )
            return False
        self._assign(arrays, backup)
        for backup in damaged:  # or it would count as one of those that are kept
            files.remove(backup)
        return True

    def _assign(self, arrays: dict[str, np.ndarray], backup: Path) -> None:
        for name, variable in self.state.items():
            found, needed = arrays.get(name), (variable.dtype.as_numpy_dtype, tuple(variable.shape))
            if found is not None and (found.dtype, found.shape) != needed:
                raise UserError(
                    f"the backup {backup} does not fit the model: {name} is {found.dtype} {found.shape}, "
                    f"and the model needs {variable.dtype.name} {tuple(variable.shape)}."
                )
        for names, what in (
            (self.state.keys() - arrays.keys(), "lacks {}, which starts anew"),
            (arrays.keys() - self.state.keys(), "has {}, which the model no longer needs"),
        ):
            if names:
                print(f"Note: the backup {backup} {what.format(', '.join(sorted(names)))}.")
        for name in self.state.keys() & arrays.keys():
            self.state[name].assign(arrays[name])

    def on_train_batch_end(self, batch, logs=None):
        if not self.model.steps_done % self.steps_per_epoch:
            return
        if number := self.asked_to_stop():
            self.save()
            raise Stopped(number)

    def on_epoch_end(self, epoch, logs=None):
        self.save()
        self.stopping = self.asked_to_stop()
        self.model.stop_training = self.stopping is not None  # after the other callbacks have seen this epoch

    def on_train_end(self, logs=None):
        if self.stopping is not None:
            raise Stopped(self.stopping)

    def asked_to_stop(self) -> int | None:
        """Return the number of the signal that asks this worker, or another one, to stop."""
        return (self.interrupted or signal.SIGTERM) if self.cluster.any(self.interrupted is not None) else None

    def save(self) -> None:
        """Write a backup, and remove old ones."""
        if not self.cluster.is_chief:
            return
        self.folder.mkdir(exist_ok=True)
        with files.replacing(self.folder / f"step_{self.model.steps_done:08d}.npz") as temporary:
            np.savez(temporary, **{name: variable.numpy() for name, variable in self.state.items()})
        for old in self._backups()[:-KEPT]:
            files.remove(old)

    def _backups(self) -> list[Path]:
        return sorted(self.folder.glob("step_*.npz"))

    @contextmanager
    def on_interrupt(self) -> Iterator[None]:
        """Let the first signal to stop, such as Ctrl-C, wait for the end of the current step, which is then saved."""

        def interrupt(number: int) -> None:
            self.interrupted = number
            print("\nStopping after the current steps. Press Ctrl-C again to stop at once.", flush=True)

        with console.on_stop_signal(interrupt):
            yield


def _read(backup: Path) -> dict[str, np.ndarray]:
    with backup.open("rb") as file, np.load(file) as content:  # NumPy would leave a damaged file open
        return dict(content)
