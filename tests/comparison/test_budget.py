import pytest

from gan_keras import data
from gan_keras.comparison import budget
from gan_keras.models import dcgan


@pytest.mark.slow
def test_larger_batches_take_longer(idx_folder, capsys):
    """A step on 56 images and one on 2 are timed in turn; the difference is more than any other load makes."""
    options = {f"of {size}": dcgan.Config(filters=16, batch_size=size) for size in (2, 56)}
    seconds = budget.seconds_per_step(options, data.load("mnist", idx_folder), 0.5)
    assert 0 < 2 * seconds["of 2"] < seconds["of 56"]
    assert f"of 56: {1000 * seconds['of 56']:.0f} ms for a step" in capsys.readouterr().out
