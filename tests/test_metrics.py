import pytest
import torch

from emojudge.evaluation import score_emotions
from emojudge.metrics import EmotionScore, Monitor, emotion_metrics


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
    assert set(found) == {"macro_f1", "accuracy", "uar"}
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
    monitor = Monitor("val", emotion_metrics(2))
    one = torch.tensor([1])
    monitor.update(torch.tensor(1.0), 3, torch.tensor([0]), one, one)
    monitor.update(torch.tensor(5.0), 1, torch.tensor([1]), one, one)
    assert monitor.compute() == {"val/loss": 2.0, "val/macro_f1": 1.0, "val/accuracy": 1.0, "val/uar": 1.0}


def _gather(rank, world, path):
    torch.distributed.init_process_group("gloo", rank=rank, world_size=world, init_method=f"file://{path}/store")
    row, prediction, truth = split()
    metrics = emotion_metrics(4)
    mine = [torch.arange(0, 150), torch.arange(120, 200), torch.arange(0)][rank]  # uneven, overlapping, and one without a batch
    if len(mine):
        metrics.update(row[mine], prediction[mine], truth[mine])
    torch.save({name: float(value) for name, value in metrics.compute().items()}, f"{path}/{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.mark.filterwarnings("ignore:The ``compute`` method:UserWarning")
def test_processes_with_uneven_batches_agree_with_one(tmp_path):
    torch.multiprocessing.start_processes(_gather, (3, str(tmp_path)), nprocs=3, start_method="fork")
    row, prediction, truth = split()
    alone = emotion_metrics(4)
    alone.update(row, prediction, truth)
    expected = {name: float(value) for name, value in alone.compute().items()}
    assert [torch.load(tmp_path / f"{rank}.pt") for rank in range(3)] == [expected] * 3
