"""Several workers on this machine: processes on the loopback interface, or two in network namespaces of their own."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 600  # seconds for workers to end
ADDRESSES, PORT, CABLE = ("10.77.0.1", "10.77.0.2"), 12345, "cable"  # of the namespaces


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

    def __init__(
        self, module: str, arguments: Sequence[object], count: int, folder: Path, namespaces: Sequence[str] = ()
    ):
        self.logs = [folder / f"worker_{number}.log" for number in range(count)]
        self.processes = []
        hosts = [f"{address}:{PORT}" for address in ADDRESSES] if namespaces else loopback(count)
        for number, log in enumerate(self.logs):
            inside = ["ip", "netns", "exec", namespaces[number]] if namespaces else []
            task = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": number}}
            with log.open("w") as output:
                process = subprocess.Popen(
                    [*inside, sys.executable, "-m", module, *map(str, arguments)],
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=os.environ | {"TF_CONFIG": json.dumps(task)},
                )
            self.processes.append(process)

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


def loopback(count: int) -> list[str]:
    """Return addresses on this machine that nothing listens at."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    hosts = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:  # all at the end, or two could get the same port
        one.close()
    return hosts


@contextmanager
def two_namespaces() -> Iterator[list[str]]:
    """Yield the names of two network namespaces with a cable between them; it takes Linux, iproute2 and its root."""
    names = ["gan-a", "gan-b"]
    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", CABLE, "netns", names[0], "type", "veth", "peer", "name", CABLE, "netns", names[1])
        for name, address in zip(names, ADDRESSES, strict=True):
            ip("-n", name, "address", "add", f"{address}/24", "dev", CABLE)
            for device in ("lo", CABLE):
                ip("-n", name, "link", "set", device, "up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def cut(namespace: str) -> None:
    """Pull the cable out of a namespace."""
    ip("-n", namespace, "link", "set", CABLE, "down")


def mend(namespace: str) -> None:
    """Put the cable back."""
    ip("-n", namespace, "link", "set", CABLE, "up")


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
