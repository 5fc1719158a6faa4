import json

import numpy as np
import pytest

from gan_keras import classifier
from gan_keras.evaluation.classifier import load


def test_the_command_writes_a_classifier_that_loads_and_no_other(idx_folder, tmp_path, capsys):
    out = tmp_path / "mine"
    arguments = ["--data-dir", str(idx_folder), "--out", str(out), "--epochs", "1", "--batch-size", "30"]
    classifier.main(arguments)
    assert "of 20 test images right" in capsys.readouterr().out
    card = json.loads((out / "card.json").read_text())
    mine = load(out)
    assert mine.card == card
    assert card["command"].startswith("python -m gan_keras.classifier --epochs 1 --batch-size 30")
    assert mine(np.zeros((3, 28, 28, 1), np.uint8)).logits.shape == (3, 1, 10)
    with pytest.raises(SystemExit) as stop:
        classifier.main(arguments)
    assert stop.value.code == 2
