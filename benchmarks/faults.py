"""Disturb a job of several workers after a random epoch, start it again, and compare with one that nothing disturbed.

Each time, the others must end within a minute and say how to go on, and the job that goes on must end bit for bit as
the undisturbed one. A worker that is only slow must disturb nothing.

Examples:
  python -m benchmarks.faults --times 10
  python -m benchmarks.faults --how slow --times 2
  sudo python -m benchmarks.faults --how cut --times 2
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import tyro

from benchmarks import machine
from benchmarks.workers import Workers, cut, mend, two_namespaces
from gan_keras.options import Count, Seed, check_ranges
from gan_keras.ui import console
from gan_keras.ui.console import UserError

EPOCHS, STEPS = 8, 40  # of the job
JOB = ["--model", "dcgan", "--dataset", "digits8x8", "--filters", 8, "--batch-size", 16, "--precision", "float32"]
JOB += ["--epochs", EPOCHS, "--steps-per-epoch", STEPS, "--steps-per-execution", 4, "--samples", 4]
PROMPT = 60  # seconds in which the others must have ended
PAUSE = 5  # seconds that a slow worker is held up; TensorFlow gives one up after ten


@dataclass(frozen=True, kw_only=True)
class Options:
    """How often, and with how many workers."""

    times: Count = 10  # how often a job is disturbed
    # kill a worker; stop one for a few seconds; or cut the network between two namespaces, as root on Linux
    how: Literal["kill", "slow", "cut"] = "kill"
    workers: Count = 2  # number of workers
    seed: Seed = 0  # seed of which worker it is, and when

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.how == "cut" and self.workers != 2:
            raise UserError("--how cut is for two workers.")


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Disturb as the command line says, and print a row for each time."""
    options = tyro.cli(Options, prog="python -m benchmarks.faults", args=arguments, description=__doc__)
    chance = random.Random(options.seed)
    columns = [options.how, "last saved step", "the others ended after", "ends as undisturbed"]
    print(f"{machine.describe()}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}", flush=True)
    with tempfile.TemporaryDirectory() as name, two_namespaces() if options.how == "cut" else nullcontext(()) as spaces:
        folder = Path(name)
        Workers("gan_keras.train", [*JOB, "--out", folder / "whole"], options.workers, folder, spaces).wait()
        for number in range(options.times):
            victim, run = chance.randrange(options.workers), folder / f"run{number}"
            job = Workers("gan_keras.train", [*JOB, "--out", run], options.workers, folder, spaces)
            wait_for(run, max(1, chance.randrange(EPOCHS)), job)
            if options.how == "slow":
                slow(job.processes[victim])
                step, seconds = "", "-"
            else:
                took = end(job, victim, options.how, spaces)
                step, seconds = STEPS * epoch_of(run), f"{took:.0f} s"
                job = Workers("gan_keras.train", ["--out", run, "--resume"], options.workers, folder, spaces)
            codes = [one.code for one in job.wait()]
            same = codes == [0] * options.workers and alike(folder / "whole", run)
            print(f"| worker {victim + 1} | {step} | {seconds} | {'yes' if same else 'NO'} |", flush=True)
            if not same:
                raise UserError("that is not as it must be.")


def wait_for(run: Path, epoch: int, job: Workers) -> None:
    """Wait until a run has saved an epoch."""
    while epoch_of(run) < epoch and all(process.poll() is None for process in job.processes):
        time.sleep(0.01)


def slow(process: subprocess.Popen) -> None:
    """Hold a worker up for some seconds."""
    process.send_signal(signal.SIGSTOP)
    time.sleep(PAUSE)
    process.send_signal(signal.SIGCONT)


def end(job: Workers, victim: int, how: str, spaces: Sequence[str]) -> float:
    """Kill a worker, or cut it off; return how many seconds the others last.

    Raises:
        UserError: if they last longer than a minute, or do not say how to go on.
    """
    if how == "cut":
        cut(spaces[victim])
    else:
        job.processes[victim].send_signal(signal.SIGKILL)
    ended = job.wait()
    if how == "cut":
        mend(spaces[victim])
    others = [one for number, one in enumerate(ended) if how == "cut" or number != victim]
    for one in others:
        if "--resume" not in one.text:
            raise UserError(f"a worker did not say how to go on:\n{one.text[-2000:]}")
    took = max(one.seconds for one in others)
    if took > PROMPT:
        raise UserError(f"the others ended after {took:.0f} seconds.")
    return took


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
