"""The floating-point type in which layers compute; weights, losses and statistics are always float32."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import tensorflow as tf

CPU_FACTS = Path("/proc/cpuinfo")  # Linux only; elsewhere float32 is a safe guess


@contextmanager
def precision(name: str) -> Iterator[None]:
    """Build layers that compute in "float32", "bfloat16" or "float16"; "auto" is `native_precision()`."""
    before = keras.config.dtype_policy()
    name = native_precision() if name == "auto" else name
    keras.config.set_dtype_policy("float32" if name == "float32" else f"mixed_{name}")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def native_precision() -> str:
    """Return "bfloat16" where the processor multiplies it faster than float32, otherwise "float32"."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability", (0, 0))
        return "bfloat16" if capability >= (8, 0) else "float32"
    flags = CPU_FACTS.read_text().split() if CPU_FACTS.exists() else []
    return "bfloat16" if {"avx512_bf16", "amx_bf16"} & set(flags) else "float32"
