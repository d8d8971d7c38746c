"""A table gets the transcripts that it lacks, everything else stays, and what was heard once is not heard again."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_recognizers import sound

from emojudge.audio import load_audio
from emojudge.corpus import load_table
from emojudge.corpus.table import COLUMNS
from emojudge.errors import AudioError, ConfigError, CorpusError
from emojudge.transcribe import models as models_module
from emojudge.transcribe import transcribe_table
from emojudge.transcribe.models import find_model, load_recognizer

FILLED = ["d", "e"]


def alone(model, table, id, **options):
    """Return the words of one recording, heard alone."""
    path = table.column("audio")[table.column("id").index(id)]
    return " ".join(load_recognizer(find_model(model), device="cpu", **options)([load_audio(path)])[0].split()) or None


def by_id(table, column):
    return dict(zip(table.column("id"), table.column(column), strict=True))


@pytest.fixture
def loads(monkeypatch):
    """Recordings that were given to a recogniser, in order of hearing, by number of samples."""
    heard = []

    def load(*arguments, **options):
        listener = load_recognizer(*arguments, **options)

        class Counting:
            sample_rate = listener.sample_rate

            def __call__(self, waveforms):
                heard.extend(len(waveform) for waveform in waveforms)
                return listener(waveforms)

        return Counting()

    monkeypatch.setattr(models_module, "load_recognizer", load)
    return heard


@pytest.mark.parametrize("kind", ["ctc", "whisper"])
def test_missing_transcripts_are_those_of_one_recording_at_a_time(spoken, kind, request):
    model = request.getfixturevalue(kind)
    done = transcribe_table(spoken, model, device="cpu", batch_size=4)
    words = by_id(done.table, "transcript")
    assert {id: words[id] for id in FILLED} == {id: alone(model, spoken, id) for id in FILLED}
    assert done.source == f"asr:tiny-{kind}"
    assert (done.n_filled, done.n_wordless, done.n_without_audio, done.unusable) == (2, 1, 1, {})


def test_human_transcripts_and_everything_else_stay(spoken, ctc, tmp_path):
    table = transcribe_table(spoken, ctc, device="cpu").table
    for column in COLUMNS:
        if column not in ("transcript", "transcript_source"):
            assert table.column(column) == spoken.column(column)
    human = {id: text for id, text in by_id(spoken, "transcript").items() if text is not None}
    assert len(human) == 3
    assert human.items() <= by_id(table, "transcript").items()
    assert by_id(table, "transcript_source") == {
        **dict.fromkeys("abc", "human"),
        **dict.fromkeys(["d", "e", "quiet"], "asr:tiny-ctc"),
        "mute": "none",
    }
    assert table.info.counts == {"silent": 1, "without_transcript": 2}
    assert (table.info.caution, table.info.roles) == (spoken.info.caution, spoken.info.roles)
    assert table.info.fingerprint != spoken.info.fingerprint
    table.save(tmp_path / "table.parquet")
    saved = load_table("table", path=tmp_path / "table.parquet")
    assert saved.info == table.info
    assert saved.column("transcript") == table.column("transcript")


def test_a_silent_recording_is_without_a_word_and_not_listened_to(spoken, whisper, loads):
    done = transcribe_table(spoken, whisper, device="cpu")
    assert sorted(loads) == [12800, 41600]
    assert by_id(done.table, "transcript")["quiet"] is None
    assert by_id(done.table, "transcript_source")["quiet"] == "asr:tiny-whisper"


def test_listening_to_check_changes_nothing_in_the_table(spoken, ctc):
    plain, checked = (transcribe_table(spoken, ctc, device="cpu", check=check) for check in (False, True))
    assert checked.table.rows.to_dict() == plain.table.rows.to_dict()
    assert checked.table.info == plain.table.info
    assert sorted(plain.heard) == ["d", "e", "quiet"]
    assert sorted(checked.heard) == ["a", "b", "c", "d", "e", "quiet"]
    assert checked.heard["a"] == alone(ctc, spoken, "a")


def test_all_transcripts_are_replaced_on_request_where_there_is_audio(spoken, ctc):
    texts = [*spoken.column("transcript")[:-1], "typed"]
    sources = [*spoken.column("transcript_source")[:-1], "human"]
    done = transcribe_table(spoken.with_columns(transcript=texts, transcript_source=sources), ctc, device="cpu", overwrite=True)
    assert by_id(done.table, "transcript") == {**{id: alone(ctc, spoken, id) for id in "abcde"}, "quiet": None, "mute": "typed"}
    assert by_id(done.table, "transcript_source")["mute"] == "human"
    assert done.n_filled == 5


def test_the_same_again_listens_to_nothing(spoken, ctc, tmp_path, loads):
    first = transcribe_table(spoken, ctc, device="cpu", journal=tmp_path / "j")
    assert len(loads) == 2
    before = (tmp_path / "j").read_bytes()
    told = []
    again = transcribe_table(spoken, ctc, device="cpu", journal=tmp_path / "j", progress=lambda *now: told.append(now))
    assert len(loads) == 2
    assert again.table.info == first.table.info
    assert (again.heard, again.n_filled, again.n_wordless) == (first.heard, 2, 1)
    assert (tmp_path / "j").read_bytes() == before
    assert told == [(3, 3)]


def test_what_was_interrupted_goes_on_and_ends_the_same(spoken, ctc, tmp_path, loads):
    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    whole = transcribe_table(spoken, ctc, device="cpu", check=True)
    loads.clear()
    with pytest.raises(KeyboardInterrupt):
        transcribe_table(spoken, ctc, device="cpu", batch_size=2, check=True, journal=tmp_path / "j", progress=stop)
    assert loads == [41600, 22400]  # the two longest
    resumed = transcribe_table(spoken, ctc, device="cpu", batch_size=2, check=True, journal=tmp_path / "j")
    assert loads == [41600, 22400, 16000, 12800, 9600]
    assert resumed.heard == whole.heard
    assert resumed.table.info == whole.table.info


@pytest.mark.slow
def test_a_killed_process_loses_no_batch_that_was_done(spoken, ctc, tmp_path, loads):
    spoken.save(tmp_path / "in.parquet")
    code = (
        "import os, signal, sys; from emojudge.corpus import load_table; from emojudge.transcribe import transcribe_table\n"
        "def stop(done, total):\n    if done == 4: os.kill(os.getpid(), signal.SIGKILL)\n"
        "transcribe_table(load_table('table', path=sys.argv[1]), sys.argv[2], device='cpu', batch_size=2, check=True,"
        " journal=sys.argv[3], progress=stop)"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path / "in.parquet"), ctc, str(tmp_path / "j")]
    assert subprocess.run(arguments, check=False, env=dict(os.environ)).returncode == -signal.SIGKILL
    with (tmp_path / "j").open("ab") as file:
        file.write(b'{"key": "torn')
    resumed = transcribe_table(spoken, ctc, device="cpu", batch_size=2, check=True, journal=tmp_path / "j")
    assert loads == [9600]  # the other one that was left is silent
    assert resumed.heard == transcribe_table(spoken, ctc, device="cpu", check=True).heard


def test_other_sound_another_model_or_other_settings_are_heard_anew(spoken, whisper, tmp_path, loads):
    def listen(table=spoken, model=whisper, **options):
        loads.clear()
        transcribe_table(table, model, device="cpu", journal=tmp_path / "j", **options)
        return sorted(loads)

    assert listen() == [12800, 41600]
    digests = [f"{digest} changed" if id == "d" else digest for id, digest in by_id(spoken, "audio_digest").items()]
    assert listen(spoken.with_columns(audio_digest=digests)) == [12800]
    assert listen(language="pl") == [12800, 41600]
    assert listen(dtype="bfloat16") == [12800, 41600]
    other = shutil.copytree(whisper, tmp_path / "other")
    assert listen(model=str(other)) == []  # the same model elsewhere
    settings = json.loads((other / "generation_config.json").read_text())
    (other / "generation_config.json").write_text(json.dumps({**settings, "max_length": 8}))
    assert listen(model=str(other)) == [12800, 41600]
    assert listen(batch_size=1) == []


def test_unusable_audio_stops_with_its_name_or_is_left_and_listed(spoken, ctc, tmp_path):
    broken = Path(by_id(spoken, "audio")["d"])
    broken.write_bytes(broken.read_bytes()[:2000])
    with pytest.raises(AudioError, match=r"utterance 'd': .*d\.wav"):
        transcribe_table(spoken, ctc, device="cpu", journal=tmp_path / "j")
    kept = [json.loads(line)["id"] for line in (tmp_path / "j").read_text().splitlines()]
    assert kept == ["e", "quiet"]  # of the same batch
    done = transcribe_table(spoken, ctc, device="cpu", on_bad_utterance="skip", journal=tmp_path / "j")
    assert list(done.unusable) == ["d"]
    assert "d.wav" in done.unusable["d"]
    assert (by_id(done.table, "transcript")["d"], by_id(done.table, "transcript_source")["d"]) == (None, "none")
    assert done.n_filled == 1
    assert b'"d"' not in (tmp_path / "j").read_bytes()


def test_a_device_without_memory_is_one_line(spoken, ctc, monkeypatch):
    import torch

    def exhausted(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate ...")

    monkeypatch.setattr("transformers.Wav2Vec2ForCTC.forward", exhausted)
    with pytest.raises(ConfigError, match=r"ran out of memory over 2 recordings of up to 3 s; choose a batch size below 16"):
        transcribe_table(spoken, ctc, device="cpu")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"dtype": "int8"}, "dtype is 'int8', expected one of float32, float16, bfloat16"),
        ({"device": "gpu"}, "there is no device 'gpu'"),
        ({"language": "pl"}, "a language is chosen for Whisper models"),
    ],
)
def test_an_option_that_does_not_fit_is_refused_before_anything(spoken, ctc, options, words, loads):
    with pytest.raises(ConfigError, match=words):
        transcribe_table(spoken, ctc, **options)
    assert loads == []


def test_a_journal_needs_digests_to_know_sound_by(spoken, ctc, tmp_path):
    table = spoken.with_columns(audio_digest=[None] * len(spoken))
    with pytest.raises(CorpusError, match="utterance 'd' has audio without a digest to know it by"):
        transcribe_table(table, ctc, device="cpu", journal=tmp_path / "j")
    assert transcribe_table(table, ctc, device="cpu").n_filled == 2


def test_a_recording_of_a_few_samples_and_one_of_minutes_are_heard(spoken, ctc):
    import soundfile

    audio = by_id(spoken, "audio")
    soundfile.write(audio["d"], sound(3), 16000, subtype="FLOAT")
    soundfile.write(audio["e"], sound(8000 * 95), 8000, subtype="FLOAT")
    done = transcribe_table(spoken, ctc, device="cpu")
    assert len(by_id(done.table, "transcript")["d"]) == 1
    assert len(by_id(done.table, "transcript")["e"]) > 1000
