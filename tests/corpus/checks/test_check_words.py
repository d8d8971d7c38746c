"""Transcripts that are missing or say nothing, and rows that lack sound, words or both."""

import pytest


def test_a_missing_transcript_among_others_is_a_warning(planted):
    planted.rows["dev_6"]["transcript"] = " "
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.ids) == ("transcript_missing", "warning", ("dev_6",))
    assert finding.message == "1 utterance of dev without a transcript (of 10)"


def test_a_split_without_transcripts_is_withheld(planted):
    for i in range(10):
        planted.rows[f"test_{i}"]["transcript"] = ""
    report = planted.check()
    assert report.count("warning") == 0
    (note,) = [finding for finding in report.findings if finding.kind == "transcript_withheld"]
    assert note.ids == tuple(f"test_{i}" for i in range(10))


def test_a_corpus_without_any_transcript_says_nothing_of_them(planted):
    for row in planted.rows.values():
        row["transcript"] = ""
    assert not {finding.kind for finding in planted.check().findings} & {"transcript_missing", "transcript_withheld"}


def test_a_transcript_of_marks_only_is_a_warning(planted):
    planted.rows["dev_6"]["transcript"] = "... !"
    finding = planted.alarm()
    assert (finding.kind, finding.ids) == ("transcript_wordless", ("dev_6",))


@pytest.mark.parametrize("text", ["N/A", "null", "NaN"])
def test_a_transcript_that_may_stand_for_none_is_a_note_and_stays_as_it_is(planted, text):
    planted.rows["dev_6"]["transcript"] = text
    report = planted.check()
    assert report.count("warning") == 0
    (note,) = [finding for finding in report.findings if finding.kind == "transcript_placeholder"]
    assert note.ids == ("dev_6",)
    assert repr(text) in note.message


def test_words_without_sound_are_a_warning_where_others_have_both(planted):
    planted.rows = {id: {"id": id, **row} for id, row in planted.rows.items()}
    planted.rows["dev_6"]["file"] = ""
    finding = planted.alarm()
    assert (finding.kind, finding.ids) == ("audio_missing", ("dev_6",))


def test_neither_sound_nor_words_is_a_warning(planted):
    planted.rows = {id: {"id": id, **row} for id, row in planted.rows.items()}
    planted.rows["dev_6"] |= {"file": "", "transcript": ""}
    found = {finding.kind: finding.ids for finding in planted.check().findings if finding.severity == "warning"}
    assert found == {"nothing_to_judge": ("dev_6",), "transcript_missing": ("dev_6",)}
