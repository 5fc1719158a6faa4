import json
from pathlib import Path

import pytest
from helpers import tiny_config

from gan_keras.options import flag
from gan_keras.ui.console import UserError


def test_json_is_plain(tmp_path):
    options = tiny_config("dcgan", data_dir=tmp_path)
    assert json.loads(json.dumps(options.to_json())) == options.to_json()
    assert options.to_json()["data_dir"] == str(tmp_path)


def test_text_is_good_enough_for_a_path(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    options = tiny_config("dcgan", out="runs/one", data_dir="~/digits")
    assert (options.folder, options.data_dir) == (Path("runs/one"), tmp_path / "digits")


def test_a_data_set_of_ones_own_is_found_again_from_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "pets").mkdir()
    monkeypatch.chdir(tmp_path)
    relative, absolute = (tiny_config("dcgan", dataset=f"folder:{path}") for path in ("pets", tmp_path / "pets"))
    assert relative.to_json()["data_dir"] == str(tmp_path / "pets")
    assert not relative.changes_since(absolute)


@pytest.mark.parametrize("choice", [{"schedule": "cosin"}, {"preset": "quik"}, {"loss": "hing"}])
def test_a_choice_that_is_none_is_named(choice):
    with pytest.raises(UserError, match=f"there is no --{next(iter(choice))} .* Did you mean"):
        tiny_config("proposed", **choice)


def test_a_folder_must_be_named():
    with pytest.raises(UserError, match="names no folder"):
        tiny_config("dcgan", dataset="folder:")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("latent_dim", 100_000_000),
        ("filters", 100_000),
        ("samples", 99_999_999_999),
        ("epochs", "ten"),
        ("epochs", 2.5),
        ("epochs", True),
        ("learning_rate", float("nan")),
        ("beta_1", None),
        ("steps_per_epoch", [1]),
        ("resume", "yes"),
    ],
)
def test_what_no_machine_can_do_or_no_type_allows_is_refused(name, value):
    with pytest.raises(UserError, match=flag(name)):
        tiny_config("dcgan", **{name: value})


def test_a_schedule_fixes_the_epochs(tmp_path):
    """Its rates until now were those of a run of this length, and of no other."""
    for schedule, free in (("constant", True), ("linear", False), ("cosine", False), ("cooldown", False)):
        saved, longer = (tiny_config("dcgan", out=tmp_path, schedule=schedule, epochs=epochs) for epochs in (2, 3))
        if free:
            assert not longer.changes_since(saved)
        else:
            with pytest.raises(UserError, match="--epochs 2, not 3"):
                longer.changes_since(saved)
