import numpy as np
import pytest

from gan_keras import data
from gan_keras.evaluation.metrics import teaching


@pytest.mark.slow
def test_classification_accuracy_is_that_of_what_the_samples_teach(monkeypatch):
    """Bright halves, upper or lower: whoever learns them under exchanged names gets every real one wrong."""
    monkeypatch.setattr(teaching, "STEPS", 300)
    random = np.random.default_rng(0)
    images = random.integers(0, 100, (60, 8, 8, 1), dtype=np.uint8)
    labels = random.integers(0, 2, 60).astype(np.int32)
    images[labels == 0, :4] += 150
    images[labels == 1, 4:] += 150
    real = data.Split(images, labels)
    dataset = data.Dataset("halves", "made up", real, real, ["upper", "lower"])
    exchanged = data.Split(images, 1 - labels)
    assert teaching.classification_accuracy(exchanged, dataset, seed=0)["classification_accuracy"] < 0.05
