"""What a backup holds, and what of it survives damage and change. Whole runs are resumed in test_resume.py."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import tiny_config

from gan_keras import data
from gan_keras.models import dcgan
from gan_keras.training import setup
from gan_keras.training.backup import Backup
from gan_keras.ui.console import UserError


@pytest.fixture
def build(idx_folder, tmp_path):
    """Return a function that builds a model with its backups in one folder."""
    dataset = data.load("mnist", idx_folder)

    def build_it(**options) -> Backup:
        model = setup.build(tiny_config("dcgan", **options), dataset, steps_per_epoch=3)
        backup = Backup(tmp_path / "backup", model, steps_per_epoch=3)
        backup.set_model(model)
        return backup

    return build_it


def values(backup: Backup) -> dict[str, np.ndarray]:
    return {name: variable.numpy() for name, variable in backup.state.items()}


@pytest.fixture
def saved(build):
    """Return the states of two backups of a model: all values are their number, the steps 3 and 6."""
    backup = build()
    states = []
    for number in (1, 2):
        for variable in backup.state.values():
            variable.assign(tf.ones_like(variable) * number)
        backup.model.step.assign(3 * number)
        backup.save()
        states.append(values(backup))
    return states


def assert_equal(backup: Backup, expected: dict[str, np.ndarray]) -> None:
    found = values(backup)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


def test_everything_that_training_changes_comes_back(build, saved):
    backup = build(seed=1)
    backup.restore()
    assert_equal(backup, saved[1])
    model = backup.model
    holders = [model.generator, model.discriminator, model.averages["generator"]]
    holders += [model.generator_player.optimizer, model.discriminator_player.optimizer]
    moved = [one for holder in holders for one in holder.variables if one.name != "learning_rate"]  # that is an option
    assert len(backup.state) == len(moved) + 2 * len(model.means) + 1  # each mean's total and count, and the step


def test_only_the_last_two_are_kept(build, saved, tmp_path):
    backup = build()
    backup.model.step.assign(9)
    backup.save()
    names = sorted(path.name for path in (tmp_path / "backup").iterdir())
    assert names == ["step_00000006.npz", "step_00000009.npz"]


def test_names_do_not_depend_on_what_else_the_process_has_built(build, saved):
    """Keras numbers layers through the whole process; what is read back must not."""
    for layer in (keras.layers.Dense(2), keras.layers.Conv2D(2, 3), keras.layers.BatchNormalization()):
        layer.build((None, 4, 4, 2))
    backup = build()
    backup.restore()
    assert_equal(backup, saved[1])


def flipped(content: bytes, start: int) -> bytes:
    return content[:start] + bytes(255 - byte for byte in content[start : start + 8]) + content[start + 8 :]


DAMAGES = {
    "flipped in the middle": lambda content: flipped(content, len(content) // 2),
    "flipped at the start": lambda content: flipped(content, 0),
    "flipped at the end": lambda content: flipped(content, len(content) - 8),
    "cut short": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "another file": lambda content: b"not an archive",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_backup_gives_way_to_the_one_before(build, saved, tmp_path, capsys, damage):
    newest = tmp_path / "backup" / "step_00000006.npz"
    newest.write_bytes(DAMAGES[damage](newest.read_bytes()))
    backup = build()
    backup.restore()
    assert f"{newest} is damaged" in capsys.readouterr().out
    assert_equal(backup, saved[0])
    assert not newest.exists(), "it would count as one of the two that are kept"


def test_what_a_model_has_come_to_remember_or_to_forget_does_not_invalidate_a_backup(
    build, saved, tmp_path, capsys, monkeypatch
):
    newest = tmp_path / "backup" / "step_00000006.npz"
    with np.load(newest) as content:
        arrays = {name: content[name] for name in reversed(content.files)}  # in another order
    np.savez(newest, **arrays, **{"memory/forgotten": np.ones(3)})
    monkeypatch.setattr(dcgan.Model, "build_memory", lambda self: {"hits": tf.Variable(7)})
    backup = build()
    backup.restore()
    text = capsys.readouterr().out
    assert f"{newest} lacks memory/hits, which starts anew" in text
    assert f"{newest} has memory/forgotten, which the model no longer needs" in text
    assert_equal(backup, saved[1] | {"memory/hits": np.array(7)})


def test_a_backup_of_other_networks_is_refused(build, saved):
    with pytest.raises(
        UserError,
        match=r"does not fit the model: generator/\S+ is float32 \(100, 392\), and the model needs float32 \(100, 4",
    ):
        build(filters=5).restore()


def test_without_backups_a_model_stays_as_it_is(build):
    backup = build()
    before = values(backup)
    backup.restore()
    assert_equal(backup, before)
