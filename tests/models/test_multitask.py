import pytest
import torch
from plain_networks import CLASSES, NAN, VALUES, Data, Full, Plain, batch, trainer, without_log

from emojudge.errors import ConfigError
from emojudge.labels import ATTRIBUTES
from emojudge.losses import ConcordanceLoss, FocalLoss, MeanSquaredErrorLoss
from emojudge.models import AttributeRegressor, EmotionClassifier, MultiTaskLearner

COUNTS = torch.tensor([1, 3, 4, 2])


def learner(**options):
    torch.manual_seed(0)
    model = MultiTaskLearner(Full(attributes=ATTRIBUTES), **options)
    model.set_class_counts(COUNTS)
    return model


def test_the_loss_is_the_weighted_sum_each_over_its_own_utterances():
    model = without_log(learner(attribute_loss=MeanSquaredErrorLoss(), emotion_weight=2.0, attribute_weight=0.5))
    a = batch((0, -1, 2, -1, 1), attributes=VALUES)
    a.waveform_mask[4] = False
    outputs = model.network(a)
    emotions = FocalLoss()(outputs[[0, 2], :4], a.emotion[[0, 2]], model.class_weight)
    attributes = MeanSquaredErrorLoss()(outputs[[0, 1, 3], 4:], a.attributes[[0, 1, 3]])
    torch.testing.assert_close(model.training_step(a, 0), 2 * emotions + 0.5 * attributes + model.network.penalty())
    assert {task: float(mean.weight) for task, mean in model.train_losses.items()} == {"emotion": 2, "attributes": 3}
    assert model.train_loss.weight == 4  # utterances that train anything
    torch.testing.assert_close(model.train_loss.compute(), (2 * emotions + 0.5 * attributes).detach())


def test_votes_train_the_emotions_beside_attributes():
    model = without_log(learner(attribute_loss=MeanSquaredErrorLoss()))
    votes = torch.tensor([[0.5, 0.5, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0.25, 0.75], [0, 0, 0, 0]])
    a = batch((-1, 1, 1, 3, -1), attributes=VALUES)._replace(votes=votes)
    outputs, rows, known = model.network(a), [0, 2, 3], [0, 1, 3, 4]
    expected = FocalLoss()(outputs[rows, :4], votes[rows], model.class_weight)
    expected = expected + MeanSquaredErrorLoss()(outputs[known, 4:], a.attributes[known]) + model.network.penalty()
    torch.testing.assert_close(model.training_step(a, 0), expected)


@pytest.mark.parametrize("missing", ["emotion", "attributes"])
def test_a_batch_with_targets_of_one_task_gives_the_other_zero_gradients(missing):
    model = without_log(learner())
    a = batch((-1,) * 5, attributes=VALUES) if missing == "emotion" else batch(attributes=[[NAN] * 3] * 5)
    model.network.penalty = lambda: 0.0
    model.training_step(a, 0).backward()
    columns = slice(4) if missing == "emotion" else slice(4, None)
    assert (model.network.out.weight.grad[columns] == 0).all()
    assert (model.network.body.weight.grad != 0).any()


def test_each_task_is_logged_as_its_own_module_logs_it(tmp_path):
    model, data, run = learner(emotion_weight=2.0, attribute_weight=0.5), Data(counts=COUNTS), trainer(tmp_path)
    run.fit(model, datamodule=data)
    assert {"train/loss", "train/emotion_loss", "train/attributes_loss"} <= set(run.callback_metrics)
    logged = {name: float(run.callback_metrics[f"train/{name}"]) for name in ("loss", "emotion_loss", "attributes_loss")}
    assert all(value > 0 for value in logged.values())
    scores = run.test(model, datamodule=data, verbose=False)[0]

    class Columns(Full):
        def __init__(self, columns, **outputs):
            super().__init__(**outputs)
            self.columns = columns

        def forward(self, batch):
            return model.network(batch)[:, self.columns]

    emotion = EmotionClassifier(Columns(slice(4)))
    emotion.set_class_counts(COUNTS)
    attributes = AttributeRegressor(Columns(slice(4, None), classes=(), attributes=ATTRIBUTES))
    for single, task in ((emotion, "emotion"), (attributes, "attributes")):
        expected = trainer(tmp_path).test(single, datamodule=data, verbose=False)[0]
        expected[f"test/{task}_loss"] = expected.pop("test/loss")
        assert {name: scores[name] for name in expected} == pytest.approx(expected)
    assert scores["test/loss"] == pytest.approx(2 * scores["test/emotion_loss"] + 0.5 * scores["test/attributes_loss"])
    assert {"test/macro_f1", "test/ccc_mean"} <= set(scores)


def test_several_test_splits_are_named(tmp_path):
    scores = trainer(tmp_path).test(learner(), datamodule=Data(n_test=2, counts=COUNTS), verbose=False)[0]
    assert {"test/test1/macro_f1", "test/test3/ccc_mean", "test/test3/emotion_loss"} <= set(scores)


def test_both_are_predicted_and_what_train_lacked_is_nan():
    model = learner()
    model.set_class_counts(torch.tensor([1, 0, 4, 2]))
    model.set_attribute_counts(torch.tensor([3, 3, 0]))
    a = batch(attributes=VALUES)
    a.waveform_mask[2] = False
    out = model.predict_step(a, 0)
    assert out["logits"].isnan().tolist() == [[i == 2, True, i == 2, i == 2] for i in range(5)]
    assert out["attributes"].isnan().tolist() == [[i == 2, i == 2, True] for i in range(5)]
    rows = [0, 1, 3, 4]
    torch.testing.assert_close(out["attributes"][rows, :2], model.network(a)[rows, 4:6] * 6 + 1)
    torch.testing.assert_close(out["logits"][rows][:, [0, 2, 3]], model.network(a)[rows][:, [0, 2, 3]])


def test_parts_of_the_batch_give_the_gradients_of_the_whole():
    gradients = []
    for parts in (1, 2, 5):
        model = without_log(learner(micro_batches=parts).double())
        a = batch(attributes=VALUES)
        a = a._replace(waveform=a.waveform.double(), attributes=a.attributes.double())
        a.waveform_mask[3] = False
        model.training_step(a, 0).backward()
        gradients.append([p.grad for p in model.network.parameters()])
    for other in gradients[1:]:
        for ours, theirs in zip(other, gradients[0], strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)


def test_settings_that_do_not_fit_are_refused():
    for options in ({"emotion_weight": 0.0}, {"attribute_weight": -1.0}):
        with pytest.raises(ConfigError, match=r"expected both above 0; for one task take"):
            learner(**options)
    with pytest.raises(ConfigError, match="learns emotion and attributes, but the network gives emotion; set"):
        MultiTaskLearner(Full())
    with pytest.raises(ConfigError, match="learns emotion and attributes, but the network gives attributes; set"):
        MultiTaskLearner(Full(classes=(), attributes=ATTRIBUTES))
    with pytest.raises(ConfigError, match="micro_batches is 0, expected 1 or more"):
        learner(micro_batches=0)


def test_defaults():
    model = MultiTaskLearner(Plain(7), classes=CLASSES)
    assert (model.tasks, model.monitor) == (("emotion", "attributes"), "val/macro_f1")
    assert isinstance(model.emotion_loss, FocalLoss)
    assert isinstance(model.attribute_loss, ConcordanceLoss)
    assert (model.n_classes, model.attributes) == (4, ATTRIBUTES)
