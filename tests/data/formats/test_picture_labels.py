"""Labels of pictures in tables, in files beside them and in their names."""

import json

import numpy as np
import pandas as pd
import pytest
from layouts import SPLITS, TEST, TRAIN, assert_right, marked, png, write_flat, write_pictures

from gan_keras import data
from gan_keras.ui.console import UserError


def columns(names, split) -> dict:
    return {"file_name": names, "label": split.labels}


def part_by_part(folder, file, **how):
    """A table in the folder of each part, as Hugging Face has `metadata.csv`."""
    for part, split in SPLITS.items():
        table = pd.DataFrame(columns(write_flat(folder / part, split), split))
        table.to_csv(folder / part / file, index=False, **how)


def json_lines(folder):
    for part, split in SPLITS.items():
        rows = columns(write_flat(folder / part, split), split)
        lines = [
            json.dumps({"file_name": name, "label": int(label)}) for name, label in zip(*rows.values(), strict=True)
        ]
        (folder / part / "metadata.jsonl").write_text("\n".join(lines), encoding="utf-8")


def beside_the_parts(folder):
    """A table for each part beside its folder, with an id for each picture; the ids are the same in both parts."""
    for part, split in SPLITS.items():
        names = [name.removesuffix(".png") for name in write_flat(folder / "Images" / part, split)]
        pd.DataFrame({"image_id": names, "digit": split.labels}).to_csv(folder / f"{part}.csv", index=False)


def mnist_m(folder):
    for part, split in SPLITS.items():
        names = write_flat(folder / f"mnist_m_{part}", split, "{number:08}.png")
        lines = [f"{name} {label}" for name, label in zip(names, split.labels, strict=True)]
        (folder / f"mnist_m_{part}_labels.txt").write_text("\n".join(lines), encoding="utf-8")


def all_in_one(folder, column=False):
    """A table of all pictures, whose part is in a column or in their paths."""
    rows = []
    for part, split in SPLITS.items():
        inner = "images" if column else part
        names = write_flat(folder / inner, split, f"{part if column else ''}{{number}}.png")
        rows += [{"path": f"{inner}/{name}", "class": label} for name, label in zip(names, split.labels, strict=True)]
    table = pd.DataFrame(rows)
    if column:
        table["split"] = ["train"] * TRAIN + ["test"] * TEST
    table.to_csv(folder / "annotations.csv")


def one_hot(folder):
    """A column of 0 and 1 for each class, as Roboflow has them."""
    for part, split in SPLITS.items():
        table = pd.DataFrame(np.eye(10, dtype=int)[split.labels], columns=[f" {digit}" for digit in range(10)])
        table.insert(0, "filename", write_flat(folder / part, split))
        table.to_csv(folder / part / "_classes.csv", index=False)


def beside_each(folder):
    for part, split in SPLITS.items():
        for name, label in zip(write_flat(folder / part, split), split.labels, strict=True):
            (folder / part / name).with_suffix(".cls").write_text(f"{label}\n", encoding="utf-8")


LAYOUTS = {
    "a table in each part": lambda folder: part_by_part(folder, "metadata.csv"),
    "tabs": lambda folder: part_by_part(folder, "labels.tsv", sep="\t"),
    "semicolons": lambda folder: part_by_part(folder, "labels.csv", sep=";"),
    "without a head": lambda folder: part_by_part(folder, "labels.csv", header=False),
    "JSON lines": json_lines,
    "a table for each part": beside_the_parts,
    "MNIST-M": mnist_m,
    "one table with paths": all_in_one,
    "one table with a column of parts": lambda folder: all_in_one(folder, column=True),
    "a column for each class": one_hot,
    "a file beside each": beside_each,
}


@pytest.mark.parametrize("head", ["epoch,loss", "id,label"])
def test_numbers_are_those_of_pictures_only_beside_a_column_of_labels(head, tmp_path):
    """A history of a training has numbers, too."""
    split = SPLITS["train"]
    write_flat(tmp_path, split, "{number}.png")
    rows = "".join(f"{number},{label}\n" for number, label in enumerate(split.labels))
    (tmp_path / "table.csv").write_text(f"{head}\n{rows}", encoding="utf-8")
    assert (data.load(data_dir=tmp_path).class_names == ["all"]) == (head == "epoch,loss")


def test_pictures_may_have_been_converted(tmp_path):
    names = write_flat(tmp_path / "images", SPLITS["train"])
    table = pd.DataFrame(columns([name.replace(".png", ".jpg") for name in names], SPLITS["train"]))
    table.to_csv(tmp_path / "labels.csv", index=False)
    assert len(data.load(data_dir=tmp_path).class_names) == 10


@pytest.mark.parametrize("layout", LAYOUTS)
def test_labels_are_found(layout, tmp_path):
    LAYOUTS[layout](tmp_path)
    assert_right(data.load(data_dir=tmp_path))


NAMES = ["{label}_{number:05}.png", "{label}-{number}.png", "{label} ({number}).png"]


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_found_in_names(name, tmp_path):
    splits = {"train": marked(100, 0), "test": marked(50, 1)}
    for part, split in splits.items():
        write_flat(tmp_path / part, split, name)
    dataset = data.load(data_dir=tmp_path)
    assert_right(dataset, splits)
    assert "pictures with labels in their names (0" in dataset.source


@pytest.mark.parametrize("name", ["img_{number}.png", "{number}.png", "{label}_{label}_{number}.png"])
def test_names_without_labels_give_none(name, tmp_path):
    write_flat(tmp_path, SPLITS["train"], name)
    assert data.load(data_dir=tmp_path).class_names == ["all"]


def test_pictures_that_no_table_names_are_left_out_and_that_is_said(tmp_path, capsys):
    """As in Kaggle's competitions, whose example of a submission gives the test pictures labels that mean nothing."""
    names = write_flat(tmp_path / "train", SPLITS["train"])
    others = write_flat(tmp_path / "test", SPLITS["test"], "t{number}.png")
    pd.DataFrame(columns(names, SPLITS["train"])).to_csv(tmp_path / "train.csv", index=False)
    pd.DataFrame({"file_name": others, "label": 0}).to_csv(tmp_path / "sample_submission.csv", index=False)
    dataset = data.load(data_dir=tmp_path)
    assert len(dataset.train.images) + len(dataset.test.images) == TRAIN
    assert f"{TEST} pictures without labels are left out" in capsys.readouterr().out


def test_a_table_can_be_named_itself(tmp_path):
    part_by_part(tmp_path, "metadata.csv")
    for part in SPLITS:
        (tmp_path / part / "metadata.csv").rename(tmp_path / f"{part}.csv")
    dataset = data.load(data_dir=tmp_path / "train.csv")
    assert len(dataset.train.images) + len(dataset.test.images) == TRAIN


BOXES = {"file": ["00000.png", "00000.png", "00001.png", "00001.png"], "label": [0, 1, 2, 3]}
CAPTIONS = {"file": [f"{number:05}.png" for number in range(TRAIN)], "text": [f"digit {n}" for n in range(TRAIN)]}
ATTRIBUTES = CAPTIONS | {"text": list(range(TRAIN)), "age": list(range(TRAIN))}


@pytest.mark.parametrize("table", [BOXES, CAPTIONS, ATTRIBUTES], ids=["boxes", "captions", "attributes"])
def test_a_table_of_something_else_is_not_read_and_that_is_said(table, tmp_path, capsys):
    write_flat(tmp_path / "images", SPLITS["train"])
    pd.DataFrame(table).to_csv(tmp_path / "labels.csv", index=False)
    assert len(data.load(data_dir=tmp_path).class_names) == 1
    assert "not read: labels.csv. For a training with labels" in capsys.readouterr().out


def test_folders_of_classes_and_a_table_that_agrees(tmp_path):
    """As the traffic signs of GTSRB."""
    for part, split in SPLITS.items():
        write_pictures(tmp_path / part, split)
    rows = [(str(file.relative_to(tmp_path)), f"sign {file.parent.name}") for file in tmp_path.rglob("*.png")]
    pd.DataFrame(rows, columns=["Path", "ClassId"]).to_csv(tmp_path / "signs.csv", index=False)
    assert_right(data.load(data_dir=tmp_path))


def test_folders_that_are_no_classes_and_a_table_are_two_answers(tmp_path):
    """Halves of a set, as large ones are handed out, and a table that gives each picture a label."""
    split = SPLITS["train"]
    names = []
    for half in (0, 1):
        (tmp_path / f"part_{half}").mkdir()
        for number in range(half, TRAIN, 2):
            names.append(f"{number}.png")
            (tmp_path / f"part_{half}" / names[-1]).write_bytes(png(split.images[number]))
    labels = [split.labels[int(name.removesuffix(".png"))] for name in names]
    pd.DataFrame({"image": names, "label": labels}).to_csv(tmp_path / "labels.csv", index=False)
    with pytest.raises(UserError, match=r"(?s)more than one.*pictures in 2 folders.*the labels of labels\.csv"):
        data.load(data_dir=tmp_path)
    dataset = data.load(data_dir=tmp_path / "labels.csv")
    assert len(dataset.class_names) == 10
