import logging

import numpy as np
import pytest
import torch
from plain_networks import NAN, VALUES, Data, Full, Plain, batch, trainer, without_log
from torch import nn
from torch.utils.data import DataLoader

from emojudge.errors import ConfigError, EmojudgeError
from emojudge.evaluation import score_attributes
from emojudge.labels import ATTRIBUTES
from emojudge.losses import ConcordanceLoss, MeanSquaredErrorLoss, concordance_loss
from emojudge.models import AttributeRegressor


def valued(**options):
    return batch(attributes=VALUES, **options)


def network(attributes=ATTRIBUTES):
    return Full(classes=(), attributes=attributes)


def regressor(attributes=ATTRIBUTES, **options):
    torch.manual_seed(0)
    return AttributeRegressor(network(attributes), **options)


def test_the_loss_is_of_known_values_of_utterances_with_input_and_the_penalty():
    model = without_log(regressor())
    a = valued()
    a.waveform_mask[3] = False
    rows = [0, 1, 4]  # one has no value, one no input
    expected = concordance_loss(model.network(a)[rows], a.attributes[rows]) + model.network.penalty()
    torch.testing.assert_close(model.training_step(a, 0), expected)
    model.training_step(a, 0).backward()
    assert all(p.grad.isfinite().all() for p in model.network.parameters())
    assert model.train_loss.weight == 6  # three utterances twice


def test_attributes_are_found_by_name_in_any_order_and_number():
    model = without_log(regressor(("dominance", "valence"), loss=MeanSquaredErrorLoss()))
    a = valued()
    known = [0, 1, 3, 4]
    expected = MeanSquaredErrorLoss()(model.network(a)[known], a.attributes[known][:, [2, 0]]) + model.network.penalty()
    torch.testing.assert_close(model.training_step(a, 0), expected)
    assert model.attributes == ("dominance", "valence")
    assert model.predict_step(a, 0)["attributes"].shape == (5, 2)


def test_a_batch_without_a_usable_utterance_gives_zero_and_zero_gradients():
    model = without_log(AttributeRegressor(Plain(3)))
    loss = model.training_step(valued()._replace(attributes=torch.full((5, 3), NAN)), 0)
    loss.backward()
    assert loss.item() == 0
    assert all((p.grad == 0).all() for p in model.network.parameters())
    assert model.train_loss.weight == 0


def test_predictions_are_from_1_to_7_unclipped_and_nan_without_input(tmp_path):
    a = valued()
    a.waveform_mask[1] = False
    model = regressor()
    nn.init.constant_(model.network.out.bias, 9.0)
    (out,) = trainer(tmp_path).predict(model, DataLoader([a], batch_size=None))
    assert set(out) == {"row", "attributes"}
    assert out["row"].tolist() == [0, 1, 2, 3, 4]
    assert out["attributes"][1].isnan().all()
    rows = [0, 2, 3, 4]
    torch.testing.assert_close(out["attributes"][rows], model.network(a)[rows] * 6 + 1)
    assert (out["attributes"][rows] > 7).all()


def test_scores_and_loss_are_of_the_whole_split_however_it_is_cut(tmp_path):
    model = regressor()
    whole = [valued(seed=k)._replace(row=torch.arange(5) + 5 * k) for k in range(4)]
    single = [type(b)(*(None if f is None else f[i : i + 1] for f in b)) for b in whole for i in range(5)]
    scores, again = (
        trainer(tmp_path).validate(model, DataLoader(batches, batch_size=None), verbose=False)[0]
        for batches in (whole, [*single[::-1], single[3]])  # an utterance that comes twice counts once
    )
    prediction = torch.cat([model.network(b) for b in whole]).detach()
    truth = torch.cat([b.attributes for b in whole])
    expected = score_attributes((truth * 6 + 1).numpy(), (prediction * 6 + 1).numpy())
    for name in (*ATTRIBUTES, "mean"):
        assert scores[f"val/ccc_{name}"] == pytest.approx(expected[f"ccc_{name}"], abs=1e-6)
    assert scores["val/loss"] == pytest.approx(float(concordance_loss(prediction, truth)), abs=1e-6)
    assert again == pytest.approx(scores, abs=1e-6)
    assert set(scores) == {"val/loss", "val/ccc_mean", *(f"val/ccc_{name}" for name in ATTRIBUTES)}


def test_utterances_without_input_leave_score_and_loss_alone(tmp_path):
    a = valued()
    a.waveform_mask[1] = False
    rows = [0, 2, 3, 4]
    less = type(a)(*(f if f is None else [f[i] for i in rows] if isinstance(f, list) else f[rows] for f in a))
    model = regressor()
    found, expected = (trainer(tmp_path).test(model, DataLoader([b], batch_size=None), verbose=False)[0] for b in (a, less))
    assert found == pytest.approx(expected, abs=1e-6)
    assert np.isfinite(list(found.values())).all()


def test_a_constant_prediction_scores_0(tmp_path):
    model = regressor()
    nn.init.zeros_(model.network.out.weight)
    scores = trainer(tmp_path).test(model, DataLoader([valued()], batch_size=None), verbose=False)[0]
    assert [scores[f"test/ccc_{name}"] for name in (*ATTRIBUTES, "mean")] == [0] * 4
    assert scores["test/loss"] == pytest.approx(3)


def test_an_attribute_that_train_does_not_have_is_left_out(tmp_path, caplog):
    model, run = regressor(), trainer(tmp_path)
    with caplog.at_level(logging.WARNING):
        run.fit(model, datamodule=Data(valued=(9, 0, 4)))
    assert "no training utterance has a value of arousal: never predicted" in caplog.text
    assert model.attribute_present.tolist() == [True, False, True]
    assert model.absent_attributes() == ("arousal",)
    assert model(valued())[:, 1].isnan().all()
    predicted = model.predict_step(valued(), 0)["attributes"]
    assert predicted.isnan().any(dim=0).tolist() == [False, True, False]
    assert run.callback_metrics["val/ccc_arousal"] == 0  # as the report scores it
    assert run.callback_metrics["val/loss"].isfinite()
    again = regressor()
    again.load_state_dict(model.state_dict())
    assert again.absent_attributes() == ("arousal",)


def test_training_without_any_value_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no training utterance has a value of valence, arousal, dominance"):
        trainer(tmp_path).fit(regressor(), datamodule=Data(valued=(0, 0, 0)))
    with pytest.raises(ConfigError, match="the batches have no attributes"):
        trainer(tmp_path, num_sanity_val_steps=0).fit(regressor(), datamodule=Data(batches=[batch()]))


@pytest.mark.parametrize("stage", ["fit", "validate", "predict"])
def test_values_that_are_not_finite_stop_with_the_utterances(tmp_path, stage):
    broken = valued()
    broken.waveform[1] = torch.nan
    with pytest.raises(EmojudgeError, match=r"not finite for clip1 .*lower the learning rate"):
        getattr(trainer(tmp_path, num_sanity_val_steps=0), stage)(regressor(), datamodule=Data(batches=[broken]))


def test_a_loss_that_is_not_finite_stops_with_the_utterances(tmp_path):
    class Broken(nn.Module):
        def forward(self, prediction, target):
            return prediction.sum() / 0

    with pytest.raises(EmojudgeError, match=r"training loss is -?inf at step 0, in the batch of clip0, clip1"):
        trainer(tmp_path, num_sanity_val_steps=0, limit_val_batches=0).fit(regressor(loss=Broken()), datamodule=Data())


def test_networks_of_other_outputs_are_refused_by_what_they_give():
    with pytest.raises(ConfigError, match="AttributeRegressor learns attributes, but the network gives emotion and attributes"):
        AttributeRegressor(Full(attributes=ATTRIBUTES))
    with pytest.raises(ConfigError, match="expected 3 for 0 classes and 3 attributes"):
        AttributeRegressor(Plain(4))(valued())
    with pytest.raises(ConfigError, match=r"'valance' is no attribute .*Did you mean 'valence'"):
        AttributeRegressor(Plain(1), attributes=["valance"])
    with pytest.raises(ConfigError, match="expected each once"):
        AttributeRegressor(Plain(2), attributes=["valence", "valence"])


def test_defaults_are_the_papers():
    model = regressor()
    assert isinstance(model.loss, ConcordanceLoss)
    assert [(group["lr"], group["weight_decay"]) for group in model.configure_optimizers().param_groups] == [(1e-5, 0.01)] * 2
    assert (model.tasks, model.monitor) == (("attributes",), "val/ccc_mean")


def test_the_classes_of_the_data_do_not_matter(tmp_path):
    model = regressor()
    trainer(tmp_path).fit(model, datamodule=Data(classes=["happy", "sad"], counts=(0, 0)))
    assert (model.classes, model.n_classes) == (None, 0)


def test_it_learns(tmp_path):
    torch.manual_seed(1)
    target = torch.randn(6, 3) / 3
    batches = [b._replace(attributes=torch.tanh(b.waveform @ target)) for b in (batch((0,) * 16, seed=k) for k in range(3))]
    model = AttributeRegressor(Plain(3), optimizer=lambda params: torch.optim.AdamW(params, lr=0.03))
    run = trainer(tmp_path, max_epochs=40)
    run.fit(model, datamodule=Data(batches=[b._replace(row=b.row + 16 * k) for k, b in enumerate(batches)]))
    assert run.callback_metrics["val/ccc_mean"] > 0.9
