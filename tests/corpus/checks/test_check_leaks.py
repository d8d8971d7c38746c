"""What splits share is found, with exactly the utterances that share it; what only looks like it is not."""

import numpy as np
import pytest

from emojudge.corpus.checks.leaks import TOLD_WORDS
from emojudge.corpus.checks.material import Material


def of_speaker(planted, speaker):
    return {id for id, row in planted.rows.items() if row["speaker"] == speaker}


def test_the_clean_corpus_is_silent(planted):
    report = planted.check()
    assert {finding.severity for finding in report.findings} <= {"note"}
    assert report.splits == {"train": 10, "dev": 10, "test": 10}
    assert report.n_unusable == 0


def test_a_speaker_in_train_and_test_is_an_error_that_names_the_speaker_and_all_utterances(planted):
    planted.rows["test_3"] |= {"speaker": "train-0"}
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.names) == ("speaker_shared", "error", ("train-0",))
    assert set(finding.ids) == of_speaker(planted, "train-0")
    assert finding.message == "1 speaker is in both train (fit, 5 utterances) and test (hold, 1 utterance)"


def test_a_speaker_of_two_splits_of_one_role_is_a_note(planted):
    for id, row in planted.rows.items():
        row["split"] = "test2" if id.startswith("dev") else row["split"]
    planted.rows["dev_0"] |= {"speaker": "test-0"}
    report = planted.check()
    (shared,) = [finding for finding in report.findings if finding.kind == "speaker_shared"]
    assert shared.severity == "note"
    assert report.count("error") == 0


def test_roles_decide_what_is_a_leak(planted):
    planted.rows["dev_3"] |= {"speaker": "test-0", "recording": "other"}
    assert planted.alarm().severity == "error"
    report = planted.check(prepare=lambda table: table.with_roles({"dev": "hold"}))
    assert report.count("error") == 0


def test_three_splits_are_three_pairs(planted):
    for id in ("train_0", "dev_0", "test_0"):
        planted.rows[id] |= {"speaker": "everywhere", "recording": id}
    pairs = [finding.ids for finding in planted.check().findings if finding.kind == "speaker_shared"]
    assert pairs == [("train_0", "dev_0"), ("train_0", "test_0"), ("dev_0", "test_0")]


def test_unknown_speakers_are_no_shared_speaker_and_not_passed_over(planted):
    unknown = ["train_1", "test_2"]
    for id in unknown:
        planted.rows[id]["speaker"] = ""
    report = planted.check()
    assert report.count("error") == 0
    (note,) = [finding for finding in report.findings if finding.kind == "speaker_unknown"]
    assert list(note.ids) == unknown


def test_a_recording_of_unknown_speakers_in_two_splits_is_an_error(planted):
    for id in ("train_0", "dev_0"):
        planted.rows[id] |= {"speaker": "", "recording": "one talk"}
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.names) == ("recording_shared", "error", ("one talk",))
    assert finding.ids == ("train_0", "dev_0")


def test_a_recording_of_known_and_different_speakers_is_a_warning(planted):
    for id in ("train_0", "dev_0"):
        planted.rows[id]["recording"] = "one talk"
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.ids) == ("recording_shared", "warning", ("train_0", "dev_0"))


def test_a_recording_that_shares_its_speaker_is_reported_once_as_the_speaker(planted):
    for id in ("train_0", "dev_0"):
        planted.rows[id] |= {"speaker": "both", "recording": "one talk"}
    assert planted.alarm().kind == "speaker_shared"


def test_the_same_sound_in_two_splits_is_an_error(planted):
    planted.sounds["test_7"] = planted.sounds["train_2"]
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.ids) == ("audio_shared", "error", ("train_2", "test_7"))


def test_a_file_that_two_splits_name_is_the_same_sound(planted):
    planted.rows["test_7"]["file"] = "../" + planted.root.name + "/train_2.wav"
    planted.rows = {id: {"id": id, **row} for id, row in planted.rows.items()}
    assert planted.alarm().ids == ("train_2", "test_7")


@pytest.mark.parametrize(("second", "labels"), [("train_1", ""), ("train_8", ", 1 with different labels")])
def test_the_same_sound_twice_in_a_split_is_a_warning_that_tells_whether_labels_differ(planted, second, labels):
    planted.sounds[second] = planted.sounds["train_0"]
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.ids) == ("audio_doubled", "warning", ("train_0", second))
    assert finding.message == f"1 sound more than once in train, sample for sample (2 utterances{labels})"


def test_nearly_the_same_sound_is_not_the_same(planted):
    planted.sounds["test_7"] = planted.sounds["train_2"] * 1.01
    assert planted.check().count("error") == 0


def test_silences_of_one_length_are_no_doubled_sound(planted):
    for id in ("train_0", "test_0"):
        planted.sounds[id] = np.zeros(4_000)
    assert planted.alarm().kind == "silent"


def test_the_same_words_in_two_splits_are_a_warning_whatever_case_and_space(planted):
    planted.rows["train_4"]["transcript"] = "Well  I never thought so"
    planted.rows["dev_4"]["transcript"] = "well i NEVER thought so "
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.ids) == ("transcript_shared", "warning", ("train_4", "dev_4"))


def test_short_words_in_two_splits_are_a_note(planted):
    for id in ("train_4", "dev_4", "dev_5"):
        planted.rows[id]["transcript"] = " ".join(["yeah"] * (TOLD_WORDS - 1))
    report = planted.check()
    assert report.count("warning") == 0
    (note,) = [finding for finding in report.findings if finding.kind == "short_transcript_shared"]
    assert note.ids == ("train_4", "dev_4", "dev_5")


def test_a_long_transcript_without_spaces_is_not_short(planted):
    for id in ("train_4", "dev_4"):
        planted.rows[id]["transcript"] = "今日はとても天気がいいので散歩に行きたいと思います"
    assert planted.alarm().ids == ("train_4", "dev_4")


def test_words_twice_in_one_split_are_nothing(planted):
    for id in ("train_4", "train_5"):
        planted.rows[id]["transcript"] = "well i never thought so"
    assert planted.check().count("warning") == 0


def test_what_is_shared_agrees_with_all_pairs_of_rows(tiny_table):
    generator = np.random.default_rng(0)
    values = [None if value == 0 else str(value) for value in generator.integers(0, 25, len(tiny_table))]
    material = Material(tiny_table, [None] * len(tiny_table))
    slow = {}
    order = list(material.splits)
    for a in order:
        for b in order[order.index(a) + 1 :]:
            both = {v for v in values if v is not None} & {v for v, s in zip(values, material.split, strict=True) if s == a}
            both &= {v for v, s in zip(values, material.split, strict=True) if s == b}
            for value in both:
                rows = [i for i, (v, s) in enumerate(zip(values, material.split, strict=True)) if v == value and s in (a, b)]
                slow.setdefault((a, b), {})[value] = rows
    fast = {pair: {value: sorted(rows) for value, rows in shared.items()} for pair, shared in material.shared(values).items()}
    assert fast == slow
    assert slow
