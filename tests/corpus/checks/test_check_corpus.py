"""``check_corpus`` as a whole: faults of a reader are findings, and nothing in a corpus makes it raise."""

import json
import shutil

import numpy as np
import pytest
import soundfile

from emojudge.corpus import check_corpus, load_table
from emojudge.corpus.synthetic import synthesize_corpus
from emojudge.errors import ConfigError


def of_kind(report, kind):
    return [finding for finding in report.findings if finding.kind == kind]


@pytest.mark.slow
def test_a_synthetic_corpus_has_no_error_and_no_warning(tmp_path):
    root = synthesize_corpus(tmp_path / "corpus", utterances=640, speakers=24, duration_s=(0.5, 1.4))
    report = check_corpus("msp_podcast", root=root)
    assert [finding for finding in report.findings if finding.severity != "note"] == []


def test_every_fault_of_a_reader_is_an_error_with_its_reason_those_of_one_kind_together(planted):
    for id, label in (("train_1", "wrath"), ("dev_2", "mirth")):
        planted.rows[id]["emotion"] = label
    planted.rows["test_3"]["split"] = ""
    path = planted.write()
    (planted.root / "test_4.wav").unlink()
    (planted.root / "test_5.wav").write_bytes(b"not audio")
    report = check_corpus("manifest", path=path, classes=["angry", "sad"])
    found = {finding.ids: finding for finding in of_kind(report, "unusable")}
    assert set(found) == {("train_1", "dev_2"), ("test_3",), ("test_4",), ("test_5",)}
    assert "'wrath'" in found["train_1", "dev_2"].reasons["train_1"]
    assert "'mirth'" in found["train_1", "dev_2"].reasons["dev_2"]
    assert "no such audio file" in found[("test_4",)].reasons["test_4"]
    assert report.n_unusable == 5
    assert sum(report.splits.values()) == 25


def test_what_a_reader_went_on_with_is_a_note_that_lists_its_utterances(tiny_corpus, tmp_path):
    root = shutil.copytree(tiny_corpus, tmp_path / "corpus")
    consensus = root / "Labels" / "labels_consensus.csv"
    header, first, *rest = consensus.read_text().splitlines()
    fields = dict(zip(header.split(","), first.split(","), strict=True)) | {"EmoVal": "1.234567"}
    consensus.write_text("\n".join([header, ",".join(fields.values()), *rest]) + "\n")
    (note,) = of_kind(check_corpus("msp_podcast", root=root), "valence_differs_from_ratings")
    assert (note.severity, note.ids) == ("note", (fields["FileName"].removesuffix(".wav"),))
    assert note.message == "1 utterance: valence differs from ratings"


def test_secondary_emotions_are_not_held_against_labels(tiny_corpus):
    """Labels follow the primary votes, whatever weight a run gives the secondary ones."""
    assert check_corpus("msp_podcast", root=tiny_corpus, secondary_weight=1.0) == check_corpus("msp_podcast", root=tiny_corpus)
    weighted = load_table("msp_podcast", root=tiny_corpus, secondary_weight=1.0).column("emotion_votes")
    assert weighted != load_table("msp_podcast", root=tiny_corpus).column("emotion_votes")


def test_a_doubled_id_is_an_error(planted):
    planted.rows["again"] = dict(planted.rows["train_0"])
    (finding,) = of_kind(planted.check(), "unusable")
    assert (finding.severity, finding.ids) == ("error", ("train_0",))


def test_errors_come_first_and_notes_last(planted):
    planted.rows["test_3"]["speaker"] = "train-0"
    planted.rows["dev_6"]["transcript"] = "..."
    severities = [finding.severity for finding in planted.check().findings]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert set(severities) == {"error", "warning", "note"}


def test_each_file_is_decoded_once(planted, monkeypatch):
    seen = []
    import emojudge.corpus.audio_files as audio_files

    inspect = audio_files.inspect_audio
    monkeypatch.setattr(audio_files, "inspect_audio", lambda path: seen.append(path) or inspect(path))
    planted.rows = {id: {"id": id, **row} for id, row in planted.rows.items()}
    planted.rows["train_0"]["file"] = planted.rows["train_1"]["file"]
    planted.check()
    assert len(seen) == len(set(seen)) == 29


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\xff\xfe\x00\x00\xd8"),
        lambda path: path.write_text("file,split\na.wav,train\n"),
        lambda path: path.write_text("file,split,emotion\n"),
        lambda path: path.write_text("file,split,emotion\na.wav,train\n"),
        lambda path: path.write_text('file,split,emotion\n"a.wav,train,sad\n'),
        lambda path: path.write_text("file;split;emotion\na.wav;train;sad\n"),
        lambda path: path.write_text("file,file,split,emotion\na.wav,a.wav,train,sad\n"),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: path.write_text("file,split,emotion\n/,,\n" + "x" * 5_000 + ".wav,train,sad\n\x00.wav,dev,?\n"),
    ],
)
def test_a_manifest_that_is_broken_is_a_report(planted, spoil):
    path = planted.write()
    spoil(path)
    report = check_corpus("manifest", path=path, classes=["angry", "sad"])
    json.dumps(report.to_json())
    assert report.splits == {}
    assert {finding.kind for finding in report.findings if finding.severity == "error"} in (
        {"unreadable"},
        {"empty"},
        {"unusable", "empty"},
    )
    assert all("\n" not in finding.message for finding in report.findings)


SPOILS = {
    "deleted": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 5]),
    "binary": lambda path: path.write_bytes(bytes(range(256)) * 4),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("how", SPOILS)
@pytest.mark.parametrize(
    "name", ["Labels/labels_consensus.csv", "Labels/labels_detailed.csv", "Partitions.txt", "Speaker_ids.txt", "Audios/*", "Transcripts/*"]
)
def test_whatever_file_of_a_release_is_spoilt_the_check_goes_through(tiny_corpus, tmp_path, name, how):
    root = tmp_path / "corpus"
    shutil.copytree(tiny_corpus, root)
    SPOILS[how](sorted(root.glob(name))[0])
    report = check_corpus("msp_podcast", root=root)
    json.dumps(report.to_json())
    assert all("\n" not in finding.message for finding in report.findings)
    if name in ("Labels/labels_consensus.csv", "Audios/*"):
        assert report.count("error") > 0


def test_what_stops_the_reader_is_one_error(tmp_path):
    report = check_corpus("msp_podcast", root=tmp_path)
    (finding,) = report.findings
    assert (finding.kind, finding.severity) == ("unreadable", "error")
    assert "labels_consensus.csv" in finding.message
    assert "\n" not in finding.message


def test_a_mistake_in_the_call_is_no_fault_of_the_corpus():
    with pytest.raises(ConfigError, match="no corpus reader 'msp'"):
        check_corpus("msp", root="x")


def test_a_saved_table_whose_audio_changed_or_went_is_an_error(planted):
    table = load_table("manifest", path=planted.write(), classes=["angry", "sad"])
    path = planted.root / "table.parquet"
    table.save(path)
    assert check_corpus("table", path=path).count("error") == 0
    soundfile.write(planted.root / "train_0.wav", np.random.default_rng(99).normal(0, 0.1, 4_000), 16_000)
    (planted.root / "dev_1.wav").unlink()
    report = check_corpus("table", path=path)
    assert of_kind(report, "audio_changed")[0].ids == ("train_0",)
    assert of_kind(report, "unusable")[0].ids == ("dev_1",)


def test_a_saved_table_tells_what_was_left_out_of_it(planted):
    planted.rows["dev_2"]["emotion"] = "mirth"
    table = load_table("manifest", path=planted.write(), classes=["angry", "sad"], on_bad_utterance="skip")
    table.save(planted.root / "table.parquet")
    (note,) = of_kind(check_corpus("table", path=planted.root / "table.parquet"), "left_out")
    assert (note.severity, note.ids) == ("note", ("dev_2",))


def test_a_file_of_splits_decides_what_is_shared(planted):
    path = planted.write()
    splits = planted.root / "splits.csv"
    rows = [(id, "test" if id == "train_0" else row["split"]) for id, row in planted.rows.items()]
    splits.write_text("id,split\n" + "".join(f"{id},{split}\n" for id, split in rows))
    report = check_corpus("manifest", path=path, classes=["angry", "sad"], splits=splits)
    assert of_kind(report, "speaker_shared")[0].names == ("train-0",)


def test_progress_is_told_file_by_file(planted):
    told = []
    planted.check(progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 30) for done in range(1, 31)]


def test_the_report_as_json_is_everything(planted):
    planted.rows["dev_2"]["emotion"] = "mirth"
    report = planted.check()
    plain = json.loads(json.dumps(report.to_json()))
    assert (plain["n_errors"], plain["n_unusable"], plain["splits"]["dev"]) == (1, 1, 9)
    assert plain["findings"][0]["ids"] == ["dev_2"]
    assert list(plain["findings"][0]["reasons"]) == ["dev_2"]
