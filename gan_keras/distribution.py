"""Several devices and several machines: TensorFlow's strategies, and what their replicas and workers do together.

A *replica* is one copy of the networks, on one device; it takes its share of each batch. A *worker* is a process with
one or more replicas, perhaps on a machine of its own. The first worker is the *chief*: it alone writes files.

All that a game draws and averages goes through `mean`, `gathered` and `share`, so that a model reads the same whether
it trains on one replica or on many, and gives the same numbers.
"""

import dataclasses
import functools
import json
import os
import signal
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import tensorflow as tf

from gan_keras.ui import console
from gan_keras.ui.console import UserError

T = TypeVar("T")
Strategy = Literal["auto", "none", "mirrored", "multi-worker"]

EXAMPLE = '{"cluster": {"worker": ["host-a:12345", "host-b:12345"]}, "task": {"type": "worker", "index": 0}}'
HOW_TO = f"Start the same command on each machine with its own TF_CONFIG, such as '{EXAMPLE}', or under Slurm by srun."


# What replicas do together, within a training step


def replicas() -> int:
    """Return the number of replicas over all workers."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def mean(values: Any) -> Any:
    """Return the mean over the replicas of a tensor, or of each in a structure of tensors. It has gradients."""
    if replicas() == 1:
        return values
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, values)


def gathered(rows: tf.Tensor) -> tf.Tensor:
    """Return the rows of all replicas: from their shares of a batch the whole batch, on each of them."""
    return rows if replicas() == 1 else tf.distribute.get_replica_context().all_gather(rows, axis=0)


def share(rows: tf.Tensor) -> tf.Tensor:
    """Return this replica's share of the rows of a whole batch: the inverse of `gathered`."""
    if replicas() == 1:
        return rows
    size = tf.shape(rows)[0] // replicas()
    number = tf.distribute.get_replica_context().replica_id_in_sync_group
    return tf.ensure_shape(rows[number * size : (number + 1) * size], [None, *rows.shape[1:]])


# The processes


@dataclass(frozen=True)
class Cluster:
    """The workers of a job, as one of them sees it.

    Its methods are called by all workers, in the same order: each waits for the others.
    """

    strategy: tf.distribute.Strategy = dataclasses.field(default_factory=tf.distribute.get_strategy)
    number: int = 0  # of this worker
    workers: int = 1

    @property
    def is_chief(self) -> bool:
        """Whether this worker is the one that writes."""
        return self.number == 0

    def gather(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows of all workers, one after the other; they may have different numbers of them."""
        if self.workers == 1:
            return rows
        exchanged = rows.astype(np.int32) if rows.dtype.kind in "bu" else rows  # TensorFlow exchanges no bytes
        return self._gathering(tf.constant(exchanged)).numpy().astype(rows.dtype)

    @functools.cached_property
    def _gathering(self) -> Callable[[tf.Tensor], tf.Tensor]:
        def of_replica(rows: tf.Tensor) -> tf.Tensor:
            context = tf.distribute.get_replica_context()
            # One replica of each worker brings its rows.
            is_first = context.replica_id_in_sync_group % (replicas() // self.workers) == 0
            return context.all_gather(rows[: tf.where(is_first, tf.shape(rows)[0], 0)], axis=0)

        @tf.function(reduce_retracing=True)
        def gather(rows: tf.Tensor) -> tf.Tensor:
            return self.strategy.experimental_local_results(self.strategy.run(of_replica, args=(rows,)))[0]

        return gather

    def any(self, flag: bool) -> bool:
        """Return whether the flag of any worker is set."""
        return bool(self.gather(np.array([flag])).any())

    def wait(self) -> None:
        """Wait until all workers have come here."""
        self.any(False)

    def describe(self) -> str:
        """Return how many replicas and workers there are, as text."""
        replicas = f"on {self.strategy.num_replicas_in_sync} replicas"
        return f"{replicas} of {self.workers} workers" if self.workers > 1 else replicas

    @contextmanager
    def agreed(self) -> Iterator[None]:
        """Let all workers fail when one does.

        Raises:
            UserError: the worker's own, or one that says that another one had one.
        """
        try:
            yield
        except (UserError, OSError):
            self.any(True)
            raise
        if self.any(False):
            raise UserError("another worker has found an error; its own message says which.")

    def check_alike(self, what: Mapping[str, Any]) -> None:
        """Compare what this worker has with what the others have.

        Raises:
            UserError: on all workers, if one of them differs, with the names of what differs.
        """
        sums = np.array([zlib.crc32(json.dumps(value, default=str).encode()) for value in what.values()], np.int64)
        table = self.gather(sums[None])
        if differing := [name for name, column in zip(what, table.T, strict=True) if len(set(column)) > 1]:
            raise UserError(f"the workers differ in {', '.join(differing)}. Start all of them by the same command.")

    def broadcast(self, state: Mapping[str, tf.Variable]) -> None:
        """Give all workers the chief's values: only it need have the folder of the run."""
        if self.workers == 1:
            return
        for dtype in sorted({variable.dtype.name for variable in state.values()}):
            alike = [variable for variable in state.values() if variable.dtype.name == dtype]
            values = self.gather(np.concatenate([variable.numpy().ravel() for variable in alike])[None])[0]
            ends = np.cumsum([np.prod(variable.shape, dtype=int) for variable in alike])
            for variable, part in zip(alike, np.split(values, ends[:-1]), strict=True):
                variable.assign(part.reshape(variable.shape))

    def share(self, items: Sequence[T]) -> Sequence[T]:
        """Return this worker's part of some items: parts of nearly the same length, in the order of the workers."""
        return items[len(items) * self.number // self.workers : len(items) * (self.number + 1) // self.workers]

    @contextmanager
    def sharing(self) -> Iterator[None]:
        """Let the workers share the work of `data.in_batches` and the like within a block that all of them execute."""
        before = _sharing.set(self)
        try:
            yield
        finally:
            _sharing.reset(before)

    @contextmanager
    def explained(self, advice: str) -> Iterator[None]:
        """Turn the loss of a worker into a `UserError` that says what to do.

        Raises:
            UserError: on the workers that are left, when another one has died or cannot be reached.
        """
        try:
            yield
        except (tf.errors.OpError, RuntimeError) as error:
            if self.workers == 1 or not _is_loss(error):
                raise
            raise UserError(f"another worker has ended or cannot be reached ({_first_line(error)}). {advice}") from None


# A thread does not see it: what threads compute, such as metrics, is not exchanged, for its order would be by chance.
_sharing: ContextVar[Cluster] = ContextVar("sharing")


def sharing() -> Cluster:
    """Return the cluster whose workers share the work of this block; this process alone outside of one."""
    return _sharing.get(None) or Cluster()


def _first_line(error: Exception) -> str:
    return str(getattr(error, "message", error)).partition("\n")[0][:200]


def _is_loss(error: Exception) -> bool:
    lost = (
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,
        tf.errors.InternalError,
    )
    return isinstance(error, lost) or "heartbeat" in str(error)


@functools.cache  # TensorFlow lets a process join once
def join(strategy: Strategy) -> Cluster:
    """Return the cluster of this process; with several workers, this waits until all of them are there.

    It must come before anything else that TensorFlow computes.

    Args:
        strategy: "none" for the first device alone; "mirrored" for all devices of this machine; "multi-worker" for all
            workers that TF_CONFIG or Slurm name; "auto" for several workers, several GPUs or one device: what there is.

    Raises:
        UserError: if "multi-worker" is asked for and nothing names the workers, or TF_CONFIG cannot be understood.
    """
    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:  # or TensorFlow takes all of a card's memory, and no second run fits on it
        with suppress(RuntimeError):  # it is in use already, in a notebook
            tf.config.experimental.set_memory_growth(gpu, True)
    if strategy == "auto":
        strategy = "multi-worker" if resolver_of_environment() else "mirrored" if len(gpus) > 1 else "none"
    if strategy == "multi-worker":
        return _workers()
    if strategy == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return Cluster(tf.distribute.MirroredStrategy([device.name for device in devices]))
    return Cluster()


@contextmanager
def shared_work(advice: str) -> Iterator[Cluster]:
    """Join the cluster, and let its workers share the work of a block; the others wait until the chief is through.

    Args:
        advice: what to do when a worker is lost.

    Raises:
        UserError: as `join` and `Cluster.explained` do.
    """
    cluster = join("multi-worker" if resolver_of_environment() else "none")
    with cluster.explained(advice), cluster.sharing():
        yield cluster
        cluster.wait()


def _workers() -> Cluster:
    resolver = resolver_of_environment()
    if resolver is None:
        raise UserError(f"--strategy multi-worker, and neither TF_CONFIG nor Slurm names the workers. {HOW_TO}")
    spec = resolver.cluster_spec().as_dict()
    tasks = [(kind, index) for kind in ("chief", "worker") for index in range(len(spec.get(kind, [])))]
    number = tasks.index((resolver.task_type, resolver.task_id))
    print(f"Worker {number + 1} of {len(tasks)} waits for the others.", flush=True)
    try:
        with _stoppable():
            return Cluster(tf.distribute.MultiWorkerMirroredStrategy(resolver), number, len(tasks))
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise UserError(f"the workers did not come together: {_first_line(error)}") from None


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let signals end the process at once: while TensorFlow waits in its own code, Python's handlers do not run."""
    in_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in console.stop_signals()} if in_main else {}
    for number in before:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def resolver_of_environment() -> tf.distribute.cluster_resolver.ClusterResolver | None:
    """Return what names the workers, if there are several."""
    if text := os.environ.get("TF_CONFIG"):
        try:
            config = json.loads(text)
            named = [*config["cluster"].get("chief", []), *config["cluster"]["worker"]]
            _ = {"chief": [], **config["cluster"]}[config["task"]["type"]][int(config["task"]["index"])]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise UserError(f"TF_CONFIG cannot be understood ({error!r}): {text[:200]}. {HOW_TO}") from None
        return tf.distribute.cluster_resolver.TFConfigClusterResolver() if len(named) > 1 else None
    if (tasks := int(os.environ.get("SLURM_STEP_NUM_TASKS", "1"))) > 1:
        # Each task has the GPUs that Slurm gives it (--gpus-per-task). TensorFlow would divide those of a node that
        # nvidia-smi tells it, if that is there at all; these numbers let it count the tasks.
        return tf.distribute.cluster_resolver.SlurmClusterResolver(
            gpus_per_node=tasks, gpus_per_task=1, auto_set_gpu=False
        )
    return None
