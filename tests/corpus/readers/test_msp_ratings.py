"""Rater votes of MSP-Podcast become distributions; the numbers are worked by hand."""

import numpy as np
import pytest

from emojudge.corpus import load_table
from emojudge.errors import CorpusError
from emojudge.labels import EMOTIONS

ADVICE = "leave them out with votes: false"


def row(podcast, i=0):
    return load_table("msp_podcast", root=podcast.root).rows[i]


def test_votes_are_a_distribution_over_the_classes_with_other_beside(podcast):
    first = row(podcast)
    expected = dict.fromkeys(EMOTIONS, 0.0) | {"angry": 2 / 3, "disgust": 1 / 3}
    np.testing.assert_allclose(first["emotion_votes"], list(expected.values()), rtol=1e-6)
    assert first["votes_other"] == 0.25


def test_spreads_are_population_deviations_over_raters(podcast):
    first = row(podcast)
    assert first["arousal_std"] == pytest.approx(np.std([5, 7, 3, 5]))
    assert first["valence_std"] == pytest.approx(np.std([2, 3, 1, 2]))
    assert first["dominance_std"] == 0


def test_an_utterance_that_all_raters_call_other_has_no_distribution(podcast):
    second = row(podcast, 1)
    assert second["emotion_votes"] is None
    assert second["votes_other"] == 1


def test_an_utterance_without_ratings_has_nulls(podcast):
    third = row(podcast, 2)
    assert [third[name] for name in ("emotion_votes", "votes_other", "valence_std")] == [None] * 3


def test_ratings_of_utterances_that_are_not_listed_are_counted(podcast):
    assert load_table("msp_podcast", root=podcast.root).info.counts["ratings_without_utterance"] == 1


def test_ratings_can_be_left_out(podcast):
    podcast.detailed.write_text("Workers,EmoClass_Major\n")
    with pytest.raises(CorpusError, match=f"has no column 'FileName'.*{ADVICE}"):
        load_table("msp_podcast", root=podcast.root)
    table = load_table("msp_podcast", root=podcast.root, votes=False)
    assert table.column("emotion_votes") == [None] * 6


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("WORKER00016; Disgust", "WORKER00016; Disgsut", "line 3: unknown class 'Disgsut'"),
        ("WORKER00016; Disgust; ", "WORKER00016; ", "line 3: the rating .* has 5 parts, not 6; expected the form 'WORKER00015; "),
        ("A:7.000000; V:3", "A:7.000000; A:3", "line 3: the rating .* does not give A, V and D once each"),
        ("A:7.000000", "A:seven", "line 3: could not convert string to float: 'seven'"),
        ("A:7.000000", "A:nan", "line 3: 'nan' is not finite"),
    ],
)
def test_a_rating_of_another_form_is_a_fault_of_its_utterance(podcast, old, new, words):
    podcast.replace(podcast.detailed, old, new)
    with pytest.raises(CorpusError, match=f"'MSP-PODCAST_0001_0008': .*{words}"):
        load_table("msp_podcast", root=podcast.root)
    assert "MSP-PODCAST_0001_0008" not in load_table("msp_podcast", root=podcast.root, on_bad_utterance="skip").column("id")
