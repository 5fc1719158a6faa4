"""Time the exported generator, batch by batch, against the same network in PyTorch.

Example:
  python -m benchmarks.generate
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import tyro

from benchmarks import alone, machine
from gan_keras.options import Count, check_ranges
from gan_keras.ui import console

CONTESTANTS = {"ours": "generate_ours", "pytorch": "generate_pytorch"}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to time, and how often."""

    batch_sizes: tuple[Count, ...] = (1, 64, 1024)  # images in a batch
    rounds: Count = 3  # turns of each contestant

    def __post_init__(self) -> None:
        check_ranges(self)


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the contestants and print the table."""
    options = tyro.cli(Options, prog="python -m benchmarks.generate", args=arguments, description=__doc__)
    contestants = machine.installed(CONTESTANTS)
    lines = [
        machine.describe(),
        f"Images per second in float32: the median of {options.rounds} rounds, and their range.",
        "",
        f"| images in a batch | {' | '.join(contestants)} |",
        f"| --- |{' --- |' * len(contestants)}",
    ]
    for batch_size in options.batch_sizes:
        rates = {name: [] for name in contestants}
        for _ in range(options.rounds):
            for name in contestants:
                print(f"{name}, batches of {batch_size}", file=sys.stderr, flush=True)
                rates[name].append(alone.call(CONTESTANTS[name], batch_size=batch_size)["images_per_second"])
        cells = (f"{median(rate):,.0f} ({min(rate):,.0f} to {max(rate):,.0f})" for rate in rates.values())
        lines.append(f"| {batch_size} | {' | '.join(cells)} |")
    print("\n".join(lines))


if __name__ == "__main__":
    main(sys.argv[1:])
