import logging

import pytest
import torch
from plain_networks import CLASSES, Data, Full, Plain, batch, trainer, without_log
from torch import nn
from torch.utils.data import DataLoader

from emojudge.errors import ConfigError, EmojudgeError
from emojudge.evaluation import score_emotions
from emojudge.labels import ATTRIBUTES
from emojudge.losses import ConcordanceLoss, CrossEntropyLoss, FocalLoss
from emojudge.models import EmotionClassifier
from emojudge.models.class_weights import class_weights
from emojudge.models.optim import LinearWarmup


def classifier(network=None, **options):
    torch.manual_seed(0)
    return EmotionClassifier(network or Full(), **options)


def test_weights_are_inverse_frequencies_over_the_classes_in_training(tmp_path, caplog):
    model = classifier()
    assert (model.class_weight.shape, model.class_count.shape) == ((4,), (4,))
    with caplog.at_level(logging.WARNING):
        trainer(tmp_path).fit(model, datamodule=Data())
    torch.testing.assert_close(model.class_weight, torch.tensor([8 / (3 * 1), 8 / (3 * 3), 8 / (3 * 4), 0.0]))
    assert model.class_count.tolist() == [1, 3, 4, 0]
    assert "no training utterance of fear" in caplog.text
    assert model.network.given == (0.25, 2.0)


def test_source_prior_is_what_the_weighted_loss_sees():
    inverse, plain = classifier(), classifier(class_weighting="none")
    assert inverse.source_prior() is None
    for model in (inverse, plain):
        model.set_class_counts(torch.tensor([1, 3, 4, 0]))
    torch.testing.assert_close(inverse.source_prior(), torch.tensor([1 / 3, 1 / 3, 1 / 3, 0], dtype=torch.float64))
    torch.testing.assert_close(plain.source_prior(), torch.tensor([1 / 8, 3 / 8, 4 / 8, 0], dtype=torch.float64))
    assert plain.class_weight.tolist() == [1, 1, 1, 0]


def test_an_absent_class_is_masked_everywhere():
    model = without_log(classifier())
    model.set_class_counts(torch.tensor([1, 3, 4, 0]))
    nn.init.constant_(model.network.out.bias[3:], 100.0)
    assert model(batch())[:, 3].isnan().all()
    assert model(batch())[:, :3].isfinite().all()
    assert model.training_step(batch((0, 1, 2, 3, -1)), 0).isfinite()


def test_loss_is_of_labelled_utterances_with_input_and_the_penalty():
    model = without_log(classifier(loss=CrossEntropyLoss()))
    model.set_class_counts(torch.tensor([1, 3, 4, 2]))
    a = batch((0, 1, 2, 2, -1))
    a.waveform_mask[1] = False
    found = model.training_step(a, 0)
    rows = [0, 2, 3]
    logits = model.network(a)[rows]
    expected = CrossEntropyLoss()(logits, a.emotion[rows], model.class_weight) + model.network.penalty()
    torch.testing.assert_close(found, expected)


def test_a_batch_without_a_usable_utterance_gives_zero_and_zero_gradients():
    model = without_log(classifier(Plain(), classes=CLASSES))
    loss = model.training_step(batch((-1, -1)), 0)
    loss.backward()
    assert loss.item() == 0
    assert all((p.grad == 0).all() for p in model.network.parameters())
    model.training_step(batch((0, 1)), 0)
    assert model.train_loss.weight == 2  # the empty batch does not count in the epoch's mean


def test_logged_names_and_values_are_those_of_the_whole_split(tmp_path):
    model, data, run = classifier(Plain(), class_weighting="none", classes=CLASSES), Data(counts=(1, 3, 4, 1)), trainer(tmp_path)
    run.fit(model, datamodule=data)
    assert {"train/loss", "val/loss", "val/macro_f1", "val/accuracy", "val/uar"} <= set(run.callback_metrics)
    scores = run.test(model, datamodule=data, verbose=False)[0]
    assert set(scores) == {"test/loss", "test/macro_f1", "test/macro_f1_uniform", "test/accuracy", "test/uar"}
    logits = torch.cat([model(b) for b in data.batches])
    truth = torch.cat([b.emotion for b in data.batches])
    known = truth >= 0
    expected = score_emotions(truth[known].tolist(), logits[known].argmax(dim=1).tolist())
    assert scores["test/macro_f1"] == pytest.approx(expected["macro_f1"])
    assert scores["test/loss"] == pytest.approx(float(FocalLoss()(logits[known], truth[known])))


def test_several_test_splits_are_named(tmp_path):
    model, run = classifier(), trainer(tmp_path)
    scores = run.test(model, datamodule=Data(n_test=2), verbose=False)[0]
    assert {name.rsplit("/", 1)[0] for name in scores} == {"test/test1", "test/test3"}


def test_utterances_without_input_count_as_wrong(tmp_path):
    only = batch((0, 1, 2))
    only.waveform_mask[1] = False
    model = classifier()
    model.set_class_counts(torch.tensor([1, 1, 1, 1]))
    scores = trainer(tmp_path).test(model, DataLoader([only], batch_size=None), verbose=False)[0]
    right = (model(only).argmax(dim=1) == only.emotion)[[0, 2]].sum()
    assert scores["test/accuracy"] == pytest.approx(int(right) / 3)


def test_prediction_gives_rows_and_nan_where_there_is_nothing(tmp_path):
    a = batch((0, 1, -1))
    a.waveform_mask[1] = False
    model = classifier()
    model.set_class_counts(torch.tensor([1, 1, 1, 0]))
    (out,) = trainer(tmp_path).predict(model, DataLoader([a], batch_size=None))
    assert out["row"].tolist() == [0, 1, 2]
    assert out["logits"].isnan().tolist() == [[False, False, False, True], [True] * 4, [False, False, False, True]]


@pytest.mark.parametrize("weighting", ["inverse", "inverse_sqrt", "effective_number", "none", [1.0, 0.5, 2.0, 7.0]])
def test_each_weighting_of_classes_reaches_the_loss_and_the_prior(weighting):
    counts = torch.tensor([1, 30, 400, 0])
    model = without_log(classifier(Plain(), loss=CrossEntropyLoss(), class_weighting=weighting, class_weighting_beta=0.9, classes=CLASSES))
    model.set_class_counts(counts)
    weight = class_weights(counts, weighting, beta=0.9)
    torch.testing.assert_close(model.class_weight, weight.float())
    assert weight[3] == 0
    torch.testing.assert_close(model.source_prior(), weight * counts / (weight * counts).sum(), rtol=1e-6, atol=0)
    a = batch()
    logits = model.network(a)[:4].masked_fill(weight == 0, -torch.inf)
    torch.testing.assert_close(model.training_step(a, 0), CrossEntropyLoss()(logits, a.emotion[:4], weight.float()))


def test_a_weighting_that_does_not_fit_is_refused():
    with pytest.raises(ConfigError, match="2 weights for 4 classes"):
        classifier(class_weighting=[1.0, 2.0]).set_class_counts(torch.tensor([1, 2, 3, 4]))


def test_a_network_of_another_width_or_of_attributes_is_refused():
    with pytest.raises(ConfigError, match="the network gives 3 outputs, expected 4 for 4 classes and 0 attributes"):
        classifier(Plain(3), classes=CLASSES)(batch())
    with pytest.raises(ConfigError, match="EmotionClassifier learns emotion, but the network gives attributes; set its classes"):
        classifier(Full(classes=(), attributes=ATTRIBUTES))
    with pytest.raises(ConfigError, match="but the network gives emotion and attributes"):
        classifier(Full(attributes=ATTRIBUTES))


@pytest.mark.parametrize("stage", ["fit", "validate", "predict"])
def test_logits_that_are_not_finite_stop_with_the_utterances(tmp_path, stage):
    broken = batch((0, 1, 2))
    broken.waveform[1] = torch.nan
    data = Data(counts=(1, 3, 4, 1), batches=[broken])
    with pytest.raises(EmojudgeError, match=r"not finite for clip1 .*lower the learning rate"):
        getattr(trainer(tmp_path, num_sanity_val_steps=0), stage)(classifier(), datamodule=data)


def test_a_loss_that_is_not_finite_stops_with_the_utterances(tmp_path):
    class Broken(nn.Module):
        def forward(self, logits, target, alpha=None):
            return logits.sum() / 0

    with pytest.raises(EmojudgeError, match=r"training loss is -?inf at step 0, in the batch of clip0, clip1"):
        trainer(tmp_path, num_sanity_val_steps=0, limit_val_batches=0).fit(classifier(loss=Broken()), datamodule=Data())


def test_groups_of_one_optimizer_are_separate_optimizers_bit_for_bit():
    options = {"body": {"lr": 1e-2, "weight_decay": 0.3}, "out": {"lr": 3e-3}}
    model = classifier(Plain(), class_weighting="none", group_options=options)
    one = model.configure_optimizers()
    reference = Plain()
    reference.load_state_dict(model.network.state_dict())
    several = [
        torch.optim.AdamW(reference.body.parameters(), lr=1e-2, weight_decay=0.3),
        torch.optim.AdamW(reference.out.parameters(), lr=3e-3, weight_decay=0.01),
    ]
    for step in range(20):
        for network, optimizers in ((model.network, [one]), (reference, several)):
            for optimizer in optimizers:
                optimizer.zero_grad()
            FocalLoss()(network(batch(seed=step))[:4], batch().emotion[:4]).backward()
            for optimizer in optimizers:
                optimizer.step()
    for ours, theirs in zip(model.network.parameters(), reference.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert [group["name"] for group in one.param_groups] == ["body", "out"]


@pytest.mark.parametrize("loss", [nn.CrossEntropyLoss(), ConcordanceLoss()])
def test_a_loss_without_weights_of_classes_is_refused(loss):
    with pytest.raises(ConfigError, match=rf"weights of the classes, and {type(loss).__name__} does not; give one such as .*FocalLoss"):
        classifier(loss=loss)


def test_defaults_are_the_papers():
    groups = classifier().configure_optimizers().param_groups
    assert [(group["lr"], group["weight_decay"]) for group in groups] == [(1e-5, 0.01)] * 2
    assert isinstance(classifier().loss, FocalLoss)


def test_an_unknown_group_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match=r"group_options has 'boddy', but the parameter groups are body, out. Did you mean 'body'"):
        classifier(group_options={"boddy": {"lr": 1.0}}).configure_optimizers()


def test_a_parameter_outside_every_group_is_refused():
    network = Plain()
    network.extra = nn.Linear(2, 2)
    with pytest.raises(ConfigError, match=r"network.extra.weight is in none"):
        classifier(network).configure_optimizers()
    network.extra.requires_grad_(False)
    classifier(network).configure_optimizers()


def test_the_schedule_knows_the_optimizer_steps_of_the_run(tmp_path):
    seen = []

    def schedule(optimizer, steps):
        seen.append(steps)
        return LinearWarmup(optimizer, steps, share=0.5)

    data = Data(batches=[batch(seed=k) for k in range(8)])
    model = classifier(lr_scheduler=schedule)
    run = trainer(tmp_path, max_epochs=3, accumulate_grad_batches=4)
    run.fit(model, datamodule=data)
    assert seen == [6]
    assert run.global_step == 6
    assert run.optimizers[0].param_groups[0]["lr"] == 1e-5
    with pytest.raises(ConfigError, match=r"trainer.max_epochs or trainer.max_steps"):
        trainer(tmp_path, max_epochs=-1).fit(classifier(lr_scheduler=schedule), datamodule=data)


def test_without_class_counts_inverse_weights_are_refused(tmp_path):
    loader = DataLoader([batch((0, 1, 2))], batch_size=None)
    with pytest.raises(ConfigError, match=r"needs the class counts.*class_weighting to none"):
        trainer(tmp_path).fit(classifier(), loader)
    model = classifier(class_weighting="none")
    trainer(tmp_path).fit(model, loader)
    assert model.class_weight.tolist() == [1, 1, 1, 1]


def test_another_class_list_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"data module has the classes happy, sad, neutral, fear, the network sad, happy, neutral, fear"):
        trainer(tmp_path).fit(classifier(), datamodule=Data(classes=["happy", "sad", "neutral", "fear"]))
    with pytest.raises(ConfigError, match="the network 4 classes"):
        trainer(tmp_path).fit(classifier(Plain(), classes=4), datamodule=Data(classes=["happy", "sad"]))
    with pytest.raises(ConfigError, match="no training utterance has a label"):
        trainer(tmp_path).fit(classifier(), datamodule=Data(counts=(0, 0, 0, 0)))


def test_batches_without_labels_are_refused_in_training(tmp_path):
    with pytest.raises(ConfigError, match="no emotion labels"):
        trainer(tmp_path, num_sanity_val_steps=0).fit(classifier(), datamodule=Data(batches=[batch()._replace(emotion=None)]))


def test_it_learns(tmp_path):
    model = classifier(optimizer=lambda params: torch.optim.AdamW(params, lr=0.05), class_weighting="inverse")
    model.network.penalty = lambda: 0.0
    run = trainer(tmp_path, max_epochs=60)
    run.fit(model, datamodule=Data(counts=(1, 1, 2, 0)))
    assert run.callback_metrics["val/accuracy"] > 0.9


# votes


def voted(votes, emotion):
    return batch(emotion)._replace(votes=torch.tensor(votes))


VOTES = [[0.5, 0.5, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [0.25, 0.0, 0.75, 0.0]]


def test_training_is_on_votes_where_the_batch_has_them():
    model = without_log(classifier(Plain(), classes=CLASSES))
    model.set_class_counts(torch.tensor([0.75, 1.5, 0.75, 0.5], dtype=torch.float64))
    a = voted(VOTES, (-1, 1, 0, 2))
    rows = [0, 1, 3]  # one without a majority trains, one with a label and no votes does not
    expected = FocalLoss()(model.network(a)[rows], a.votes[rows], model.class_weight)
    torch.testing.assert_close(model.training_step(a, 0), expected)
    hard = model.training_step(a._replace(votes=None), 0)
    torch.testing.assert_close(hard, FocalLoss()(model.network(a)[1:], a.emotion[1:], model.class_weight))


def test_evaluation_is_of_labels_whatever_the_votes(tmp_path):
    model = classifier(Plain(), class_weighting="none", classes=CLASSES)
    a = voted(VOTES, (-1, 1, 0, 2))
    scores, plain = (trainer(tmp_path).test(model, DataLoader([b], batch_size=None), verbose=False)[0] for b in (a, a._replace(votes=None)))
    assert scores == plain
    assert scores["test/loss"] == pytest.approx(float(FocalLoss()(model.network(a)[1:], a.emotion[1:])))


def test_weights_and_prior_come_from_the_mass_of_votes():
    model = classifier()
    model.set_class_counts(torch.tensor([0.5, 1.5, 2.0, 0.0], dtype=torch.float64))
    torch.testing.assert_close(model.class_weight, torch.tensor([4 / (3 * 0.5), 4 / (3 * 1.5), 4 / (3 * 2.0), 0.0]))
    torch.testing.assert_close(model.source_prior(), torch.tensor([1 / 3, 1 / 3, 1 / 3, 0], dtype=torch.float64))
    plain = classifier(class_weighting="none")
    plain.set_class_counts(torch.tensor([0.5, 1.5, 2.0, 0.0], dtype=torch.float64))
    torch.testing.assert_close(plain.source_prior(), torch.tensor([1 / 8, 3 / 8, 1 / 2, 0], dtype=torch.float64))


def test_whole_counts_of_an_earlier_checkpoint_are_taken():
    model, again = classifier(), classifier()
    model.set_class_counts(torch.tensor([1, 3, 4, 0]))
    state = model.state_dict()
    state["class_count"] = state["class_count"].to(torch.int64)
    again.load_state_dict(state)
    assert torch.equal(again.source_prior(), model.source_prior())
