"""The only place that imports TensorFlow-GAN.

`import tensorflow_gan` fails on TensorFlow 2.16 and later, because its `__init__` files import estimators, which
TensorFlow no longer has, and TensorFlow Hub, which needs a removed part of setuptools. The modules of losses and
metrics need neither: they load as soon as the packages around them exist, even if these are empty.
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
    with _lock:  # metrics are computed in threads, and another thread must not see this half done
        if "tensorflow_gan" not in sys.modules:
            logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it calls deprecated functions of TensorFlow
            found = importlib.util.find_spec("tensorflow_gan")
            (root,) = found.submodule_search_locations if found and found.submodule_search_locations else (".",)
            for package in PACKAGES:
                sys.modules[package] = ModuleType(package)
                sys.modules[package].__path__ = [str(Path(root).parent.joinpath(*package.split(".")))]
        return importlib.import_module(f"tensorflow_gan.python.{name}")
