import subprocess
import sys

import pytest

from gan_keras.evaluation import tfgan


@pytest.mark.slow
def test_the_packages_own_import_still_fails():
    """The day this fails, `tfgan.py` can be replaced by `import tensorflow_gan`."""
    done = subprocess.run([sys.executable, "-c", "import tensorflow_gan"], capture_output=True, check=False)
    assert done.returncode != 0


def test_modules_load():
    assert callable(tfgan.load("losses.losses_impl").wasserstein_generator_loss)
    with pytest.raises(ModuleNotFoundError):
        tfgan.load("losses.absent")
