"""The consensus recomputed from votes agrees with a slow plain version, and differences from the file are counted."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emojudge.corpus import load_table
from emojudge.corpus.readers.msp_consensus import consensus_codes
from emojudge.labels import EMOTION_CODES, EMOTIONS

LABELS = (*EMOTIONS, "other")
CODES = {emotion: code for code, emotion in EMOTION_CODES.items()} | {"other": "O"}


def plurality(votes):
    """Return the code of the label with most votes, by counting."""
    if not votes:
        return ""
    (first, most), *rest = Counter(votes).most_common(2)
    return "X" if rest and rest[0][1] == most else CODES[first]


@given(st.lists(st.lists(st.sampled_from(LABELS), max_size=7), min_size=1, max_size=20))
def test_codes_agree_with_counting(utterances):
    votes = np.array([[row.count(label) for label in LABELS] for row in utterances], dtype=float)
    assert consensus_codes(votes).tolist() == [plurality(row) for row in utterances]


@pytest.mark.parametrize(
    ("votes", "code"),
    [
        (["angry", "angry", "sad"], "A"),
        (["angry", "sad"], "X"),
        (["other", "other", "sad"], "O"),
        (["other", "sad"], "X"),
        (["surprise", "contempt", "contempt"], "C"),
    ],
)
def test_codes_worked_by_hand(votes, code):
    assert consensus_codes(np.array([[votes.count(label) for label in LABELS]], dtype=float)).tolist() == [code]


def counts(podcast, **options):
    found = load_table("msp_podcast", root=podcast.root, **options).info.counts
    return {name: n for name, n in found.items() if "differs" in name}


def test_differences_are_counted_and_no_errors(podcast):
    # 0001_0008 says A, as two of four raters do; 5.5 / 2.25 / 6 where they give 5 / 2 / 5. 0001_0009 says X and 4 / 4 / 4, its
    # only rater other and 1 / 2 / 5. The rest has no ratings, with which nothing can differ.
    assert counts(podcast) == {
        "emotion_differs_from_ratings": 1,
        "valence_differs_from_ratings": 2,
        "arousal_differs_from_ratings": 2,
        "dominance_differs_from_ratings": 2,
    }
    podcast.replace(podcast.consensus, "0009.wav,X,4,4,4", "0009.wav,O,1,2,4.9")
    podcast.replace(podcast.consensus, "0008.wav,A,5.5,2.25,6", "0008.wav,A,5,2,5")
    assert counts(podcast) == {"dominance_differs_from_ratings": 1}


@pytest.mark.parametrize(("stated", "differs"), [("5.666667", 0), ("5.6666666666666667", 0), ("5.66667", 1)])
def test_six_decimals_are_the_same_mean_and_five_are_not(podcast, stated, differs):
    podcast.replace(
        podcast.detailed, 'A:5.000000; V:2.000000; D:5.000000;"\nMSP-PODCAST_0001_0009', '; A:; V:2; D:5;"\nMSP-PODCAST_0001_0009'
    )
    podcast.replace(
        podcast.detailed, 'A:5.000000; V:2.000000; D:5.000000;"\nMSP-PODCAST_0001_0008', 'A:7; V:2; D:5;"\nMSP-PODCAST_0001_0008'
    )
    podcast.replace(podcast.consensus, "0008.wav,A,5.5,", f"0008.wav,A,{stated},")  # raters: 7, 7, 3 and none
    assert counts(podcast).get("arousal_differs_from_ratings", 0) == differs + 1  # the one of 0001_0009


def test_an_utterance_whose_ratings_cannot_be_read_is_not_compared(podcast):
    podcast.replace(podcast.detailed, "WORKER00015; Other; Other; A:1", "WORKER00015; Other; Other; A:9")
    assert "emotion_differs_from_ratings" not in counts(podcast, on_bad_utterance="skip")


def test_secondary_votes_do_not_change_the_recomputed_consensus(podcast):
    assert counts(podcast, secondary_weight=1.0) == counts(podcast)
