"""``emojudge prepare``: says how large it will be, makes it, finds it again, and refuses in one line."""

import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from emojudge.cli import main as cli
from emojudge.corpus import Table, read_table
from emojudge.data.store import AudioStore


@pytest.fixture
def saved(tiny_table: Table, tmp_path: Path) -> Path:
    """A saved table in a folder of its own."""
    (tmp_path / "run").mkdir()
    tiny_table.save(tmp_path / "run" / "table.parquet")
    return tmp_path / "run" / "table.parquet"


def test_it_prepares_a_saved_table_and_says_so(saved: Path, tiny_table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["prepare", str(saved), "--workers", "1"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    hours = sum(tiny_table.column("duration_s")) / 3600
    path = saved.with_name("table.audio")
    assert first == f"{path}: 64 utterances, {hours:.1f} h, 0.00 GB at 16000 Hz"
    assert second == f"{path}: 64 utterances stored"
    assert AudioStore(path).rows_of(tiny_table).tolist() == list(range(64))


def test_a_second_start_finds_it_and_check_reads_it(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["prepare", str(saved.parent)]) == 0  # the folder of a run names its table
    samples = saved.with_name("table.audio") / "samples.int16"
    before = samples.stat().st_mtime_ns
    capsys.readouterr()
    assert cli.main(["prepare", str(saved)]) == 0
    assert capsys.readouterr().out.endswith("prepared already (--check reads all of it)\n")
    assert cli.main(["prepare", str(saved), "--check"]) == 0
    assert capsys.readouterr().out.endswith("intact\n")
    assert samples.stat().st_mtime_ns == before
    content = bytearray(samples.read_bytes())
    content[-1] ^= 1
    samples.write_bytes(content)
    assert cli.main(["prepare", str(saved), "--check"]) == 1
    error = capsys.readouterr().err
    assert "damaged samples of 1 utterance" in error
    assert error.count("\n") == 1
    assert cli.main(["prepare", str(saved), "--rebuild"]) == 0
    assert cli.main(["prepare", str(saved), "--check"]) == 0


def test_check_of_what_is_not_there_writes_nothing(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["prepare", str(saved), "--check"]) == 1
    assert "there is no prepared audio; make it with 'emojudge prepare SOURCE'" in capsys.readouterr().err
    assert [entry.name for entry in saved.parent.iterdir()] == ["table.parquet"]


def test_other_audio_is_refused_until_it_is_asked_for(saved: Path, tiny_table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["prepare", str(saved)]) == 0
    tiny_table.with_columns(id=[f"new_{id}" for id in tiny_table.column("id")]).save(saved)
    capsys.readouterr()
    assert cli.main(["prepare", str(saved)]) == 1
    assert "lacks the sound of 64 utterances of" in capsys.readouterr().err
    assert cli.main(["prepare", str(saved), "--rebuild"]) == 0
    assert AudioStore(saved.with_name("table.audio")).index.ids == read_table(saved).column("id")


def test_out_takes_the_store_elsewhere(saved: Path, tmp_path: Path) -> None:
    assert cli.main(["prepare", str(saved), "--out", str(tmp_path / "scratch")]) == 0
    assert len(AudioStore(tmp_path / "scratch" / "table.audio")) == 64
    assert not saved.with_name("table.audio").exists()


def test_a_corpus_that_is_read_gets_its_table_beside_its_audio(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seconds, name in enumerate(("one", "two"), start=1):
        soundfile.write(tmp_path / f"{name}.wav", [1.5] * 16000 * seconds, 16000, subtype="FLOAT")
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("file,split,emotion\none.wav,train,angry\ntwo.wav,dev,sad\n")
    command = ["prepare", str(manifest), "--out", str(tmp_path / "out")]
    assert cli.main(command) == 0
    assert capsys.readouterr().out.endswith(
        "2 utterances stored; 48000 samples of 2 utterances (one, two) were louder than full scale and are clipped\n"
    )
    store, table = AudioStore(tmp_path / "out" / "table.audio"), read_table(tmp_path / "out" / "table.parquet")
    assert store.rows_of(table).tolist() == [0, 1]
    assert cli.main(command) == 0
    manifest.write_text("file,split,emotion\ntwo.wav,dev,sad\n")
    capsys.readouterr()
    assert cli.main(command) == 1
    assert "table.parquet: the table of another corpus; --rebuild replaces it and its audio" in capsys.readouterr().err
    assert cli.main([*command, "--rebuild"]) == 0
    assert len(AudioStore(tmp_path / "out" / "table.audio")) == 1


def test_an_empty_folder_is_filled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "one.wav", [0.5] * 16000, 16000)
    (tmp_path / "manifest.csv").write_text("file,split,emotion\none.wav,train,angry\n")
    (tmp_path / "out" / "table.audio").mkdir(parents=True)
    assert cli.main(["prepare", str(tmp_path / "manifest.csv"), "--out", str(tmp_path / "out")]) == 0
    assert "1 utterance stored" in capsys.readouterr().out


def test_a_file_that_vanished_is_named_with_its_utterance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "one.wav", [0.5] * 16000, 16000)
    (tmp_path / "manifest.csv").write_text("file,split,emotion\none.wav,train,angry\n")
    assert cli.main(["prepare", str(tmp_path / "manifest.csv"), "--out", str(tmp_path / "out")]) == 0
    (tmp_path / "one.wav").unlink()
    assert cli.main(["prepare", str(tmp_path / "out"), "--rebuild"]) == 1
    assert "utterance 'one': " in capsys.readouterr().err


def test_what_is_left_out_of_a_corpus_is_counted_when_it_is_read_and_cannot_be_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "one.wav", [0.5] * 16000, 16000)
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("file,split,emotion\none.wav,train,angry\nlost.wav,train,sad\n")
    for command in (["prepare", str(manifest), "--out", str(tmp_path / "out")], ["corpus", "split", str(manifest), "--column", "emotion"]):
        command += [] if command[0] == "prepare" else ["--map", "angry=train", "--out", str(tmp_path / "splits.csv")]
        assert cli.main([*command, "--on-bad-utterance", "skip"]) == 0
        assert "1 utterance left out (lost); emojudge corpus check says why" in capsys.readouterr().err
    assert cli.main(["prepare", str(tmp_path / "out")]) == 0
    assert "left out" not in capsys.readouterr().err
    assert cli.main(["prepare", str(tmp_path / "out"), "--on-bad-utterance", "skip"]) == 2
    assert "--on-bad-utterance skip is for a corpus that is read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["MANIFEST"], "--out is needed for a corpus that is not a saved table"),
        (["MANIFEST", "--out", "x", "--workers", "0"], "argument --workers: 0, expected a positive number"),
        (["MANIFEST", "--out", "x", "--rebild"], "Did you mean '--rebuild'?"),
        (["MANIFEST", "--out", "x", "--rebuild", "--check"], "--check writes nothing; give one of them"),
    ],
)
def test_usage_errors_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    (tmp_path / "manifest.csv").write_text("file,split,emotion\n")
    arguments = [str(tmp_path / "manifest.csv") if argument == "MANIFEST" else argument for argument in arguments]
    assert cli.main(["prepare", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_help_needs_no_heavy_package() -> None:
    code = (
        "import sys; from emojudge.cli.main import main; main(['prepare', '--help']);"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'torch', 'datasets', 'rich')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, stdout=subprocess.DEVNULL).returncode == 0
