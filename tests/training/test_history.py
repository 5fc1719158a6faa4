import pytest

from gan_keras.training import history


def test_what_is_written_is_read(tmp_path):
    rows = [{"epoch": str(epoch), "generator_loss": "0.5", "images_per_second": "9.0"} for epoch in (1, 2)]
    history.write(tmp_path / "history.csv", rows)
    assert history.read(tmp_path / "history.csv") == rows


@pytest.mark.parametrize("damage", [b"\xff\xfe", b"epoch,images_per_second\n1,two\n", b"a,b\n1,2\n", b'"'])
def test_a_damaged_file_counts_as_none(damage, tmp_path, capsys):
    path = tmp_path / "history.csv"
    path.write_bytes(damage)
    assert history.read(path) == []
    assert str(path) in capsys.readouterr().out
