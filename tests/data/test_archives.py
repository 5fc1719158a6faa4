"""Archives as other programs write them, and those that hold one data set together."""

import io
import tarfile
import zipfile

import pytest
from layouts import SPLITS, assert_right, png, write_csv, write_flat, write_idx, write_pictures

from gan_keras import data
from gan_keras.ui.console import UserError

ACCENTED = "café {}".format  # a name that is not ASCII


def files_in(folder):
    return sorted(file for file in folder.rglob("*") if file.is_file())


def write_zip(path, files, root, name=str):
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.writestr(name(file.relative_to(root).as_posix()), file.read_bytes())


def write_tar(path, folder, name):
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        archive.add(folder, name)


def pictures(folder):
    for part, split in SPLITS.items():
        write_pictures(folder / part, split)
    return folder


def part_by_part(folder, source):
    """A zip of the pictures of each part."""
    for part in SPLITS:
        write_zip(folder / f"{part}.zip", files_in(source / part), source / part)


def tars(folder, source):
    for part in SPLITS:
        write_tar(folder / f"{part}.tar.gz", source / part, part)


def drive(folder, source):
    """Google Drive divides a folder into several zips, each with the name of the folder in it."""
    files = files_in(source)
    for number in range(2):
        path = folder / f"digits-20240101T120000Z-00{number + 1}.zip"
        write_zip(path, files[number::2], source, "my digits/{}".format)


def tables(folder, source):
    for part, split in SPLITS.items():
        write_csv(source / f"{part}.csv", split)
        write_zip(folder / f"{part}.csv.zip", [source / f"{part}.csv"], source)


def idx_files(folder, source):
    for file in files_in(write_idx(source / "idx")):
        write_zip(folder / f"{file.name}.zip", [file], file.parent)


def nested(folder, source):
    part_by_part(source, source)
    write_zip(folder / "all.zip", sorted(source.glob("*.zip")), source)


def webdataset(folder, source):
    """Shards with a picture and a label for each key."""
    for part, split in SPLITS.items():
        for shard in range(2):
            with tarfile.open(folder / f"mnist-{part}-{shard:06}.tar", "w") as archive:
                for number in range(shard, len(split.labels), 2):
                    contents = {"png": png(split.images[number]), "cls": str(split.labels[number]).encode()}
                    for suffix, content in contents.items():
                        member = tarfile.TarInfo(f"{number:06}.{suffix}")
                        member.size = len(content)
                        archive.addfile(member, io.BytesIO(content))


def windows(folder, source):
    write_zip(folder / "a.zip", files_in(source), source, lambda name: name.replace("/", "\\"))


def dotted(folder, source):
    write_tar(folder / "a.tar", source, ".")


ARCHIVES = [part_by_part, tars, drive, tables, idx_files, nested, webdataset, windows, dotted]


@pytest.mark.parametrize("pack", ARCHIVES)
def test_archives_are_read_with_the_right_labels_and_split(pack, tmp_path):
    source, folder = pictures(tmp_path / "source"), tmp_path / "given"
    folder.mkdir()
    pack(folder, source)
    assert_right(data.load(data_dir=folder))


def test_names_that_macos_writes_are_read_as_such(tmp_path, monkeypatch):
    """In UTF-8, without the flag that says so."""
    for part, split in SPLITS.items():
        write_pictures(tmp_path / "source" / part, split, class_name=ACCENTED)
    with monkeypatch.context() as patch:
        as_bytes = lambda self: (self.filename.encode(), self.flag_bits & ~0x800)  # noqa: E731
        patch.setattr(zipfile.ZipInfo, "_encodeFilenameFlags", as_bytes)
        write_zip(tmp_path / "a.zip", files_in(tmp_path / "source"), tmp_path / "source")
    assert_right(data.load(data_dir=tmp_path / "a.zip"), names=list(map(ACCENTED, range(10))))


def test_archives_with_the_same_files_are_different_data_sets(tmp_path):
    source = pictures(tmp_path / "source")
    (tmp_path / "given").mkdir()
    for number in range(2):
        write_zip(tmp_path / "given" / f"mnist-{number:03}.zip", files_in(source), source)
    with pytest.raises(UserError, match=r"(?s)more than one data set.*mnist-000\.zip.*mnist-001\.zip"):
        data.load(data_dir=tmp_path / "given")


def test_labels_beside_an_archive_of_pictures_are_not_read_and_that_is_said(tmp_path, capsys):
    write_flat(tmp_path / "source", SPLITS["train"])
    (tmp_path / "given").mkdir()
    write_zip(tmp_path / "given" / "images.zip", files_in(tmp_path / "source"), tmp_path / "source")
    (tmp_path / "given" / "labels.csv").write_text("file_name,label\n00000.png,3\n", encoding="utf-8")
    assert data.load(data_dir=tmp_path / "given").class_names == ["all"]
    assert "not read: labels.csv. If labels are in it, unpack the archive" in capsys.readouterr().out


def test_an_archive_cannot_write_elsewhere(tmp_path):
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        member = tarfile.TarInfo("../../outside.txt")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"x"))
    with pytest.raises(UserError, match="cannot be unpacked"):
        data.load(data_dir=tmp_path)


@pytest.mark.parametrize("name", ["../../outside.png", "/outside.png", "..\\..\\outside.png"])
def test_a_zip_cannot_write_elsewhere(name, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a" / "b" / "c"))
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr(name, png(SPLITS["train"].images[0]))
        archive.writestr("sound.png", png(SPLITS["train"].images[1]))
    data.load(data_dir=tmp_path / "evil.zip")
    unpacked = next((tmp_path / "a" / "b" / "c").rglob("sound.png")).parent
    assert all(file.is_relative_to(unpacked) for file in tmp_path.rglob("*.png"))
