"""Every release of MSP-Podcast, each in its own form, gives the same table; the figures are worked by hand."""

import numpy as np
import pytest
import soundfile

from emojudge.corpus import load_table
from emojudge.labels import ATTRIBUTES, EMOTIONS

IDS = [
    "MSP-PODCAST_0001_0008",
    "MSP-PODCAST_0002_0001_0003",
    "MSP-PODCAST_0003_0001",
    "MSP-PODCAST_0004_0001",
    "MSP-PODCAST_test3_0001",
]
EXPECTED = {
    "id": IDS,
    "split": ["train", "dev", "test1", "na", "test3"],
    "recording": ["MSP-PODCAST_0001", "MSP-PODCAST_0002", "MSP-PODCAST_0003", "MSP-PODCAST_0004", None],
    "emotion": ["angry", None, None, "neutral", None],
    "source_label": ["A", "X", "O", "N", None],
    "speaker": ["127", None, "9", "10", None],
    "gender": ["male", None, "female", "female", None],
    "arousal": [5.0, 3.5, 2.0, 4.0, None],
    "valence": [2.0, 4.0, 6.0, 4.0, None],
    "dominance": [4.666667, 4.0, 1.0, 4.0, None],
    "transcript": ["well i never", "go on", None, None, None],
    "transcript_source": ["human", "human", "none", "none", "none"],
    "votes_other": [0.0, 0.0, 1.0, 0.0, None],
    "arousal_std": [np.std([5, 7, 3]), 1.5, 0.0, 0.0, None],
    "valence_std": [np.std([2, 3, 1]), 1.0, 0.0, 0.0, None],
    "dominance_std": [np.std([5, 5, 4]), 0.0, 0.0, 0.0, None],
}
VOTES = [{"angry": 2 / 3, "disgust": 1 / 3}, {"happy": 0.5, "sad": 0.5}, None, {"neutral": 1.0}, None]


def votes(table):
    """Return the votes of each row by class, those above zero."""
    return [
        None if row is None else {name: pytest.approx(vote, rel=1e-6) for name, vote in zip(EMOTIONS, row, strict=True) if vote}
        for row in table.column("emotion_votes")
    ]


def test_the_table_is_the_same_whatever_the_form(release):
    table = load_table("msp_podcast", root=release)
    for name, values in EXPECTED.items():
        assert table.column(name) == [pytest.approx(value) if isinstance(value, float) else value for value in values], name
    assert votes(table) == VOTES
    assert [path.rsplit("/", 1)[1] for path in table.column("audio")] == [f"{id}.wav" for id in IDS]


def test_a_consensus_that_follows_from_the_ratings_differs_nowhere(release):
    counts = load_table("msp_podcast", root=release).info.counts
    assert not [name for name in counts if "differs" in name or "without_ratings" in name]
    assert "ratings_without_utterance" not in counts


def test_what_alignments_gave_is_counted(release):
    aligned = (release / "ForceAligned").is_dir()
    assert load_table("msp_podcast", root=release).info.counts.get("transcript_from_alignment", 0) == 2 * aligned


def test_secondary_emotions_count_with_their_weight(release):
    table = load_table("msp_podcast", root=release, secondary_weight=0.5)
    first = {"angry": 2 / 4, "disgust": 1.5 / 4, "contempt": 0.5 / 4}  # 2, 1 + 0.5 and 0.5; a class that is primary too counts once
    assert votes(table) == [first, VOTES[1], {"happy": 1.0}, VOTES[3], None]
    assert table.column("votes_other") == EXPECTED["votes_other"]
    for name in ATTRIBUTES:
        assert table.column(name) == EXPECTED[name]


def test_a_stereo_file_at_44_1_khz_is_taken(release):
    path = next(release.glob("[Aa]udio*")) / f"{IDS[0]}.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, (4_410, 2)), 44_100)
    table = load_table("msp_podcast", root=release)
    assert table.column("duration_s")[0] == 0.1
    assert {name: table.info.counts[name] for name in ("resampled", "mixed_to_mono")} == {"resampled": 1, "mixed_to_mono": 1}


def test_a_listed_file_that_is_not_there_is_left_out_on_request(release):
    (next(release.glob("[Aa]udio*")) / f"{IDS[1]}.wav").unlink()
    table = load_table("msp_podcast", root=release, on_bad_utterance="skip")
    assert table.column("id") == [IDS[0], *IDS[2:]]
    ((id, reason),) = table.info.skipped
    assert id == IDS[1]
    assert "no such audio file" in reason
