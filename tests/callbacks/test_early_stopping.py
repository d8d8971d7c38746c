"""When a training ends early: after validations without a better score, once and for all, and only when asked."""

import logging

import pytest
import torch

from emojudge.callbacks import BestCheckpoint, ExactResume, LatestCheckpoint, StopEarly
from emojudge.errors import ConfigError

DATA = [[1]] * 2
FALLING = [0.5, 0.6, 0.4, 0.55, 0.3, 0.2, 0.1]


def epochs(trainer):
    return trainer.current_epoch


def test_it_ends_after_patience_validations_without_a_better_score(fit, scripted, batches, caplog):
    with caplog.at_level(logging.WARNING, logger="emojudge"):
        trainer, rows = fit(scripted(FALLING), batches(DATA), StopEarly(patience=2), max_epochs=7)
    assert epochs(trainer) == 4
    assert [row["val/ccc_mean"] for row in rows.values()] == pytest.approx(FALLING[:4])
    said = "training ends in epoch 4: val/ccc_mean has not risen above 0.600 in 2 validations"
    assert [record.getMessage() for record in caplog.records] == [said]


def test_it_is_off_by_default(fit, scripted, batches):
    trainer, _ = fit(scripted(FALLING), batches(DATA), StopEarly(), max_epochs=7)
    assert epochs(trainer) == 7


def test_a_gain_below_min_delta_is_none(fit, scripted, batches):
    scores = [0.5, 0.55, 0.6, 0.65]
    assert epochs(fit(scripted(scores), batches(DATA), StopEarly(patience=1), max_epochs=4)[0]) == 4
    assert epochs(fit(scripted(scores), batches(DATA), StopEarly(patience=1, min_delta=0.2), max_epochs=4)[0]) == 2


def test_validations_inside_an_epoch_count_and_may_end_it(fit, scripted, batches):
    trainer, _ = fit(scripted(FALLING), batches([[1]] * 8), StopEarly(patience=2), max_epochs=1, val_check_interval=2)
    assert trainer.global_step == 8  # the fourth validation
    trainer, _ = fit(scripted(FALLING), batches([[1]] * 12), StopEarly(patience=1), max_epochs=1, val_check_interval=2)
    assert trainer.global_step == 6


def resumed(fit, scripted, batches, tmp_path, patience, epochs=7):
    kept = [ExactResume(), BestCheckpoint(monitor="val/ccc_mean"), LatestCheckpoint()]
    path = tmp_path / "checkpoints" / "last.ckpt"
    settings = {"max_epochs": epochs, "enable_checkpointing": True, "ckpt_path": path if path.is_file() else None}
    return fit(scripted(FALLING), batches(DATA), *kept, StopEarly(patience=patience), **settings)[0]


def test_its_state_is_in_the_checkpoint(fit, scripted, batches, tmp_path):
    resumed(fit, scripted, batches, tmp_path, patience=2, epochs=3)
    assert torch.load(tmp_path / "checkpoints" / "last.ckpt", weights_only=True)["callbacks"]["StopEarly"]["wait_count"] == 1
    assert epochs(resumed(fit, scripted, batches, tmp_path, patience=2)) == 4


def test_an_ended_training_stays_ended_until_the_patience_is_raised(fit, scripted, batches, tmp_path):
    assert epochs(resumed(fit, scripted, batches, tmp_path, patience=2)) == 4
    again = resumed(fit, scripted, batches, tmp_path, patience=2)
    assert (epochs(again), again.global_step) == (4, 8)
    assert epochs(resumed(fit, scripted, batches, tmp_path, patience=3)) == 5


def test_a_score_that_is_not_logged_is_named(fit, scripted, batches):
    module = scripted()
    module.on_validation_epoch_end = lambda: module.log("val/loss", 1.0, batch_size=1)
    with pytest.raises(ConfigError, match=r"waits for val/ccc_mean, which is not logged \(logged: .*val/loss"):
        fit(module, batches(DATA), StopEarly(patience=2), max_epochs=1)


def test_a_module_that_names_no_score_is_told_so(fit, scripted, batches):
    module = scripted()
    module.monitor = ""
    module.on_validation_epoch_end = lambda: module.log("val/macro_f1", 1.0, batch_size=1)
    with pytest.raises(ConfigError, match="the score that the module should name as its monitor"):
        fit(module, batches(DATA), StopEarly(patience=2), max_epochs=1)


@pytest.mark.parametrize(
    ("settings", "words"), [({"patience": 0}, "patience is 0"), ({"patience": 2, "min_delta": -0.1}, "min_delta is -0.1")]
)
def test_settings_out_of_range_are_refused(settings, words):
    with pytest.raises(ConfigError, match=words):
        StopEarly(**settings)
