"""Call a function in a process of its own, so that no framework shares memory or threads with another."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


def call(function: str, **arguments: Any) -> dict[str, Any]:
    """Return what a function of `benchmarks.contestants` returns, and `peak_mib`, its process's peak memory in MiB.

    Raises:
        RuntimeError: with the end of what it printed, if it fails.
    """
    # `gan_keras` chooses TensorFlow's kernels by a variable that the tutorial must not inherit.
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.process", function, json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=Path(__file__).parents[1],
    )
    if done.returncode:
        raise RuntimeError(f"{function} failed with exit code {done.returncode}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])
