"""Time the training step at several sizes of images, and measure its memory.

Each size has a process of its own.

Examples:
  python -m benchmarks.sizes
  python -m benchmarks.sizes --model dcgan --batch-size 128
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import tyro

from benchmarks import alone, machine
from gan_keras.options import Count, check_ranges
from gan_keras.ui import console

SHAPES = ((28, 28, 1), (32, 32, 3), (64, 64, 3), (128, 128, 3))


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to time."""

    model: str = "proposed"  # the model, with its default options
    batch_size: Count = 64  # images in a batch
    steps: Count = 40  # training steps of each size; rounded up to multiples of 20, which are timed together

    def __post_init__(self) -> None:
        check_ranges(self)


@console.command
def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row for each size."""
    options = tyro.cli(Options, prog="python -m benchmarks.sizes", args=arguments, description=__doc__)
    print(f"{machine.describe()} {options.model}, batches of {options.batch_size}.\n")
    print("| images | ms per step | images per second | peak MiB |\n| --- | --- | --- | --- |")
    for shape in SHAPES:
        result = alone.call("train_ours", image_shape=shape, **vars(options))
        seconds = result["seconds"]
        cells = (
            "x".join(map(str, shape)),
            f"{1000 * seconds:.0f}",
            f"{options.batch_size / seconds:.0f}",
            f"{result['peak_mib']:,.0f}",
        )
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
