"""Time the training step against what a user would run instead.

The contestants take turns, round after round, each in its own process: a machine
that slows down slows all of them.

Examples:
  python -m benchmarks.train_step
  python -m benchmarks.train_step --kernel-size 5 --contestants ours-float32 tutorial pytorch-float32
  python -m benchmarks.train_step --contestants ours ours-without-onednn
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Annotated

import tyro

from benchmarks import alone, machine
from gan_keras.options import Between, Count, check_ranges
from gan_keras.ui import console

CONTESTANTS = {  # a function of `benchmarks.contestants`, with what sets it apart
    "ours": ("train_ours", {"precision": "auto"}),
    "ours-float32": ("train_ours", {"precision": "float32"}),
    "ours-without-onednn": ("train_without_onednn", {"precision": "auto"}),
    "tutorial": ("train_tutorial", {}),
    "pytorch-float32": ("train_pytorch", {"precision": "float32"}),
    "pytorch-bfloat16": ("train_pytorch", {"precision": "bfloat16"}),
}
DEFAULT = tuple(name for name in CONTESTANTS if name != "ours-without-onednn")  # a check of TensorFlow's kernels


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to time, and how often."""

    contestants: tuple[str, ...] = DEFAULT  # what to time; the first is compared with the others
    rounds: Count = 3  # turns of each contestant
    steps: Count = 60  # training steps in each turn; rounded up to multiples of 20, which are timed together
    batch_size: Annotated[int, Between(2)] = 128  # images in a batch
    kernel_size: Annotated[int, Between(4, 5)] = 4  # of our networks and PyTorch's; the tutorial's is always 5

    def __post_init__(self) -> None:
        check_ranges(self)
        for name in self.contestants:
            if name not in CONTESTANTS:
                raise console.nearest("contestant", name, CONTESTANTS)


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the contestants and print the table."""
    options = tyro.cli(Options, prog="python -m benchmarks.train_step", args=arguments, description=__doc__)
    results = {name: [] for name in machine.installed(options.contestants)}
    for number in range(options.rounds):
        for name, rounds in results.items():
            print(f"round {number + 1}/{options.rounds}: {name}", file=sys.stderr, flush=True)
            function, own = CONTESTANTS[name]
            rounds.append(
                alone.call(
                    function,
                    **own,
                    kernel_size=options.kernel_size,
                    batch_size=options.batch_size,
                    steps=options.steps,
                )
            )
    print(table(results, options))


def table(results: dict[str, list[dict[str, float]]], options: Options) -> str:
    """Return the results as Markdown: medians over the rounds, and ratios within each round with their range."""
    first = next(iter(results))
    lines = [
        machine.describe(),
        f"Batches of {options.batch_size}, kernels {options.kernel_size}x{options.kernel_size} (tutorial: 5x5), "
        f"rounds: {options.rounds}, of {options.steps} steps each.",
        "",
        f"| | ms per step | images/s | peak MiB | of its matrix product's rate | times as long as {first} |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, rounds in results.items():
        seconds = median(result["seconds"] for result in rounds)
        networks = (5, 1) if name == "tutorial" else (options.kernel_size, 2)
        work = machine.step_operations(*networks) * options.batch_size
        share = work / seconds / max(result["product_rate"] for result in rounds)
        peak = max(result["peak_mib"] for result in rounds)
        ratios = [other["seconds"] / one["seconds"] for one, other in zip(results[first], rounds, strict=True)]
        lines.append(
            f"| {name} | {seconds * 1000:.0f} | {options.batch_size / seconds:,.0f} | {peak:,.0f} | {share:.0%} | "
            f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main(sys.argv[1:])
