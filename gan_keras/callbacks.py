"""What happens around the training steps: samples, logs, the progress bar and backups."""

import csv
import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import tensorflow as tf
from tqdm import tqdm

from gan_keras import files, pictures
from gan_keras.console import UserError
from gan_keras.gan import GAN

COLUMNS = [
    "epoch",
    "generator_loss",
    "discriminator_loss",
    "real_accuracy",
    "fake_accuracy",
    "learning_rate",
    "images_per_second",
]


class Diverged(UserError):
    """A loss became infinite or no number at all."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C was pressed, and everything is saved."""


class Samples(keras.callbacks.Callback):
    """Draws the averaged generator's images of the same latents before training and after every epoch."""

    def __init__(self, folder: Path, writer: tf.summary.SummaryWriter):
        super().__init__()
        self.folder = folder
        self.writer = writer

    def on_train_begin(self, logs=None):
        self.folder.mkdir(exist_ok=True)
        if self.model.step == 0:
            self.draw(0)

    def on_epoch_end(self, epoch, logs=None):
        self.draw(epoch + 1)

    def draw(self, epoch: int) -> None:
        picture = pictures.grid(pictures.to_uint8(self.model.images_of(self.model.display_latents())))
        pictures.save_png(self.folder / f"epoch_{epoch:04d}.png", picture)
        with files.writing(self.folder), self.writer.as_default(step=epoch):
            tf.summary.image("samples", picture.reshape(1, *picture.shape[:2], -1))


class Log(keras.callbacks.Callback):
    """Writes each epoch into history.csv, and each epoch and execution of steps into TensorBoard's logs.

    Under `step/` stand the means over the steps of one execution, under `epoch/` those of the epoch. Adds
    `images_per_second` to the epoch's values. A loss that is no number ends the training with `Diverged`.
    """

    def __init__(self, history: Path, writer: tf.summary.SummaryWriter, first_epoch: int, images_per_step: int):
        super().__init__()
        self.history = history
        self.writer = writer
        self.rows = [row for row in read_history(history) if int(row["epoch"]) <= first_epoch]
        self.images_per_step = images_per_step

    def on_train_begin(self, logs=None):
        self.compiling = True

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch_start = self.steady = self.last = self.now()

    def on_train_batch_end(self, batch, logs=None):
        for name, value in logs.items():
            if not math.isfinite(value):
                raise Diverged(
                    f"{name} became {float(value)} before step {int(self.model.step)}, in epoch {len(self.rows) + 1}. "
                    "The backup from before that is kept. Start again with a smaller --learning-rate, or with "
                    "--precision float32."
                )
        now = self.now()
        means = {
            name: (now[name][0] - self.last[name][0]) / (now[name][1] - self.last[name][1]) for name in self.model.means
        }
        speed = {"learning_rate": logs["learning_rate"], "images_per_second": self.images_per_second(self.last, now)}
        self.write("step", means | speed, int(self.model.step))
        self.last = now
        if self.compiling:  # TensorFlow compiles in the first execution: its time says nothing of the speed
            self.steady, self.compiling = now, False

    def on_epoch_end(self, epoch, logs=None):
        start = self.epoch_start if self.steady is self.last else self.steady  # unless there was no other execution
        logs["images_per_second"] = round(self.images_per_second(start, self.last), 1)
        values = {"epoch": epoch + 1} | {name: float(value) for name, value in logs.items()}
        self.write("epoch", values, epoch + 1)
        self.rows.append({name: str(value) for name, value in values.items()})
        others = sorted({name for row in self.rows for name in row} - set(COLUMNS))  # not measured in every epoch
        with files.replacing(self.history) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS + others, restval="")
            writer.writeheader()
            writer.writerows(self.rows)

    def now(self) -> dict[str, tuple[float, float]]:
        """Return (total, count) of each mean so far in the epoch, and of the steps (seconds, steps)."""
        means = {name: (float(mean.total), float(mean.count)) for name, mean in self.model.means.items()}
        return means | {"steps": (time.perf_counter(), int(self.model.step))}

    def images_per_second(self, before: dict, after: dict) -> float:
        seconds, steps = (end - start for start, end in zip(before["steps"], after["steps"], strict=True))
        return steps * self.images_per_step / seconds

    def write(self, prefix: str, values: dict, step: int) -> None:
        with files.writing(self.history.parent), self.writer.as_default(step=step):
            for name, value in values.items():
                tf.summary.scalar(f"{prefix}/{name}", value)


def read_history(path: Path) -> list[dict[str, str]]:
    """Return the rows of a history.csv; none if there is no such file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


class Progress(keras.callbacks.Callback):
    """A bar over the whole run with the time left, and a line that stays for each epoch."""

    def __init__(self, first_step: int, total_steps: int, epochs: int):
        super().__init__()
        # `disable=None`: no bar where the output is not a terminal; the lines are printed all the same.
        self.bar = tqdm(initial=first_step, total=total_steps, unit="step", disable=None, dynamic_ncols=True)
        self.epochs = epochs

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update(int(self.model.step) - self.bar.n)

    def on_epoch_end(self, epoch, logs=None):
        width = len(str(self.epochs))
        self.bar.write(
            f"epoch {epoch + 1:{width}}/{self.epochs}   "
            f"generator loss {logs['generator_loss']:6.3f}   discriminator loss {logs['discriminator_loss']:6.3f}   "
            f"accuracy on real {logs['real_accuracy']:.2f}, on fake {logs['fake_accuracy']:.2f}   "
            f"{logs['images_per_second']:,.0f} images/s"
        )

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error) -> None:
        self.bar.close()


class Backup(keras.callbacks.Callback):
    """Saves everything that training needs to go on, after every epoch and when the user interrupts.

    The last two backups are kept: TensorFlow's checkpoints carry checksums, and where the newest is damaged the
    one before it is used.
    """

    def __init__(self, folder: Path, model: GAN, steps_per_epoch: int):
        super().__init__()
        self.folder = folder
        self.steps_per_epoch = steps_per_epoch
        self.checkpoint = tf.train.Checkpoint(state=model.state())
        self.interrupted = False

    def restore(self) -> None:
        """Restore the newest backup that is whole; without any, the model stays as it is.

        Raises:
            UserError: if there are backups, and all of them are damaged.
        """
        damaged = []
        for backup in reversed(self._backups()):
            try:
                self.checkpoint.read(str(backup / "state")).assert_consumed()
                break
            except (tf.errors.OpError, AssertionError, LookupError, RuntimeError, ValueError):
                print(f"Note: the backup {backup} is damaged.")
                damaged.append(backup)
        else:
            if damaged:
                raise UserError(f"all backups in {self.folder} are damaged. Start again with --overwrite.")
        for backup in damaged:  # so that it does not count as one of the two that are kept
            files.remove(backup)

    def on_train_batch_end(self, batch, logs=None):
        if self.interrupted and self.model.step % self.steps_per_epoch:
            self.save()
            raise Stopped

    def on_epoch_end(self, epoch, logs=None):
        self.save()
        if self.interrupted:
            raise Stopped

    def save(self) -> None:
        with files.replacing(self.folder / f"step_{int(self.model.step):08d}") as temporary:
            self.checkpoint.write(str(temporary / "state"))
        for old in self._backups()[:-2]:
            files.remove(old)

    def _backups(self) -> list[Path]:
        return sorted(self.folder.glob("step_*"))

    @contextmanager
    def on_interrupt(self) -> Iterator[None]:
        """Let the first Ctrl-C wait for the end of the step that runs, so that it can be saved."""

        def interrupt(number, frame):
            self.interrupted = True
            signal.signal(signal.SIGINT, before)
            print("\nStopping after the current steps. Ctrl-C again stops at once.", flush=True)

        before = signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
