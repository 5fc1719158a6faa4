"""Time the training step on several workers and replicas of this machine, and say what that means for larger clusters.

The workers share the machine's cores, so this shows what working together costs, not what it gains. Each job has
processes of its own. Bytes are those of the loopback interface (Linux).

Examples:
  python -m benchmarks.scaling
  python -m benchmarks.scaling --model proposed --batch-size 64
"""

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import tyro

from benchmarks import machine
from benchmarks.workers import Workers
from gan_keras.options import Between, Count, check_ranges
from gan_keras.ui import console
from gan_keras.ui.console import UserError

LOOPBACK = Path("/sys/class/net/lo/statistics/rx_bytes")
MIRRORED = """
import sys
import tensorflow as tf
from gan_keras import train
devices = [tf.config.LogicalDeviceConfiguration()] * int(sys.argv[1])
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], devices)
train.main(sys.argv[2:])
"""
EPOCHS = 3  # of a job: TensorFlow compiles in the first; the others are timed


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to time."""

    model: str = "dcgan"  # the model, with its default options
    batch_size: Count = 128  # images in a batch, of all workers together; 128 as in the paper
    workers: tuple[Annotated[int, Between(2, 64)], ...] = (2, 4)  # numbers of workers
    steps: Count = 20  # steps in an epoch, of which two are timed

    def __post_init__(self) -> None:
        check_ranges(self)


class Timed(NamedTuple):
    """What a job took."""

    seconds: float  # a step
    bytes: float  # exchanged in a step, over all workers


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Time, print a table, and extrapolate it."""
    options = tyro.cli(Options, prog="python -m benchmarks.scaling", args=arguments, description=__doc__)
    print(f"{options.model}, batches of {options.batch_size}; {machine.describe()}\n")
    print("| | seconds a step | images a second | MB exchanged a step |\n| --- | --- | --- | --- |")
    alone = show("one device, `--strategy none`", options, timed(options, options.batch_size, strategy="none"))
    show("two logical devices, `--strategy mirrored`", options, timed(options, options.batch_size, replicas=2))
    exchanged = []
    for count in options.workers:
        job = show(f"{count} workers", options, timed(options, options.batch_size, workers=count))
        exchanged.append((count, job.bytes))
    sizes = [options.batch_size // part for part in (1, 2, 4)]
    seconds = [alone.seconds] + [timed(options, size, strategy="none").seconds for size in sizes[1:]]
    per_image, fixed = np.polyfit(sizes, seconds, 1)
    print(f"\nOne worker alone: {fixed:.3f} s a step and {per_image * 1000:.2f} ms an image of its share ({sizes}).")
    most, sent = max(exchanged)
    volume = sent / (2 * (most - 1))  # of what is exchanged, once
    print("\n" + "\n".join(predictions(options.batch_size, fixed, per_image, volume)))


def show(what: str, options: Options, job: Timed) -> Timed:
    """Print a row."""
    print(
        f"| {what} | {job.seconds:.3f} | {options.batch_size / job.seconds:,.0f} | {job.bytes / 1e6:,.1f} |", flush=True
    )
    return job


def timed(options: Options, batch_size: int, strategy: str = "auto", replicas: int = 1, workers: int = 1) -> Timed:
    """Run a job and return what its later epochs took.

    Raises:
        UserError: if it ends with an error.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = folder / "run"
        arguments = ["--model", options.model, "--dataset", "digits8x8", "--image-size", "28", "--out", str(run)]
        arguments += ["--batch-size", str(batch_size), "--epochs", str(EPOCHS), "--samples", "4"]
        arguments += ["--steps-per-epoch", str(options.steps), "--steps-per-execution", str(options.steps)]
        if workers > 1:
            job = Workers("gan_keras.train", arguments, workers, folder)
            processes = job.processes
        else:
            code = [sys.executable, "-c", MIRRORED, str(replicas), *arguments]
            code += ["--strategy", "mirrored" if replicas > 1 else strategy]
            environment = {name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
            with (folder / "log").open("w") as log:
                processes = [subprocess.Popen(code, stdout=log, stderr=log, env=environment)]
        marks = list(marked(run, options.steps, processes))
        if any(process.wait() for process in processes) or len(marks) < 2:
            raise UserError("a job failed: " + "\n".join(log.read_text()[-2000:] for log in folder.glob("*log")))
        with (run / "history.csv").open() as file:
            speeds = [float(row["images_per_second"]) for row in csv.DictReader(file)][1:]
    return Timed(batch_size / float(np.median(speeds)), (marks[-1] - marks[0]) / (options.steps * (len(marks) - 1)))


def marked(run: Path, steps: int, processes: Sequence[subprocess.Popen]) -> Iterable[int]:
    """Yield the bytes that the loopback interface has carried at the end of each epoch."""
    for epoch in range(1, EPOCHS + 1):
        backup = run / "backup" / f"step_{epoch * steps:08d}.npz"
        while not backup.exists():
            if any(process.poll() for process in processes):
                return
            time.sleep(0.02)
        yield int(LOOPBACK.read_text()) if LOOPBACK.exists() else 0


def predictions(batch_size: int, fixed: float, per_image: float, volume: float) -> list[str]:
    """Return a table of the time of a step on more machines such as this one, each a worker with its own cores.

    A step takes `fixed` + `per_image` for each image of the worker's share, and a ring's exchange of `volume` bytes:
    2 (N - 1) / N of them go through each worker's line (Patarasuk and Yuan 2009). Latency and stragglers are left out.
    """
    lines = ["| workers | batch in all | 1 Gbit/s | 10 Gbit/s | 100 Gbit/s |", "| --- | --- | --- | --- | --- |"]
    for count in (1, 2, 4, 16, 64, 256):
        cells = []
        for rate in (1e9, 1e10, 1e11):
            step = fixed + per_image * batch_size + 2 * (count - 1) / count * volume * 8 / rate
            cells.append(f"{count * batch_size / step:,.0f}")
        lines.append(f"| {count} | {count * batch_size:,} | {' | '.join(cells)} |")
    return [*lines, "", "Images a second, each worker with a share as large as the batch above."]


if __name__ == "__main__":
    main(sys.argv[1:])
