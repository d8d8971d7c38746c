"""The synthetic corpus on disk: its layout, the same bytes every time, whole or not at all."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
import soundfile

from emojudge.corpus import load_table
from emojudge.corpus.synthetic import synthesize_corpus, writer
from emojudge.errors import CorpusError
from emojudge.labels import EMOTION_CODES, EMOTIONS

SMALL = {"utterances": 32, "speakers": 8, "words": (2, 2), "duration_s": (0.4, 0.6)}


def contents(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(Path(root).rglob("*")) if path.is_file()}


def test_the_same_arguments_give_the_same_bytes(tmp_path):
    first, second, other = (synthesize_corpus(tmp_path / name, seed=seed, **SMALL) for name, seed in (("a", 4), ("b", 4), ("c", 5)))
    assert contents(first) == contents(second)
    assert contents(first) != contents(other)


def test_the_layout_is_that_of_msp_podcast(tiny_corpus):
    with open(tiny_corpus / "Labels" / "labels_consensus.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["FileName", "EmoClass", "EmoAct", "EmoVal", "EmoDom", "SpkrID", "Gender", "Split_Set"]
    assert {row["EmoClass"] for row in rows} == {*EMOTION_CODES, "O", "X"}
    assert {row["Split_Set"] for row in rows} == {"Train", "Development", "Test1"}
    assert "WORKER" in (tiny_corpus / "Labels" / "labels_detailed.csv").read_text()
    partitions = Counter(line.split(";")[0] for line in (tiny_corpus / "Partitions.txt").read_text().splitlines())
    assert partitions == {"Train": 35, "Development": 13, "Test1": 8, "Test3": 8}


def test_nothing_about_test3_stands_beside_its_sound(tiny_corpus):
    assert len(list((tiny_corpus / "Audios").glob("MSP-PODCAST_test3_*.wav"))) == 8
    assert not list((tiny_corpus / "Transcripts").glob("*test3*"))
    for name in ("Labels/labels_consensus.csv", "Labels/labels_detailed.csv", "Speaker_ids.txt"):
        assert "test3" not in (tiny_corpus / name).read_text()


def test_the_truth_of_test3_is_balanced(tiny_corpus):
    with open(tiny_corpus / "test3_truth.csv", newline="") as file:
        assert Counter(row["EmoClass"] for row in csv.DictReader(file)) == dict.fromkeys(EMOTION_CODES, 1)


def test_every_split_has_every_class(tiny_table):
    for split in ("train", "dev", "test1"):
        assert set(tiny_table.select(tiny_table.indices(split)).column("emotion")) - {None} == set(EMOTIONS)


def test_sound_is_16_khz_mono_of_the_duration_asked_for(tiny_corpus):
    for path in (tiny_corpus / "Audios").iterdir():
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype) == (16_000, 1, "PCM_16")
        assert 0.5 <= info.duration <= 1.4


def test_the_readers_find_nothing_odd(tiny_table):
    counts = dict(tiny_table.info.counts)
    assert counts.pop("without_transcript") == 8
    assert counts.pop("without_emotion") == 8 + 2
    assert not any(counts.values())


def test_a_corpus_that_is_there_is_left_as_it_is(tmp_path):
    root = synthesize_corpus(tmp_path / "a", **SMALL)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert synthesize_corpus(tmp_path / "a", **SMALL) == root
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.parametrize("change", [{"seed": 9}, {"utterances": 33}, {"speakers": 9}, {"words": (2, 3)}, {"duration_s": (0.4, 0.7)}])
def test_another_corpus_in_the_same_folder_is_refused(tmp_path, change):
    root = synthesize_corpus(tmp_path / "a", **SMALL)
    (name,) = change
    with pytest.raises(CorpusError, match=rf"{root}: holds a synthetic corpus with other settings \({name} .*give another folder"):
        synthesize_corpus(root, **SMALL | change)


def test_a_folder_with_something_else_is_refused_and_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CorpusError, match=r"holds files but no synthetic\.json"):
        synthesize_corpus(tmp_path, **SMALL)
    with pytest.raises(CorpusError, match="is a file"):
        synthesize_corpus(tmp_path / "notes.txt", **SMALL)
    assert contents(tmp_path) == {"notes.txt": b"mine"}


def test_a_broken_marker_is_refused(tmp_path):
    (tmp_path / writer.MARKER).write_text("{")
    with pytest.raises(CorpusError, match=r"synthetic\.json: not readable as JSON"):
        synthesize_corpus(tmp_path, **SMALL)


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "a").mkdir()
    root = synthesize_corpus(tmp_path / "a", **SMALL)
    assert json.loads((root / writer.MARKER).read_text())["utterances"] == 32


def test_an_interruption_leaves_nothing_behind(tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize_corpus(tmp_path / "a", progress=stop, **SMALL)
    assert list(tmp_path.iterdir()) == []


def test_progress_is_told_utterance_by_utterance(tmp_path):
    told = []
    synthesize_corpus(tmp_path / "a", progress=lambda done, total: told.append((done, total)), **SMALL)
    assert told == [(i + 1, 32) for i in range(32)]


@pytest.mark.parametrize("change", [{"words": (0, 2)}, {"words": (3, 2)}, {"duration_s": (0.1, 1)}, {"duration_s": (2, 1)}, {"seed": -1}])
def test_settings_that_make_no_sense_are_refused(tmp_path, change):
    with pytest.raises(CorpusError, match=next(iter(change))):
        synthesize_corpus(tmp_path / "a", **SMALL | change)
    assert list(tmp_path.iterdir()) == []


def test_the_reader_writes_it_where_it_is_not_there(tmp_path):
    settings = {"root": tmp_path / "a", "utterances": 32, "speakers": 8, "seed": 2}
    told = []
    table = load_table("synthetic", progress=lambda done, total: told.append((done, total)), **settings)
    assert told == 2 * [(i + 1, 32) for i in range(32)]  # written, then read
    assert len(table) == 32
    assert table.info.source == f"synthetic {tmp_path / 'a'}"
    assert load_table("synthetic", **settings).info == table.info
    assert all(1.5 <= seconds <= 4 for seconds in table.column("duration_s"))
    with pytest.raises(CorpusError, match="other settings"):
        load_table("synthetic", **settings | {"seed": 3})


@pytest.mark.slow
def test_sound_and_words_each_tell_something_and_neither_everything(tmp_path):
    """Words by TF-IDF and sound by level, spectrum and duration, from Train to Development: above chance, below perfect."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from emojudge.audio import load_audio

    table = load_table("synthetic", root=tmp_path / "a", seed=1)
    truth = table.emotions()
    train, dev = (table.indices(split)[truth[table.indices(split)] >= 0] for split in ("train", "dev"))

    def sound(path):
        samples = load_audio(path)
        frames = np.lib.stride_tricks.sliding_window_view(samples, 400)[::160] * np.hanning(400)
        bands = np.log(np.add.reduceat(np.abs(np.fft.rfft(frames)) ** 2, np.unique(np.geomspace(2, 190, 24).astype(int)), axis=1) + 1e-8)
        return np.concatenate([bands.mean(axis=0), bands.std(axis=0), np.abs(np.diff(bands, axis=0)).mean(axis=0), [len(samples)]])

    sounds = np.stack([sound(path) for path in table.column("audio")])
    words = (
        TfidfVectorizer().fit([table.column("transcript")[i] for i in train]).transform([text or "" for text in table.column("transcript")])
    )
    for features, model in ((sounds, make_pipeline(StandardScaler(), LogisticRegression(C=0.03, class_weight="balanced", max_iter=2_000))),
                            (words, LogisticRegression(C=10, class_weight="balanced", max_iter=2_000))):  # fmt: skip
        score = f1_score(truth[dev], model.fit(features[train], truth[train]).predict(features[dev]), average="macro")
        assert 0.3 < score < 0.75
