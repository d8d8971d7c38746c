import pytest
import torch

from emojudge.evaluation import score_attributes, score_emotions
from emojudge.metrics import AttributeScore, EmotionMonitor, EmotionScore, attribute_metrics, emotion_metrics


def split(n=200):
    generator = torch.Generator().manual_seed(0)
    truth = torch.randint(4, (n,), generator=generator)
    return torch.arange(n), torch.where(torch.rand(n, generator=generator) < 0.5, truth, 1), truth


def test_monitors_are_the_reported_scores_over_the_whole_split():
    row, prediction, truth = split()
    metrics = emotion_metrics(["a", "b", "c", "d"])
    for part in torch.arange(200).split(7):
        metrics.update(row[part], prediction[part], truth[part])
    expected = score_emotions(truth.numpy(), prediction.numpy(), range(4))
    found = metrics.compute()
    assert set(found) == {"macro_f1", "macro_f1_uniform", "accuracy", "uar"}
    assert {name: float(value) for name, value in found.items()} == pytest.approx({name: expected[name] for name in found})
    metrics.reset()
    metrics.update(row[:2], truth[:2], truth[:2])
    assert metrics.compute()["accuracy"] == 1


def test_an_utterance_that_came_twice_counts_once():
    row, prediction, truth = split()
    once, twice = EmotionScore("macro_f1", 4), EmotionScore("macro_f1", 4)
    once.update(row, prediction, truth)
    twice.update(row, prediction, truth)
    twice.update(row[:50], prediction[:50], truth[:50])
    assert once.compute() == twice.compute()


def test_no_prediction_is_wrong_and_no_label_is_left_out():
    metric = EmotionScore("accuracy", 3)
    metric.update(torch.arange(4), torch.tensor([0, -1, 2, 1]), torch.tensor([0, 1, 2, -1]))
    assert metric.compute() == pytest.approx(2 / 3)


def test_a_split_without_labels_has_no_score():
    metric = EmotionScore("accuracy", 3)
    metric.update(torch.arange(2), torch.tensor([0, 1]), torch.tensor([-1, -1]))
    assert metric.compute().isnan()


def test_mean_loss_is_weighted_by_utterances():
    monitor = EmotionMonitor("val", 2)
    one = torch.tensor([1])
    monitor.update(torch.tensor(1.0), 3, torch.tensor([0]), one, one)
    monitor.update(torch.tensor(5.0), 1, torch.tensor([1]), one, one)
    ones = dict.fromkeys(("val/macro_f1", "val/macro_f1_uniform", "val/accuracy", "val/uar"), 1.0)
    assert monitor.compute() == {"val/loss": 2.0, **ones}


# attributes


def attribute_split(n=200):
    generator = torch.Generator().manual_seed(0)
    truth = 1 + 6 * torch.rand(n, 3, generator=generator)
    prediction = 2 + 0.5 * truth + torch.rand(n, 3, generator=generator)
    truth[:7, 1], truth[7], prediction[11:15] = torch.nan, torch.nan, torch.nan  # unknown values, an unknown utterance, some without input
    return torch.arange(n), prediction, truth


def test_attribute_monitors_are_the_reported_scores_over_the_whole_split():
    row, prediction, truth = attribute_split()
    metrics = attribute_metrics()
    for part in torch.arange(200).split(7):
        metrics.update(row[part], prediction[part], truth[part])
    expected = score_attributes(truth.numpy(), prediction.numpy())
    found = metrics.compute()
    assert set(found) == {"ccc_valence", "ccc_arousal", "ccc_dominance", "ccc_mean"}
    assert {name: float(value) for name, value in found.items()} == pytest.approx({name: expected[name] for name in found})


def test_the_scale_of_labels_and_of_networks_gives_one_score():
    row, prediction, truth = attribute_split()
    metric, scaled = AttributeScore("ccc_mean"), AttributeScore("ccc_mean")
    metric.update(row, prediction, truth)
    scaled.update(row, (prediction - 1) / 6, (truth - 1) / 6)
    torch.testing.assert_close(metric.compute(), scaled.compute())


def test_an_utterance_with_attributes_that_came_twice_counts_once():
    row, prediction, truth = attribute_split()
    once, twice = AttributeScore("ccc_valence"), AttributeScore("ccc_valence")
    once.update(row, prediction, truth)
    for part in (slice(0, 120), slice(100, 200), slice(0, 50)):
        twice.update(row[part], prediction[part], truth[part])
    assert once.compute() == twice.compute()


def test_a_split_without_attributes_has_no_score_and_other_attributes_have_theirs():
    metric = AttributeScore("ccc_mean")
    assert metric.update(torch.arange(2), torch.ones(2, 3), torch.full((2, 3), torch.nan)) is None
    assert metric.compute().isnan()
    tension = attribute_metrics(["tension"])
    value = torch.arange(4.0)[:, None]
    tension.update(torch.arange(4), value, value)
    assert tension.compute() == {"ccc_tension": 1, "ccc_mean": 1}


def test_gathered_values_hold_no_graph():
    metric = AttributeScore("ccc_mean")
    metric.update(torch.arange(2), torch.ones(2, 3, requires_grad=True), torch.ones(2, 3))
    assert not metric.values[0].requires_grad


# processes


def _gather(rank, world, path):
    torch.distributed.init_process_group("gloo", rank=rank, world_size=world, init_method=f"file://{path}/store")
    mine = [torch.arange(0, 150), torch.arange(120, 200), torch.arange(0)][rank]  # uneven, overlapping, and one without a batch
    found = {}
    for metrics, (row, prediction, truth) in ((emotion_metrics(4), split()), (attribute_metrics(), attribute_split())):
        if len(mine):
            metrics.update(row[mine], prediction[mine], truth[mine])
        found |= {name: float(value) for name, value in metrics.compute().items()}
    torch.save(found, f"{path}/{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.filterwarnings("ignore:The ``compute`` method:UserWarning")
def test_processes_with_uneven_batches_agree_with_one(tmp_path):
    torch.multiprocessing.spawn(_gather, (3, str(tmp_path)), nprocs=3)
    expected = {}
    for alone, values in ((emotion_metrics(4), split()), (attribute_metrics(), attribute_split())):
        alone.update(*values)
        expected |= {name: float(value) for name, value in alone.compute().items()}
    assert len(expected) == 8
    assert [torch.load(tmp_path / f"{rank}.pt") for rank in range(3)] == [expected] * 3
