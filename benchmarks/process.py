"""The other side of `benchmarks.alone`: call a contestant, and print its result and this process's peak memory.

python -m benchmarks.process train_ours '{"precision": "auto", "kernel_size": 4, "batch_size": 128, "steps": 40}'
"""

import importlib
import json
import re
import sys
from pathlib import Path


def peak_mib() -> float:
    """Return this process's peak memory in MiB; not a number where the system is not Linux.

    `resource.getrusage` will not do: its peak is at least that of the process which started this one.
    """
    status = Path("/proc/self/status")
    return int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1]) / 1024 if status.exists() else float("nan")


if __name__ == "__main__":
    contestant = getattr(importlib.import_module("benchmarks.contestants"), sys.argv[1])
    result = contestant(**json.loads(sys.argv[2]))
    print(json.dumps(result | {"peak_mib": peak_mib()}))
