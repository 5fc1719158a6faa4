"""Call a function in a process of its own, so that no framework shares memory or threads with another."""

import importlib
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any


def call(function: str, **arguments: Any) -> dict[str, Any]:
    """Return what a function of `benchmarks.contestants` returns, and `peak_mib`, its process's peak memory.

    Raises:
        RuntimeError: with the end of what it printed, if it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", __name__, function, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[1],
    )
    if done.returncode:
        raise RuntimeError(f"{function} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    contestant = getattr(importlib.import_module("benchmarks.contestants"), sys.argv[1])
    result = contestant(**json.loads(sys.argv[2]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB on Linux
    print(json.dumps(result | {"peak_mib": peak / 1024}))
