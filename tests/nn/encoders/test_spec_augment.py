"""Masks of time and features: where they lie, how many, on what."""

from types import SimpleNamespace

import pytest
import torch

from emojudge.errors import ConfigError
from emojudge.nn.encoders.spec_augment import SpecAugment, spans


def config(**settings):
    time = {"mask_time_prob": 0.0, "mask_time_length": 10, "mask_time_min_masks": 0}
    features = {"mask_feature_prob": 0.0, "mask_feature_length": 4, "mask_feature_min_masks": 0}
    return SimpleNamespace(**{**time, **features, "hidden_size": 16, **settings})


def runs(row):
    """Return the lengths of the runs of True in a row."""
    edges = torch.diff(row.int(), prepend=torch.zeros(1, dtype=torch.int), append=torch.zeros(1, dtype=torch.int))
    return ((edges == -1).nonzero() - (edges == 1).nonzero()).flatten().tolist()


def test_spans_lie_within_each_row_and_have_their_width():
    torch.manual_seed(0)
    lengths = torch.tensor([200, 57, 10, 9, 1])
    for _ in range(200):
        hidden = spans(lengths, 200, share=0.2, width=10, least=1)
        for row, n in zip(hidden, lengths.tolist(), strict=True):
            assert not row[n:].any()
            assert all(length >= 10 for length in runs(row[:n]))
        assert hidden[:3].any(dim=1).all()
        assert not hidden[3:].any()  # shorter than a span


def test_every_place_can_be_hidden_and_the_share_is_the_one_asked_for():
    torch.manual_seed(0)
    hidden = spans(torch.full((4000,), 100), 100, share=0.05, width=5, least=0)
    assert hidden.any(dim=0).all()
    assert hidden.float().mean() == pytest.approx(0.05, abs=0.005)  # one span as a rule: hardly any overlap
    counts = spans(torch.full((4000,), 30), 30, share=0.05, width=10, least=0).any(dim=1)
    assert counts.float().mean() == pytest.approx(0.15, abs=0.02)  # 0.15 spans a row, rounded by chance


def test_at_the_least_so_many_spans_as_there_is_room_for():
    torch.manual_seed(0)
    hidden = spans(torch.tensor([100, 25, 10]), 100, share=0.001, width=10, least=2)
    assert (hidden.sum(dim=1) >= 10).all()
    assert (hidden.sum(dim=1) <= torch.tensor([20, 20, 10])).all()


def test_time_becomes_the_vector_and_features_become_zero():
    torch.manual_seed(0)
    frames, vector = torch.ones(3, 60, 16), torch.full((16,), 7.0)
    mask = torch.arange(60) < torch.tensor([[60], [40], [5]])
    out = SpecAugment(config(mask_time_prob=0.4))(frames, mask, vector)
    assert set(out.unique().tolist()) == {1.0, 7.0}
    assert (out[~mask] == 1).all()
    assert (out[2] == 1).all()  # shorter than a span
    assert (out == 7).any(dim=2).equal((out == 7).all(dim=2))
    out = SpecAugment(config(mask_feature_prob=0.5))(frames, mask, vector)
    hidden = out == 0
    assert hidden.any()
    assert hidden.all(dim=1).equal(hidden.any(dim=1))  # the same for all frames of a clip
    assert len(hidden[:, 0].unique(dim=0)) > 1  # each clip's by itself


def test_masks_follow_the_generator_of_torch():
    frames, mask = torch.ones(2, 60, 16), torch.ones(2, 60, dtype=torch.bool)
    augment = SpecAugment(config(mask_time_prob=0.4))
    found = []
    for seed in (0, 0, 1):  # processes have seeds of their own
        torch.manual_seed(seed)
        found.append(augment(frames, mask, torch.zeros(16)))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_settings_that_do_nothing_or_do_not_fit_are_refused():
    with pytest.raises(ConfigError, match="mask_time_prob and mask_feature_prob are 0: turn it off, or set one"):
        SpecAugment(config())
    with pytest.raises(ConfigError, match="mask_feature_length is 17, but a frame has 16 features"):
        SpecAugment(config(mask_feature_prob=0.1, mask_feature_length=17))
