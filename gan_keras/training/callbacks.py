"""What happens around the training steps: pictures of samples, the log, and the lines on the screen."""

import math
import time
from pathlib import Path

import keras
import tensorflow as tf
from tqdm import tqdm

from gan_keras.data import Batch
from gan_keras.game.gan import GAN
from gan_keras.training import history
from gan_keras.ui import files, pictures
from gan_keras.ui.console import UserError


class Diverged(UserError):
    """A loss or a weight became infinite or not a number.

    Args:
        cause: which one, and when.
        advice: what a user can do.
    """

    def __init__(self, cause: str, advice: str = ""):
        super().__init__(f"{cause} {advice}".rstrip())
        self.cause = cause


class Finite(keras.callbacks.Callback):
    """Ends the training with `Diverged` when a loss or anything in the state of a game is not a number.

    It comes before the callbacks that write: nothing that is not finite is drawn, logged or backed up.
    """

    def __init__(self, model: GAN):
        super().__init__()
        floats = [variable for variable in model.state().values() if tf.as_dtype(variable.dtype).is_floating]

        @tf.function
        def finite() -> tf.Tensor:
            return tf.reduce_all([tf.reduce_all(tf.math.is_finite(tf.convert_to_tensor(value))) for value in floats])

        self.finite = finite

    def on_train_batch_end(self, batch, logs=None):
        wrong = [f"{name} became {float(value)}" for name, value in logs.items() if not math.isfinite(value)]
        if wrong or not self.finite():
            what = wrong[0] if wrong else "a weight became infinite or not a number"
            raise Diverged(f"the training diverged: {what} before step {self.model.steps_done:,}.")


class Samples(keras.callbacks.Callback):
    """Draws the model's picture before training and after each epoch: the same latents each time.

    Args:
        folder: where the pictures go.
        examples: real images that the model may show, always the same.
        writer: for TensorBoard's logs.
    """

    def __init__(self, folder: Path, examples: Batch, writer: tf.summary.SummaryWriter):
        super().__init__()
        self.folder = folder
        self.examples = examples
        self.writer = writer

    def on_train_begin(self, logs=None):
        self.folder.mkdir(exist_ok=True)
        if not self.model.steps_done:
            self.draw(0)

    def on_epoch_end(self, epoch, logs=None):
        self.draw(epoch + 1)

    def draw(self, epoch: int) -> None:
        images = pictures.to_uint8(self.model.display(self.examples))
        picture = pictures.grid(images, self.model.display_columns())
        pictures.save_png(self.folder / f"epoch_{epoch:04d}.png", picture)
        with files.writing(self.folder), self.writer.as_default(step=epoch):
            tf.summary.image("samples", picture.reshape(1, *picture.shape[:2], -1))


class Log(keras.callbacks.Callback):
    """Writes each epoch into history.csv, and each epoch and each execution of steps into TensorBoard's logs.

    In TensorBoard, `step/` holds the means over the steps of one execution, and `epoch/` those over the epoch. Adds
    `images_per_second` to the epoch's values.

    Args:
        path: the run's history.csv.
        writer: for TensorBoard's logs.
        first_epoch: the epochs before it stay as they are in history.csv.
        images_per_step: the number of real images that a step uses.
    """

    def __init__(self, path: Path, writer: tf.summary.SummaryWriter, first_epoch: int, images_per_step: int):
        super().__init__()
        self.path = path
        self.writer = writer
        self.rows = [row for row in history.read(path) if int(row["epoch"]) <= first_epoch]
        self.images_per_step = images_per_step

    def on_train_begin(self, logs=None):
        self.compiling = True

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch_start = self.steady = self.last = self.now()

    def on_train_batch_end(self, batch, logs=None):
        now = self.now()
        means = {}
        for name in self.model.means:
            total, count = (end - start for start, end in zip(self.last[name], now[name], strict=True))
            if count:  # a model need not track all that it could
                means[name] = total / count
        speed = {"learning_rate": logs["learning_rate"], "images_per_second": self.images_per_second(self.last, now)}
        self.write("step", means | speed, self.model.steps_done)
        self.last = now
        if self.compiling:  # TensorFlow compiles in the first execution: its time is not the speed of the steps
            self.steady, self.compiling = now, False

    def on_epoch_end(self, epoch, logs=None):
        start = self.epoch_start if self.steady is self.last else self.steady  # unless there was no other execution
        logs["images_per_second"] = round(self.images_per_second(start, self.last), 1)
        values = {"epoch": epoch + 1} | {name: float(value) for name, value in logs.items()}
        self.write("epoch", values, epoch + 1)
        self.rows.append({name: str(value) for name, value in values.items()})
        history.write(self.path, self.rows)

    def now(self) -> dict[str, tuple[float, float]]:
        """Return (total, count) of each mean so far in the epoch, and of the steps (seconds, steps)."""
        means = {
            name: (float(mean.total.numpy()), float(mean.count.numpy())) for name, mean in self.model.means.items()
        }
        return means | {"steps": (time.perf_counter(), self.model.steps_done)}

    def images_per_second(self, before: dict, after: dict) -> float:
        seconds, steps = (end - start for start, end in zip(before["steps"], after["steps"], strict=True))
        return steps * self.images_per_step / seconds

    def write(self, prefix: str, values: dict, step: int) -> None:
        with files.writing(self.path.parent), self.writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(f"{prefix}/{name}", value)


class Progress(keras.callbacks.Callback):
    """A bar over the whole run with the time left, and above it a table with a line for each epoch.

    The table has a column for each value that the model tracks.
    """

    def __init__(self, first_step: int, total_steps: int, epochs: int):
        super().__init__()
        # `disable=None`: no bar where the output is not a terminal; the lines are printed all the same.
        self.bar = tqdm(initial=first_step, total=total_steps, unit="step", disable=None, dynamic_ncols=True)
        self.epochs = epochs
        self.columns: list[str] = []

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update(self.model.steps_done - self.bar.n)

    def on_epoch_end(self, epoch, logs=None):
        if not self.columns:
            self.columns = [name for name in self.model.tracked if name in logs]
            heads = [("", "epoch"), *(head(name) for name in self.columns), ("images", "per second")]
            self.widths = [max(map(len, (upper, lower, f"{self.epochs}/{self.epochs}"))) for upper, lower in heads]
            for line in zip(*heads, strict=True):
                self.write(line)
        cells = [f"{epoch + 1}/{self.epochs}", *(f"{logs[name]:.3f}" for name in self.columns)]
        self.write([*cells, f"{logs['images_per_second']:,.0f}"])

    def write(self, cells) -> None:
        self.bar.write("  ".join(f"{cell:>{width}}" for cell, width in zip(cells, self.widths, strict=True)).rstrip())

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error) -> None:
        self.bar.close()


def head(name: str) -> tuple[str, str]:
    """Return the name of a value in the two lines of a table's head."""
    upper, _, lower = name.rpartition("_")
    return upper.replace("_", " "), lower
