import pytest
from helpers import tiny_config

from gan_keras import models
from gan_keras.training import run_folder
from gan_keras.ui import files
from gan_keras.ui.console import UserError


@pytest.mark.parametrize("model", models.names())
def test_round_trip_through_json(model, tmp_path):
    options = tiny_config(model, out=tmp_path, learning_rate=0.0003, data_dir=tmp_path)
    run_folder.save(options, {"versions": {"python": "3"}})
    again, facts = run_folder.load(tmp_path)
    assert again == options
    assert facts == {"versions": {"python": "3"}}


@pytest.mark.parametrize(
    ("model", "option", "value"),
    [("proposed", "cooldown", 0.1), ("proposed", "modes", 0), ("sgan", "pseudo_labels", 0.0)],
)
def test_a_run_from_before_an_option_has_what_was_done_then(model, option, value, tmp_path):
    options = tiny_config(model, out=tmp_path).to_json()
    del options[option]
    files.write_json(tmp_path / "config.json", {"options": options})
    assert getattr(run_folder.load(tmp_path)[0], option) == value


@pytest.mark.parametrize("content", ["", "{}", '{"options": {"model": "dcgan", "epochs": "x"}}', "[1]"])
def test_a_damaged_config_is_named(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match=r"config\.json is damaged"):
        run_folder.load(tmp_path)


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(UserError, match="no run"):
        run_folder.load(tmp_path)
