"""Several workers on this machine: processes that find each other on the loopback interface."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 600  # seconds for workers to end


@dataclass(frozen=True)
class Ended:
    """How a worker ended."""

    code: int
    text: str  # all that it wrote
    seconds: float  # until it ended, from when one began to wait


class Workers:
    """A job of several workers, each a process with a TF_CONFIG of its own.

    Args:
        module: the module to run, such as "gan_keras.train".
        arguments: its command line, the same for all.
        count: the number of workers.
        folder: where their output goes.
    """

    def __init__(self, module: str, arguments: Sequence[object], count: int, folder: Path):
        self.logs = [folder / f"worker_{number}.log" for number in range(count)]
        self.processes = []
        for number, (log, environment) in enumerate(zip(self.logs, environments(count), strict=True)):
            command = [sys.executable, "-m", module, *map(str, arguments)]
            with log.open("w") as output:
                self.processes.append(
                    subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
                )
            if number == 0:
                time.sleep(0.1)  # it serves the others

    def wait(self) -> list[Ended]:
        """Wait until all have ended; those that have not by then are killed."""
        start, ended = time.monotonic(), []
        for process, log in zip(self.processes, self.logs, strict=True):
            try:
                process.wait(timeout=max(1, PATIENCE - (time.monotonic() - start)))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            ended.append(Ended(process.returncode, log.read_text(), time.monotonic() - start))
        return ended


def environments(count: int) -> list[dict[str, str]]:
    """Return the environment of each of several workers on this machine."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    hosts = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:  # all at the end, or two could get the same port
        one.close()
    return [
        os.environ
        | {"TF_CONFIG": json.dumps({"cluster": {"worker": hosts}, "task": {"type": "worker", "index": number}})}
        for number in range(count)
    ]
