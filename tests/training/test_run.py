"""What a user is told about a run that is resumed. Whole runs are in test_resume.py."""

import pytest
from helpers import tiny_config

from gan_keras import data
from gan_keras.training import setup
from gan_keras.training.run import say_how_it_continues
from gan_keras.ui.console import UserError


@pytest.fixture
def after(idx_folder, capsys):
    """Return a function that says how a model continues after some steps, three to an epoch, and returns the text."""

    def say(steps: int, saved: dict | None = None, **options) -> str:
        model = setup.build(tiny_config("dcgan", **options), data.load("mnist", idx_folder), steps_per_epoch=3)
        model.step.assign(steps)
        say_how_it_continues(model, saved or {}, steps_per_epoch=3)
        return capsys.readouterr().out

    return say


def test_a_run_in_its_middle_needs_no_word(after):
    assert after(3) == ""


def test_a_finished_run_is_offered_more_epochs_unless_its_rate_has_fallen(after):
    assert "all of its 2 epochs. Give more --epochs to continue." in after(6)
    assert "all of its 2 epochs. Its --schedule cooldown has ended;" in after(6, schedule="cooldown")


def test_another_machines_precision_is_told(after):
    saved = {"versions": {"native_precision": "float64"}}
    assert "this run was started in float64 and continues in " in after(3, saved, precision="auto")
    assert after(3, saved, precision="float32") == ""


def test_a_run_that_stopped_within_an_epoch_has_more_than_the_whole_ones(after):
    with pytest.raises(UserError, match=r"already has 1\.33 epochs; give more --epochs"):
        after(4, epochs=1)
