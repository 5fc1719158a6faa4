import csv

import pytest

from gan_keras import models
from gan_keras.comparison import tables
from gan_keras.ui.console import UserError


@pytest.mark.parametrize(
    ("mean", "deviation", "text"),
    [
        (9.361, 0.447, "9.36 ± 0.45"),
        (123.4, 5.6, "123 ± 6"),
        (0.98765, 0.0004, "0.988 ± 0.000"),
        (0.0883, None, "0.088"),
        (0.0, None, "0.00"),
        (-2.5, 1.0, "-2.50 ± 1.00"),
    ],
)
def test_numbers_have_three_digits(mean, deviation, text):
    assert tables.number(mean, deviation) == text


def test_a_summary_is_the_mean_and_the_sample_deviation():
    assert tables.summary([{"a": 1.0, "b": 5.0}, {"a": 3.0, "b": 5.0}]) == {
        "runs": (2, None),
        "a": (2.0, 2**0.5),
        "b": (5.0, 0.0),
    }
    assert tables.summary([{"a": 1.0}]) == {"runs": (1, None), "a": (1.0, None)}


def test_a_table_leaves_out_columns_in_which_nothing_stands():
    rows = {"one": {"fid_mnist": (1.5, None)}, "two": {"fid_mnist": (2.5, 0.5)}}
    names = ("fid_mnist", "label_accuracy")
    assert tables.table(names, rows, {}, "the paper") == [
        "| model | `fid_mnist` |",
        "| --- | --- |",
        "| one | 1.50 |",
        "| two | 2.50 ± 0.50 |",
    ]
    published = {"two": {"model": "two", "fid_mnist": "7", "label_accuracy": "0.9"}}
    head, *_, last = tables.table(names, rows, published, "the paper")
    assert head == "| model | `fid_mnist` | `fid_mnist` in the paper | `label_accuracy` in the paper |"
    assert last == "| two | 2.50 ± 0.50 | 7 | 0.9 |"


def test_the_papers_own_values_are_shown_by_default():
    values = tables.published(None, {"dcgan"})
    with tables.PAPER.open(newline="") as file:
        rows = {row["model"]: row for row in csv.DictReader(file)}
    assert values == rows
    assert rows["dcgan"] == {
        "model": "dcgan",
        "fid_mnist": "15.8",
        "score_mnist": "7.1",
        "epochs": "50",
        "accuracy": "0.7392",
    }
    assert rows.keys() <= set(models.names())


def test_published_values_need_known_columns(tmp_path):
    path = tmp_path / "paper.csv"
    path.write_text("model,beauty\ndcgan,1\n")
    with pytest.raises(UserError, match="has the columns model, beauty; it must have model"):
        tables.published(path, set())
    path.write_bytes(b"model,fid_mnist\ndcgan,\xff\n")
    with pytest.raises(UserError, match="cannot be read as CSV"):
        tables.published(path, set())
