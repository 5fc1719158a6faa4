"""The study: what its images are, that validation chooses, and that a cell can be repeated."""

import dataclasses

import numpy as np
import pytest

from gan_keras import data
from gan_keras.comparison import study, study_classifier, study_report
from gan_keras.comparison.study_data import Parts, filled
from gan_keras.comparison.study_plan import METHODS, Cell, Options, cells
from gan_keras.ui.console import UserError


def unique(count: int, first: int) -> data.Split:
    """Return images that are all different, of ten classes that are not equally frequent."""
    images = np.zeros((count, 8, 8, 1), np.uint8)
    images[:, 0, :4, 0] = np.arange(first, first + count)[:, None] >> np.array([24, 16, 8, 0]) & 255
    labels = np.random.default_rng(0).choice(10, count, p=[0.19, *[0.09] * 9]).astype(np.int32)
    return data.Split(images, labels)


def numbers(split: data.Split) -> list[int]:
    """Return which of the images of `unique` these are."""
    return (split.images[:, 0, :4, 0].astype(int) @ [1 << 24, 1 << 16, 1 << 8, 1]).tolist()


@pytest.fixture(scope="module")
def parts():
    names = [str(label) for label in range(10)]
    return Parts.of(data.Dataset("unique", "numbers", unique(1000, 0), unique(200, 1000), names))


@pytest.fixture(scope="module")
def digits():
    return Parts.of(data.load("digits8x8"))


def test_the_parts_have_no_image_in_common_and_leave_none_out(parts):
    assert len(parts.validation.images) == 100
    together = [number for part in (parts.pool, parts.validation, parts.test) for number in numbers(part)]
    assert sorted(together) == list(range(1200))


def test_labelled_images_are_balanced_and_of_the_pool_and_fewer_are_among_more(parts):
    before: set[int] = set()
    for count in (10, 50, 105, 300):
        few = parts.labelled(count, seed=3)
        shares = np.bincount(few.labels, minlength=10)
        assert shares.sum() == count
        assert shares.max() - shares.min() <= 1
        assert len(set(numbers(few))) == count
        assert before <= set(numbers(few)) <= set(numbers(parts.pool))
        before = set(numbers(few))
    assert before != set(numbers(parts.labelled(300, seed=4)))


def test_images_are_repeated_as_a_whole(parts):
    few = parts.labelled(30, seed=0)
    more = filled(few, 64)
    assert sorted(numbers(more)) == sorted(3 * numbers(few))
    np.testing.assert_array_equal(more.labels, np.tile(few.labels, 3))
    assert numbers(filled(few, 30)) == numbers(few)


@pytest.mark.parametrize("share", [0, *study_classifier.SHARES])
def test_a_batch_has_the_share_of_synthetic_images(parts, share):
    few, made = parts.labelled(20, seed=0), parts.test
    batches = [
        [np.rint(batch["image"].numpy() * 127.5 + 127.5).astype(np.uint8) for batch in mixed.take(3)]
        for mixed in (study_classifier.mixed(few, made, share, seed) for seed in (0, 0, 1))
    ]
    for images in batches[0]:
        synthetic = [number >= 1000 for number in numbers(data.Split(images, None))]
        assert (len(synthetic), sum(synthetic)) == (study_classifier.BATCH, share * study_classifier.BATCH)
    np.testing.assert_array_equal(*batches[:2])
    assert not np.array_equal(batches[0], batches[2])


@pytest.mark.slow
@pytest.mark.parametrize(("wrong", "share"), [("synthetic", 0.25), ("real", 0.75)])
def test_validation_images_choose_the_share(digits, monkeypatch, wrong, share):
    """Whichever labels are all wrong, the smallest share of them is chosen, whatever the test images say."""
    monkeypatch.setattr(study_classifier, "SHARES", (0.25, 0.75))
    few, made = digits.labelled(300, seed=0), digits.labelled(900, seed=1)
    planted = {"real": few, "synthetic": made}
    planted[wrong] = planted[wrong]._replace(labels=(planted[wrong].labels + 1) % 10)
    misleading = digits.test._replace(labels=(digits.test.labels + 1) % 10)
    parts = dataclasses.replace(digits, test=misleading)
    values = study_classifier.chosen(planted["real"], planted["synthetic"], parts, moves=False, steps=150, seed=0)
    assert values["share"] == share
    assert values["validation"][share] > 0.7
    assert values["validation"][1 - share] < 0.3
    assert values["accuracy"] < 0.3


@pytest.mark.slow
def test_a_cell_that_is_repeated_gives_the_same(digits):
    options = Options(dataset="digits8x8", classifier_steps=20)
    one, same, other = (study.measure(Cell("classical", 50, seed), digits, options) for seed in (0, 0, 1))
    assert one == same
    assert one != other


def test_the_table_has_means_and_deviations_of_what_was_asked_for(tmp_path):
    options = Options(labels=(50, 1000), methods=("real", "gan"), seeds=2, out=tmp_path)
    accuracies = dict(zip(cells(options), [0.5, 0.6, 0.7, 0.8, 0.52, 0.64, 0.78], strict=False))
    records = [
        cell._asdict() | {"accuracy": value, "date": "2026-11-28"} | ({"share": 0.25} if cell.method == "gan" else {})
        for cell, value in accuracies.items()
    ]
    records.append(cells(options)[-1]._asdict() | {"failed": "a weight became infinite", "date": "2026-11-28"})
    records.append(Cell("real", 100, 0)._asdict() | {"accuracy": 0.1, "date": "2026-11-28"})  # of another command
    facts = {"versions": {"machine": "m", "tensorflow": "2", "native_precision": "float32"}, "data": {"name": "mnist"}}
    terms = {"test_images": 10_000, "classifier_steps": 1000, "gan_steps": 2000}
    study_report.save({"terms": terms, **facts, "cells": records}, options)
    lines = (tmp_path / "augmentation.md").read_text().splitlines()
    assert "| labelled images | 50 | 1,000 |" in lines
    assert "| `real` | 51.0 ± 1.4 | 74.0 ± 5.7 |" in lines  # |a - b| / √2
    assert "| `gan` | 62.0 ± 2.8 | 80.0 |" in lines
    assert "| `gan` | 0.25, 0.25 | 0.25 |" in lines
    assert "The GAN's training diverged: gan, 1,000 labels, seed 1." in lines
    assert "python -m gan_keras.augment --labels 50 1000 --methods real gan --seeds 2" in "\n".join(lines)
    assert (tmp_path / "augmentation.png").stat().st_size > 5000


def test_a_whole_table_of_the_first_seed_comes_first():
    asked = cells(Options(seeds=2))
    assert len(asked) == len(set(asked)) == 2 * 5 * len(METHODS)
    assert {cell.seed for cell in asked[: len(asked) // 2]} == {0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"methods": ("gam",)}, "Did you mean gan"),
        ({"labels": ()}, "--labels is empty"),
        ({"labels": (50, 50)}, "--labels is 50 50; name at least one, each once"),
        ({"methods": ("real", "real")}, "--methods is real real"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        Options(**options)
