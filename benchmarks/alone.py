"""Call a function in a process of its own, so that no framework shares memory or threads with another."""

import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any


def call(function: str, **arguments: Any) -> dict[str, Any]:
    """Return what a function of `benchmarks.contestants` returns, and `peak_mib`, its process's peak memory in MiB.

    Raises:
        RuntimeError: with the end of what it printed, if it fails.
    """
    # `gan_keras` chooses TensorFlow's kernels, by a variable that the tutorial must not inherit.
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    done = subprocess.run(
        [sys.executable, "-m", __name__, function, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=Path(__file__).parents[1],
    )
    if done.returncode:
        raise RuntimeError(f"{function} failed with exit code {done.returncode}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def peak_mib() -> float:
    """Return this process's peak memory, not a number where the system is not Linux.

    `resource.getrusage` would not do: its peak is at least that of the process which started this one.
    """
    status = Path("/proc/self/status")
    return int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1]) / 1024 if status.exists() else float("nan")


if __name__ == "__main__":
    contestant = getattr(importlib.import_module("benchmarks.contestants"), sys.argv[1])
    result = contestant(**json.loads(sys.argv[2]))
    print(json.dumps(result | {"peak_mib": peak_mib()}))
