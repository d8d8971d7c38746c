"""The learning rate of each group, at the steps at which it was used."""

from functools import partial

import pytest
from lightning.pytorch import Callback
from torch.optim.lr_scheduler import LambdaLR

from emojudge.callbacks import ExactResume, LearningRates

halving = partial(LambdaLR, lr_lambda=lambda step: 0.5**step)


def rates(rows):
    return {step: (row["train/lr/encoder"], row["train/lr/head"]) for step, row in rows.items() if "train/lr/encoder" in row}


def test_each_group_is_logged_by_name_with_the_rate_that_the_step_used(fit, scripted, batches):
    _, rows = fit(scripted(schedule=halving), batches([[1]] * 4), LearningRates(), max_epochs=1, limit_val_batches=0, log_every_n_steps=1)
    assert rates(rows) == {0: (1, 10), 1: (0.5, 5), 2: (0.25, 2.5), 3: (0.125, 1.25)}
    assert rows[3]["epoch"] == 0


@pytest.mark.parametrize(("every", "steps"), [(2, [1, 3, 5]), (3, [2, 5]), (100, [2, 5]), (4, [2, 3])])
def test_rows_come_every_period_and_at_the_end_of_an_epoch_without_one(fit, scripted, batches, every, steps):
    _, rows = fit(scripted(), batches([[1]] * 3), LearningRates(), max_epochs=2, limit_val_batches=0, log_every_n_steps=every)
    assert list(rates(rows)) == steps


def test_accumulated_batches_are_one_step(fit, scripted, batches):
    settings = {"max_epochs": 1, "limit_val_batches": 0, "log_every_n_steps": 1, "accumulate_grad_batches": 2}
    _, rows = fit(scripted(schedule=halving), batches([[1]] * 5), LearningRates(), **settings)
    assert rates(rows) == {0: (1, 10), 1: (0.5, 5), 2: (0.25, 2.5)}


def test_they_stand_in_the_row_of_the_losses_and_scores_of_their_step(fit, scripted, batches):
    _, rows = fit(scripted([0.1, 0.2]), batches([[1]] * 3), LearningRates(), max_epochs=2)
    assert {step: {"train/lr/head", "train/loss", "val/ccc_mean"} <= row.keys() for step, row in rows.items()} == {2: True, 5: True}


def test_a_second_fit_begins_anew(fit, scripted, batches):
    log = LearningRates()
    for _ in range(2):
        _, rows = fit(scripted(), batches([[1]] * 3), log, max_epochs=1, limit_val_batches=0)
        assert list(rates(rows)) == [2]


def test_without_a_logger_nothing_is_logged_and_nothing_fails(fit, scripted, batches):
    trainer, rows = fit(scripted(), batches([[1]] * 3), LearningRates(), max_epochs=1, limit_val_batches=0, logger=False)
    assert (trainer.global_step, rows) == (3, {})


def test_the_last_step_of_an_epoch_is_logged_by_the_start_that_ends_the_epoch(fit, scripted, batches):
    class Stop(Callback):
        def on_validation_start(self, trainer, pl_module):
            trainer.save_checkpoint(trainer.default_root_dir + "/stopped.ckpt", weights_only=False)

    settings = {"max_epochs": 1, "log_every_n_steps": 100}
    trainer, whole = fit(scripted([0.1], halving), batches([[1]] * 3), LearningRates(), ExactResume(), Stop(), **settings)
    path = trainer.default_root_dir + "/stopped.ckpt"
    _, rows = fit(scripted([0.1], halving), batches([[1]] * 3), LearningRates(), ExactResume(), ckpt_path=path, **settings)
    assert rates(rows) == rates(whole) == {2: (0.25, 2.5)}
