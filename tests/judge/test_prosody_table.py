"""Records of a table: in processes, from a cache, after an interruption."""

import numpy as np
import pytest
import soundfile

from emojudge.corpus.table import TableInfo, build_table
from emojudge.errors import AudioError, JudgeError
from emojudge.judge import describe_table, prosody_table
from emojudge.judge.prosody_table import load_records, save_records


@pytest.fixture
def table(tmp_path):
    paths = []
    for i in range(4):
        paths.append(str(tmp_path / f"{i}.wav"))
        soundfile.write(paths[-1], 0.1 * np.sin(2 * np.pi * (100 + 40 * i) * np.arange(8000) / 16_000), 16_000)
    columns = {
        "id": ["a", "b", "c", "d", "text only"],
        "split": ["train"] * 5,
        "audio": [*paths, None],
        "audio_digest": ["0", "1", "2", "3", None],
        "transcript": ["one two", None, "three", "four", "five"],
    }
    return build_table(columns, TableInfo("tones"))


def test_every_utterance_with_audio_is_described(table):
    seen = []
    records = describe_table(table, progress=lambda *step: seen.append(step))
    assert list(records) == ["a", "b", "c", "d"]
    assert [round(record.pitch_hz, -1) for record in records.values()] == [100, 140, 180, 220]
    assert records["a"].words_per_s == pytest.approx(4, rel=0.05)
    assert records["b"].words_per_s is None
    assert seen == [(n, 4) for n in range(1, 5)]


def test_processes_give_what_one_process_gives(table):
    assert describe_table(table, jobs=2) == describe_table(table)


def test_records_survive_parquet(table, tmp_path):
    records = describe_table(table)
    save_records(tmp_path / "records.parquet", records)
    assert load_records(tmp_path / "records.parquet") == records


def test_the_cache_is_not_measured_again_and_transcripts_are_not_in_it(table, tmp_path, monkeypatch):
    cache = tmp_path / "prosody.parquet"
    first = describe_table(table, cache=cache)
    monkeypatch.setattr(prosody_table, "measure_prosody", lambda *_: pytest.fail("measured again"))
    assert describe_table(table, cache=cache) == first
    other_words = table.with_columns(transcript=["one two three four", None, None, None, None])
    again = describe_table(other_words, ["c", "a"], cache=cache)
    assert list(again) == ["c", "a"]
    assert again["a"].words_per_s == pytest.approx(2 * first["a"].words_per_s)


def test_what_was_measured_before_an_interruption_is_kept(table, tmp_path, monkeypatch):
    cache = tmp_path / "prosody.parquet"
    measure = prosody_table.measure_prosody
    calls = []

    def interrupted(wave, rate):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return measure(wave, rate)

    monkeypatch.setattr(prosody_table, "measure_prosody", interrupted)
    with pytest.raises(KeyboardInterrupt):
        describe_table(table, cache=cache)
    assert set(load_records(cache)) == {"0", "1"}
    assert len(describe_table(table, cache=cache)) == 4
    assert len(calls) == 3 + 2


def test_sound_that_changed_is_measured_anew(table, tmp_path):
    cache = tmp_path / "prosody.parquet"
    describe_table(table, cache=cache)
    soundfile.write(tmp_path / "0.wav", 0.1 * np.sin(2 * np.pi * 300 * np.arange(8000) / 16_000), 16_000)
    changed = table.with_columns(audio_digest=["new", "1", "2", "3", None])
    assert describe_table(changed, cache=cache)["a"].pitch_hz == pytest.approx(300, rel=0.02)


def test_records_of_another_version_are_measured_anew(table, tmp_path, monkeypatch):
    cache = tmp_path / "prosody.parquet"
    describe_table(table, cache=cache)
    monkeypatch.setattr(prosody_table, "VERSION", 99)
    assert load_records(cache) == {}


def test_a_file_of_another_kind_is_not_taken_for_a_cache(table, tmp_path):
    table.save(tmp_path / "table.parquet")
    (tmp_path / "text.parquet").write_text("not parquet")
    with pytest.raises(JudgeError, match="not a file of prosody records"):
        describe_table(table, cache=tmp_path / "table.parquet")
    with pytest.raises(JudgeError, match="not readable as parquet"):
        describe_table(table, cache=tmp_path / "text.parquet")


def test_faults_name_the_utterance(table, tmp_path):
    (tmp_path / "2.wav").unlink()
    with pytest.raises(AudioError, match=r"utterance 'c': .*2\.wav"):
        describe_table(table)
    with pytest.raises(JudgeError, match="no utterance e"):
        describe_table(table, ["a", "e"])
