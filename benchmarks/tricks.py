"""Time what each trick that makes a training step fast saves.

The model as it is and the one without the trick take turns in one process, a
few steps each: whatever slows the machine for a while slows both.

Examples:
  python -m benchmarks.tricks
  python -m benchmarks.tricks --tricks fused-adam one-pass-over-both --rounds 50
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Annotated

import tyro

from benchmarks import alone, machine
from benchmarks.absences import TRICKS
from gan_keras.options import Between, Count, check_ranges
from gan_keras.ui import console


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to time, and how often."""

    tricks: tuple[str, ...] = tuple(TRICKS)  # which tricks to time
    rounds: Annotated[int, Between(2)] = 20  # turns of each
    steps: Count = 10  # training steps in each turn
    batch_size: Annotated[int, Between(2)] = 128  # images in a batch

    def __post_init__(self) -> None:
        check_ranges(self)
        for name in self.tricks:
            if name not in TRICKS:
                raise console.nearest("trick", name, TRICKS)


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Time each trick and print the table."""
    options = tyro.cli(Options, prog="python -m benchmarks.tricks", args=arguments, description=__doc__)
    print(
        f"{machine.describe()}\n"
        f"Batches of {options.batch_size}, rounds: {options.rounds}, of {options.steps} steps each.\n\n"
        "| | ms per step | without it | times as long: median and quartiles |\n"
        "| --- | --- | --- | --- |",
        flush=True,
    )
    for trick in options.tricks:
        print(trick, file=sys.stderr, flush=True)
        result = alone.call(
            "train_with_and_without",
            trick=trick,
            batch_size=options.batch_size,
            steps=options.steps,
            rounds=options.rounds,
        )
        print(row(trick, result["rounds"]), flush=True)


def row(trick: str, rounds: list[list[float]]) -> str:
    """Return a trick's line of the table: medians over the rounds, and the ratio within each with its quartiles."""
    with_it, without_it = (1000 * median(seconds) for seconds in zip(*rounds, strict=True))
    low, middle, high = quantiles((other / one for one, other in rounds), method="inclusive")
    return f"| {trick} | {with_it:.0f} | {without_it:.0f} | {middle:.2f} ({low:.2f} to {high:.2f}) |"


if __name__ == "__main__":
    main(sys.argv[1:])
