"""What is measured of translations, on translators of which it is known what they keep."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from keras import layers

from gan_keras import data
from gan_keras.evaluation import translation
from gan_keras.exporting.saved_model import export_network
from gan_keras.ui.console import UserError

SHAPE = (8, 8, 1)


def translator(scale: float) -> keras.Model:
    """Return a network that multiplies the images by a number."""
    image = keras.Input(SHAPE, name="image")
    return keras.Model(image, layers.Rescaling(scale)(image))


@pytest.fixture(scope="module")
def digits():
    """Two domains: digits, and the same digits in black on white."""
    source = data.load("digits8x8")
    inverted = data.load("digits8x8", conversion=data.Conversion(invert=True))
    return source, inverted


@pytest.mark.slow  # three classifiers are trained
def test_what_a_translator_keeps_is_what_the_classifiers_of_the_domains_see(digits, tmp_path, monkeypatch):
    """There it inverts, which is perfect; back it makes the same image of all, which keeps nothing."""
    monkeypatch.setattr(translation, "STEPS", 60)
    source, target = digits
    for name, scale in (("to_target", -1.0), ("to_source", 0.0)):
        export_network(translator(scale), tmp_path / name, source.class_names)
    result = translation.evaluate(tmp_path, dataclasses.replace(source, partner=target), 1000, 0, tmp_path)
    values, real = result["metrics"], result["real"]
    for name in ("kept_to_target", "adapted_accuracy"):
        assert values[name] == real[name] > 0.5
    for name in ("kept_to_source", "kept_there_and_back", "unadapted_accuracy"):
        assert values[name] < 0.4 < real[name]
    assert json.loads((tmp_path / "metrics.json").read_text()) == result
    share = values["unadapted_accuracy"]
    expected = np.sqrt(share * (1 - share) / result["test_images"]["target"])
    np.testing.assert_allclose(result["standard_errors"]["unadapted_accuracy"], expected)
    assert f"{values['kept_to_target']:8.3f}" in translation.table(result)


def test_domains_of_different_classes_are_refused(digits, tmp_path):
    source, target = digits
    letters = dataclasses.replace(target, class_names=list("abcdefghij"))
    for partner in (None, letters):
        with pytest.raises(UserError, match="do not have the same"):
            translation.evaluate(tmp_path, dataclasses.replace(source, partner=partner), 10, 0, tmp_path)
