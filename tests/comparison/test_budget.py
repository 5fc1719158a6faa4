import pytest
from helpers import tiny_config

from gan_keras import data
from gan_keras.comparison import budget
from gan_keras.models import dcgan, progan


@pytest.mark.slow
def test_larger_batches_take_longer(idx_folder, capsys):
    """A step on 56 images and one on 2 are timed in turn; the difference is more than any other load makes."""
    options = {f"of {size}": dcgan.Config(filters=16, batch_size=size) for size in (2, 56)}
    seconds = budget.seconds_per_step(options, data.load("mnist", idx_folder), 8)
    assert 0 < 2 * seconds["of 2"] < seconds["of 56"]
    assert f"of 56: {1000 * seconds['of 56']:.0f} ms for a step" in capsys.readouterr().out


@pytest.mark.parametrize("fits", [0, 1, 3, 4, 10, 11, 50])
def test_a_budget_holds_the_steps_whose_time_it_is(fits):
    """Steps are counted one by one: three of 2 seconds, seven of 0.5, and then all of 5."""
    costs = {0: 2.0, 3: 0.5, 10: 5.0}
    seconds = sum(2.0 if step < 3 else 0.5 if step < 10 else 5.0 for step in range(fits))
    assert budget.steps_within(seconds, costs) == pytest.approx(fits)


def test_a_model_that_trains_on_more_than_the_images_gets_it(idx_folder):
    options = tiny_config("sgan", data_dir=idx_folder, labelled=20)
    assert budget.seconds_per_step({"sgan": options}, data.load("mnist", idx_folder), 0.1)["sgan"] > 0


@pytest.mark.slow
def test_a_model_that_grows_is_timed_in_each_stage(idx_folder, monkeypatch):
    """Its first steps, on images of 14x14, take less time than those on 28x28."""
    monkeypatch.setattr(progan.Model, "last", 1)  # a third stage takes twice as long to trace
    options = progan.Config(filters=8, batch_size=28, period=280)
    watches = budget.stopwatches(options, data.load("mnist", idx_folder))
    assert list(watches) == [0, 10]
    first, second = (min(watch(8) for _ in range(3)) for watch in watches.values())
    assert second > 1.2 * first
