import pytest
import torch

from emojudge.errors import ConfigError
from emojudge.models.groups import check_options
from emojudge.models.optim import LinearWarmup, WarmupCosine


def rates(schedule, steps, **options):
    optimizer = torch.optim.SGD([{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in (1.0, 0.1)])
    schedule, seen = schedule(optimizer, steps, **options), []
    for _ in range(steps):
        seen.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        schedule.step()
    return torch.tensor(seen).T


def test_warmup_rises_over_its_share_and_stays():
    first, second = rates(LinearWarmup, 40, share=0.1)
    torch.testing.assert_close(first, torch.tensor([0.25, 0.5, 0.75, 1.0] + [1.0] * 36))
    torch.testing.assert_close(second, first / 10)


@pytest.mark.parametrize(("steps", "share"), [(40, 0.1), (37, 0.1), (100, 0.25), (9, 0.1), (4, 0.1), (10, 1.0), (10, 0.0)])
def test_warmup_is_its_formula(steps, share):
    """The k-th of the steps, counted from 1, has the share k / n of the peak until n, the steps of the rise, are done."""
    n_rising = max(round(share * steps), 1)
    formula = torch.tensor([min(k / n_rising, 1.0) for k in range(1, steps + 1)])
    torch.testing.assert_close(rates(LinearWarmup, steps, share=share), torch.stack([formula, 0.1 * formula]))


def test_cosine_falls_to_its_last_rate():
    first, _ = rates(WarmupCosine, 41, share=0.0)
    assert first[0] == 1
    assert first[20] == pytest.approx(0.5)
    assert first[40] == pytest.approx(0.0, abs=1e-6)
    assert rates(WarmupCosine, 40, share=0.1, final=0.2)[0, -1] == pytest.approx(0.2)
    assert rates(WarmupCosine, 40, share=0.1)[0, :5].tolist() == pytest.approx([0.25, 0.5, 0.75, 1.0, 0.998], abs=1e-3)


@pytest.mark.parametrize("schedule", [LinearWarmup, WarmupCosine])
def test_tiny_runs_and_resumed_schedules_work(schedule):
    assert rates(schedule, 1)[0, 0] == 1
    parameter = torch.zeros(1, requires_grad=True)
    whole = schedule(torch.optim.SGD([parameter], lr=1.0), 20)
    for _ in range(7):
        whole.optimizer.step()
        whole.step()
    resumed = schedule(torch.optim.SGD([parameter], lr=1.0), 20)
    resumed.load_state_dict(whole.state_dict())
    resumed.optimizer.step()
    whole.optimizer.step()
    whole.step()
    resumed.step()
    assert resumed.get_last_lr() == whole.get_last_lr()


def test_a_share_is_a_share():
    with pytest.raises(ValueError, match="share must be between 0 and 1"):
        rates(LinearWarmup, 10, share=10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lrr": 1e-3}, r"group_options of 'pooling' has 'lrr', but AdamW has lr, .*Did you mean 'lr'\?"),
        ({"lr": "fast"}, "group_options of 'pooling': lr is 'fast', expected a number"),
    ],
)
def test_an_option_of_a_group_is_one_of_the_optimizer(options, message):
    with pytest.raises(ConfigError, match=message):
        check_options({"pooling": options}, torch.optim.AdamW([torch.zeros(1)]).defaults, "AdamW")
