"""Kill a worker at a random step, start the job again, and compare with one in which nothing died.

Each time, the others must end within a minute and say how to go on, and the job that goes on must end bit for bit as
the undisturbed one.

Examples:
  python -m benchmarks.faults --times 10
"""

import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tyro

from benchmarks import machine
from benchmarks.workers import Workers
from gan_keras.options import Count, Seed, check_ranges
from gan_keras.ui import console
from gan_keras.ui.console import UserError

EPOCHS, STEPS = 8, 40  # of the job
JOB = ["--model", "dcgan", "--dataset", "digits8x8", "--filters", 8, "--batch-size", 16, "--precision", "float32"]
JOB += ["--epochs", EPOCHS, "--steps-per-epoch", STEPS, "--steps-per-execution", 4, "--samples", 4]
PROMPT = 60  # seconds in which the others must have ended


@dataclass(frozen=True, kw_only=True)
class Options:
    """How often, and with how many workers."""

    times: Count = 10  # how often a worker is killed
    workers: Count = 2  # number of workers
    seed: Seed = 0  # seed of who is killed, and when

    def __post_init__(self) -> None:
        check_ranges(self)


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Kill as the command line says, and print a row for each time."""
    options = tyro.cli(Options, prog="python -m benchmarks.faults", args=arguments, description=__doc__)
    chance = random.Random(options.seed)
    columns = ["killed", "last saved step", "the others ended after", "ends as undisturbed"]
    print(f"{machine.describe()}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Workers("gan_keras.train", [*JOB, "--out", folder / "whole"], options.workers, folder).wait()
        for number in range(options.times):
            victim = chance.randrange(options.workers)
            step, seconds = kill(folder / f"run{number}", victim, chance.randrange(EPOCHS), options.workers)
            job = ["--out", folder / f"run{number}", "--resume"]
            job = job if step else [*JOB, *job[:2]]  # it died before anything was saved
            Workers("gan_keras.train", job, options.workers, folder).wait()
            same = alike(folder / "whole", folder / f"run{number}")
            print(f"| worker {victim + 1} | {step} | {seconds:.0f} s | {'yes' if same else 'NO'} |", flush=True)
            if not same or seconds > PROMPT:
                raise UserError("that is not as it must be.")


def kill(run: Path, victim: int, epoch: int, workers: int) -> tuple[int, float]:
    """Start a job and kill a worker some time after an epoch; return the last saved step, and how long the others last.

    Raises:
        UserError: if the others do not say how to go on.
    """
    job = Workers("gan_keras.train", [*JOB, "--out", run], workers, run.parent)
    while epoch_of(run) < epoch and job.processes[victim].poll() is None:
        time.sleep(0.01)
    job.processes[victim].send_signal(signal.SIGKILL)
    for ended in (others := [one for number, one in enumerate(job.wait()) if number != victim]):
        if "--resume" not in ended.text:
            raise UserError(f"a worker did not say how to go on:\n{ended.text[-2000:]}")
    return STEPS * epoch_of(run), others[-1].seconds


def epoch_of(run: Path) -> int:
    """Return the last epoch that a run has saved."""
    return max((int(path.stem.removeprefix("step_")) for path in run.glob("backup/step_*.npz")), default=0) // STEPS


def alike(one: Path, other: Path) -> bool:
    """Return whether the last backups of two runs are equal, bit for bit."""
    states = [dict(np.load(max(run.glob("backup/step_*.npz")))) for run in (one, other)]
    return states[0].keys() == states[1].keys() and all(
        np.array_equal(states[0][name], states[1][name]) for name in states[0]
    )


if __name__ == "__main__":
    main(sys.argv[1:])
