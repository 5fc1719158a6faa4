import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from gan_keras.ui import files
from gan_keras.ui.console import UserError


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.txt"
    with files.replacing(path) as temporary:
        temporary.write_text("one")
        assert not path.exists()
        assert temporary.suffix == ".txt"
    assert path.read_text() == "one"
    with pytest.raises(RuntimeError), files.replacing(path) as temporary:
        temporary.write_text("tw")
        raise RuntimeError
    assert path.read_text() == "one"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_replaces_a_folder(tmp_path):
    path = tmp_path / "model"
    for content in ("one", "two"):
        with files.replacing(path) as temporary:
            temporary.mkdir()
            (temporary / content).write_text(content)
    assert [file.name for file in path.iterdir()] == ["two"]
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_replaced_stays(tmp_path, monkeypatch):
    path = tmp_path / "model"
    path.mkdir()
    (path / "one").touch()
    rename = Path.replace

    def fails_for_the_new_one(self, target):
        if self.name.startswith(".partial"):
            raise PermissionError(13, "Permission denied", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", fails_for_the_new_one)
    with pytest.raises(PermissionError) as error, files.replacing(path) as temporary:
        temporary.mkdir()
    assert error.value.filename == str(path)
    assert [file.name for file in path.iterdir()] == ["one"]
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_no_obstacle(tmp_path):
    (tmp_path / ".partial-model").mkdir()
    with files.replacing(tmp_path / "model") as temporary:
        temporary.write_text("a file this time")
    assert (tmp_path / "model").is_file()


def test_two_processes_do_not_write_into_one_folder(tmp_path):
    holds = "import sys, time; from pathlib import Path; from gan_keras.ui import files\n"
    holds += "with files.locked(Path(sys.argv[1])): print('in', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", holds, tmp_path / "run"], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "in\n"
        with pytest.raises(UserError, match="another process is writing into"), files.locked(tmp_path / "run"):
            pass
        other.kill()
        other.wait()
    with files.locked(tmp_path / "run"):  # a killed process holds nothing
        pass


@pytest.mark.parametrize("name", ["a[1]", "a*", "what?", "back\\slash", os.fsdecode(b"caf\xe9")])
def test_a_name_that_tensorflow_cannot_read_back_is_refused(name, tmp_path):
    with pytest.raises(UserError, match=r"wildcards|UTF-8"):
        files.check_name(tmp_path / name)


@pytest.mark.parametrize("name", ["a b", "é", "数字", "a'b", "#1", "$HOME", "{a}", "a;b", "~", "100%", "a&b", "@", "="])
def test_any_other_name_works(name, tmp_path):
    files.check_name(tmp_path / name)
    module = tf.Module()
    module.answer = tf.function(lambda: tf.constant(42), input_signature=[])
    tf.saved_model.save(module, str(tmp_path / name))
    assert tf.saved_model.load(str(tmp_path / name)).answer() == 42


def test_remove_takes_files_folders_and_nothing(tmp_path):
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "file").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("folder", "file", "link", "absent"):
        files.remove(tmp_path / name)
    assert list(tmp_path.iterdir()) == [tmp_path / "elsewhere"]
