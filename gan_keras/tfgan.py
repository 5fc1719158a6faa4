"""The one door to TensorFlow-GAN.

`import tensorflow_gan` fails on TensorFlow 2.16 and later, because its `__init__` files import estimators, which
TensorFlow no longer has, and TensorFlow Hub, which wants a part of setuptools that is gone. The modules of losses and
metrics need none of that: they load once the packages around them are there, even empty.
"""

import importlib
import importlib.util
import logging
import sys
import threading
from pathlib import Path
from types import ModuleType

PACKAGES = [f"tensorflow_gan{name}" for name in ("", ".python", ".python.eval", ".python.losses")]
_lock = threading.Lock()


def load(name: str) -> ModuleType:
    """Return a module of `tensorflow_gan.python`, such as "losses.losses_impl" or "eval.classifier_metrics"."""
    with _lock:  # metrics are computed in threads, and another thread must not find half of this
        if "tensorflow_gan" not in sys.modules:
            logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it calls what TensorFlow has deprecated
            (root,) = importlib.util.find_spec("tensorflow_gan").submodule_search_locations
            for package in PACKAGES:
                sys.modules[package] = ModuleType(package)
                sys.modules[package].__path__ = [str(Path(root).parent.joinpath(*package.split(".")))]
        return importlib.import_module(f"tensorflow_gan.python.{name}")
