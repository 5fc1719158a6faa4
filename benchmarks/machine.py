"""The machine and the versions that a result belongs to, and the arithmetic that a training step takes."""

import importlib.util
import os
import platform
import sys
import time
from collections.abc import Collection
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gan_keras.ui.console import UserError


def describe() -> str:
    """Return the machine, the versions and the date in one line."""
    packages = []
    for name in ("tensorflow", "keras", "torch"):
        try:
            packages.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return f"{processor()}, {os.cpu_count()} cores; {', '.join(packages)}; {time.strftime('%Y-%m-%d')}."


def installed(contestants: Collection[str]) -> list[str]:
    """Return the contestants that can run here; says so if PyTorch's cannot.

    Raises:
        UserError: if none can.
    """
    there = [name for name in contestants if not name.startswith("pytorch") or importlib.util.find_spec("torch")]
    if len(there) < len(contestants):
        print("Note: PyTorch is not installed (pip install torch); its rows are left out.", file=sys.stderr)
    if not there:
        raise UserError("there is nothing to time.")
    return there


def processor() -> str:
    """Return the processor's name and those of its instructions that matter here."""
    facts = Path("/proc/cpuinfo")  # Linux only
    if not facts.exists():
        return platform.processor() or platform.machine()
    lines = dict(line.split(":", 1) for line in facts.read_text().split("\n\n")[0].splitlines() if ":" in line)
    lines = {name.strip(): value.strip() for name, value in lines.items()}
    kinds = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")
    matters = [flag for flag in kinds if flag in lines.get("flags", "").split()]
    return f"{lines.get('model name', platform.machine())} ({', '.join(matters)})"


def step_operations(kernel_size: int, fake_passes: int = 2) -> int:
    """Return the multiplications and additions per image of one training step of the DCGAN, in its plainest form.

    A pass forward through a layer is one unit of work, its two gradients are one each. The generator runs forward and
    back once. The discriminator runs forward and back over a real and a fake image, and for the generator back over
    the fake one once more, without the gradients of its weights. If it has moved in between, that takes another pass
    forward: `fake_passes` is 2. In the tutorial, where both players move at once, it is 1.
    """
    kernel = kernel_size**2
    generator = 100 * 7 * 7 * 128 + kernel * (7 * 7 * 128 * 128 + 14 * 14 * 128 * 64 + 28 * 28 * 64)
    discriminator = kernel * (14 * 14 * 64 + 7 * 7 * 64 * 128) + 7 * 7 * 128
    return 2 * (3 * generator + (2 * 3 + fake_passes) * discriminator)
