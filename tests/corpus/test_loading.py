"""``load_table``: bad input of every kind through the whole path, by error and by skip."""

import numpy as np
import pytest
import soundfile

from emojudge.corpus import load_table
from emojudge.errors import ConfigError, CorpusError

GOOD = ("good1", "good2")


def corpus(tmp_path, spoil=None):
    """Write a manifest of two good utterances and ``bad``, whose file ``spoil`` writes."""
    noise = np.random.default_rng(0).normal(0, 0.1, 1_600)
    for name in (*GOOD, "bad"):
        soundfile.write(tmp_path / f"{name}.wav", noise, 16_000, subtype="FLOAT")
    if spoil is not None:
        spoil(tmp_path / "bad.wav")
    path = tmp_path / "manifest.csv"
    path.write_text("file,split,emotion,transcript\ngood1.wav,train,sad,hello\nbad.wav,train,sad,hi\ngood2.wav,dev,happy,you\n")
    return path


def write(path, samples, rate=16_000):
    soundfile.write(path, samples, rate, subtype="FLOAT")


@pytest.mark.parametrize(
    ("spoil", "counted"),
    [
        (lambda path: write(path, np.zeros(1_600)), "silent"),
        (lambda path: write(path, np.full(80, 0.1)), "very_short"),
        (lambda path: write(path, np.full(4_410, 0.1), 44_100), "resampled"),
        (lambda path: write(path, np.full((1_600, 2), 0.1)), "mixed_to_mono"),
    ],
)
def test_what_is_odd_but_usable_goes_on_and_is_counted(tmp_path, spoil, counted):
    counts = load_table("manifest", path=corpus(tmp_path, spoil)).info.counts
    assert {name: n for name, n in counts.items() if n} == {counted: 1}


def test_a_missing_transcript_goes_on_and_is_counted(tmp_path):
    path = corpus(tmp_path)
    path.write_text(path.read_text().replace(",hello", ","))
    table = load_table("manifest", path=path)
    assert table.column("transcript") == [None, "hi", "you"]
    assert table.info.counts["without_transcript"] == 1


def nan(path):
    write(path, np.full(100, np.nan))


def cut(path):
    path.write_bytes(path.read_bytes()[:2_000])


BAD_AUDIO = [
    (lambda path: path.unlink(), "no such audio file"),
    (lambda path: write(path, np.zeros(0)), "no samples"),
    (lambda path: path.write_text("hello"), "not readable as audio"),
    (nan, "not finite"),
    (cut, "cut short"),
]


@pytest.mark.parametrize(("spoil", "words"), BAD_AUDIO)
def test_bad_audio_is_one_line_that_names_file_utterance_and_way_out(tmp_path, spoil, words):
    with pytest.raises(CorpusError, match=rf"^utterance 'bad': .*bad\.wav: .*{words}.*on_bad_utterance: skip$") as error:
        load_table("manifest", path=corpus(tmp_path, spoil))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("spoil", "words"), BAD_AUDIO)
def test_skip_goes_on_without_bad_audio_and_lists_it(tmp_path, spoil, words):
    table = load_table("manifest", path=corpus(tmp_path, spoil), on_bad_utterance="skip")
    assert table.column("id") == list(GOOD)
    ((id, reason),) = table.info.skipped
    assert id == "bad"
    assert words in reason


def test_skipped_utterances_travel_with_the_table(tmp_path):
    table = load_table("manifest", path=corpus(tmp_path, cut), on_bad_utterance="skip")
    table.save(tmp_path / "table.parquet")
    assert load_table("table", path=tmp_path / "table.parquet").info == table.info


def test_a_corpus_without_a_usable_utterance_is_refused(tmp_path):
    path = corpus(tmp_path)
    path.write_text("file,split,emotion\nnone.wav,train,sad\n")
    with pytest.raises(CorpusError, match=r"no utterance that can be used \(1 have faults\)"):
        load_table("manifest", path=path, on_bad_utterance="skip")


def test_a_split_that_loses_all_its_utterances_is_empty(tmp_path):
    path = corpus(tmp_path, cut)
    path.write_text(path.read_text().replace("bad.wav,train", "bad.wav,test"))
    table = load_table("manifest", path=path, on_bad_utterance="skip")
    with pytest.raises(CorpusError, match=r"no utterance in split 'test' \(found: train 1, dev 1\)"):
        table.indices("test")


def test_the_same_sound_has_the_same_fingerprint_wherever_it_lies(tmp_path):
    tables = []
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        tables.append(load_table("manifest", path=corpus(tmp_path / place)))
    assert tables[0].info.fingerprint == tables[1].info.fingerprint


def test_roles_are_declared_by_split(tmp_path):
    table = load_table("manifest", path=corpus(tmp_path), roles={"dev": "hold"})
    assert table.info.roles == {"train": "fit", "dev": "hold"}
    table.save(tmp_path / "table.parquet")
    assert load_table("table", path=tmp_path / "table.parquet", roles={"dev": "tune"}).info.roles["dev"] == "tune"
    with pytest.raises(ConfigError, match="no split 'dve'"):
        load_table("manifest", path=corpus(tmp_path), roles={"dve": "hold"})


def test_progress_is_told_file_by_file(tmp_path):
    told = []
    load_table("manifest", path=corpus(tmp_path), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("reader", "options", "words"),
    [
        ("msp", {}, r"no corpus reader 'msp' \(known: msp_podcast, manifest, hub, synthetic, table\)"),
        ("manifesto", {}, "Did you mean 'manifest'"),
        ("msp_podcast", {"rot": "x"}, "reader 'msp_podcast' has no option 'rot' .*Did you mean 'root'"),
        ("msp_podcast", {}, "reader 'msp_podcast': missing a required argument: 'root'"),
        ("table", {}, "reader 'table': missing a required argument: 'path'"),
        ("table", {"root": "x"}, "reader 'table' has no option 'root'"),
        ("hub", {"nam": "x"}, "reader 'hub' has no option 'nam' .*Did you mean 'name'"),
        ("manifest", {"path": "x", "faults": "x"}, "reader 'manifest' has no option 'faults'"),
        ("manifest", {"path": "x", "on_bad_utterance": "skpi"}, "on_bad_utterance is 'skpi', expected 'error' or 'skip'"),
    ],
)
def test_readers_and_options_are_known_by_name(reader, options, words):
    with pytest.raises(ConfigError, match=words):
        load_table(reader, **options)
