"""Rare classes, missing labels, attributes out of range, votes against the label."""

import pytest

from emojudge.corpus import TableInfo, build_table, check_corpus
from emojudge.corpus.checks.labels import RARE

VOTED = {
    "id": ["agrees", "differs", "ties", "other wins", "X rightly", "X wrongly", "X, other wins", "not voted", "O rightly", "O wrongly"],
    "emotion": ["angry", "sad", "sad", "angry", None, None, None, "sad", None, None],
    "source_label": ["A", "S", "S", "A", "X", "X", "X", "S", "O", "O"],
    "emotion_votes": [[1, 0], [0.75, 0.25], [0.5, 0.5], [0.75, 0.25], [0.5, 0.5], [0.75, 0.25], [0.5, 0.5], None, [1, 0], [1, 0]],
    "votes_other": [0, 0, None, 0.6, 0, 0.1, 0.6, None, 0.9, 0.1],
}


def saved(tmp_path, **columns):
    n = len(columns["id"])
    table = build_table({"split": ["train"] * n, **columns}, TableInfo("made", ("angry", "sad")))
    table.save(tmp_path / "table.parquet")
    return check_corpus("table", path=tmp_path / "table.parquet")


def of_kind(report, kind):
    return [finding for finding in report.findings if finding.kind == kind]


def test_a_class_with_too_few_utterances_in_a_split_is_a_warning_that_lists_them(planted):
    for id in ("dev_0", "dev_1"):
        planted.rows[id]["emotion"] = "sad"
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.ids) == ("class_rare", "warning", ("dev_2", "dev_3", "dev_4"))
    assert finding.message == f"dev has fewer than {RARE} utterances of some classes (angry 3): too few to score well"


def test_a_class_that_a_split_lacks_is_a_warning(planted):
    for i in range(5):
        planted.rows[f"test_{i}"]["emotion"] = "sad"
    finding = planted.alarm()
    assert finding.kind == "class_absent"
    assert finding.message.startswith("test has no utterance of angry among 10 labelled ones")


def test_a_class_that_occurs_nowhere_is_a_note(planted):
    report = check_corpus("manifest", path=planted.write(), classes=["angry", "sad", "bored"])
    assert report.count("warning") == 0
    (note,) = of_kind(report, "class_unused")
    assert "bored" in note.message


def test_a_split_without_any_label_is_withheld_and_not_short_of_classes(planted):
    for i in range(10):
        planted.rows[f"test_{i}"]["emotion"] = ""
    report = planted.check()
    assert report.count("warning") == 0
    (note,) = of_kind(report, "unlabelled")
    assert note.ids == tuple(f"test_{i}" for i in range(10))
    assert note.message == "all utterances of test are without a class (the corpus says: no label 10)"


def test_an_empty_label_among_labels_is_a_warning(planted):
    planted.rows["train_9"] |= {"emotion": ""}
    planted.rows["train_8"] |= {"emotion": ""}
    kinds = {finding.kind: finding for finding in planted.check().findings}
    assert kinds["label_empty"].ids == kinds["unlabelled"].ids == ("train_8", "train_9")


def test_no_label_on_a_tie_of_votes_is_no_empty_label(tmp_path):
    report = saved(tmp_path, id=["led", "tied"], emotion=["sad", None], emotion_votes=[[0, 1], [0.5, 0.5]])
    assert not of_kind(report, "label_empty")
    (note,) = of_kind(report, "unlabelled")
    assert (note.severity, note.ids) == ("note", ("tied",))


def test_a_corpus_without_any_class_or_attribute_is_a_warning(tmp_path):
    (warning,) = of_kind(saved(tmp_path, id=["a", "b"]), "unlabelled")
    assert (warning.severity, warning.ids) == ("warning", ("a", "b"))
    assert not of_kind(saved(tmp_path, id=["a", "b"], valence=[4.0, None]), "unlabelled")


def test_a_corpus_without_any_class_still_says_what_its_labels_are(tmp_path):
    (note,) = of_kind(saved(tmp_path, id=["a", "b"], source_label=["X", "O"], valence=[4.0, 4.0]), "unlabelled")
    assert note.message == "all utterances of train are without a class (the corpus says: X 1, O 1)"


def test_labels_that_are_mapped_to_none_are_a_note_with_what_the_corpus_says(planted):
    for id in ("train_3", "train_4"):
        planted.rows[id]["emotion"] = "calm"
    planted.rows |= {f"more_{id}": {**planted.rows[id], "emotion": "angry", "file": f"more_{id}.wav"} for id in ("train_3", "train_4")}
    planted.sounds |= {f"more_{id}": planted.sounds[id] * 0.5 for id in ("train_3", "train_4")}
    report = planted.check(class_map={"calm": None})
    assert report.count("warning") == 0
    (note,) = of_kind(report, "unlabelled")
    assert note.ids == ("train_3", "train_4")
    assert "calm 2" in note.message


def test_attributes_out_of_range_in_a_table_are_an_error(tmp_path):
    report = saved(tmp_path, id=["low", "good", "high"], valence=[0.5, 7.0, 4.0], arousal=[1.0, 4.0, 9.0])
    low, high = of_kind(report, "out_of_range")
    assert (low.ids, high.ids) == (("low",), ("high",))
    assert "valence not from 1 to 7 (farthest: 0.5)" in low.message
    assert "farthest: 9" in high.message


def test_an_attribute_out_of_range_in_a_manifest_is_an_error_with_its_line(planted):
    planted.rows["dev_2"]["valence"] = "11"
    finding = next(finding for finding in planted.check().findings if finding.kind == "unusable")
    assert finding.ids == ("dev_2",)
    assert "valence is '11', expected a number from 1 to 7" in finding.reasons["dev_2"]


def test_attributes_that_some_rows_lack_are_one_note(tmp_path):
    report = saved(tmp_path, id=["rated", "not"], valence=[4.0, None], arousal=[4.0, None], dominance=[None, None])
    (note,) = of_kind(report, "unrated")
    assert (note.ids, note.message) == (("not",), "1 utterance without valence, arousal (train 1)")


def test_labels_that_the_votes_contradict_are_a_warning_and_ties_are_not(tmp_path):
    (finding,) = of_kind(saved(tmp_path, **VOTED), "votes_differ")
    assert (finding.severity, finding.ids) == ("warning", ("differs", "other wins"))
    assert finding.message.startswith("2 of 4 labels with votes")


def test_no_agreement_where_one_class_leads_is_a_warning(tmp_path):
    (finding,) = of_kind(saved(tmp_path, **VOTED), "votes_agree")
    assert finding.ids == ("X wrongly", "X, other wins", "O wrongly")


@pytest.mark.parametrize("column", ["emotion_votes", "valence"])
def test_a_corpus_without_votes_or_attributes_says_nothing_of_them(planted, column):
    kinds = {finding.kind for finding in planted.check().findings}
    assert not kinds & {"votes_differ", "votes_agree", "out_of_range", "unrated"}
