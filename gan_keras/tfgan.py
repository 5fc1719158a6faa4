"""The one door to TensorFlow-GAN.

`import tensorflow_gan` fails on TensorFlow 2.16 and later, because its `__init__` files import estimators, which
TensorFlow no longer has. The modules of losses and metrics need none of that: they load once their two parent packages
are there, even empty.
"""

import importlib
import importlib.util
import logging
import sys
import threading
from types import ModuleType

_lock = threading.Lock()


def load(name: str) -> ModuleType:
    """Return a module of `tensorflow_gan.python`, such as "losses.losses_impl" or "eval.classifier_metrics"."""
    with _lock:  # metrics are computed in threads, and another thread must not find half of this
        if "tensorflow_gan" not in sys.modules:
            logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it calls what TensorFlow has deprecated
            folder = importlib.util.find_spec("tensorflow_gan").submodule_search_locations[0]
            for parent, path in (("tensorflow_gan", folder), ("tensorflow_gan.python", f"{folder}/python")):
                sys.modules[parent] = ModuleType(parent)
                sys.modules[parent].__path__ = [path]
        return importlib.import_module(f"tensorflow_gan.python.{name}")
