"""``emojudge corpus transcribe`` writes a table that other commands take, and says what it did."""

import pytest

from emojudge.cli.main import main
from emojudge.corpus import load_table


@pytest.fixture
def saved(spoken, tmp_path):
    spoken.save(tmp_path / "in.parquet")
    return str(tmp_path / "in.parquet")


def run(*arguments):
    return main(["corpus", "transcribe", *arguments, "--device", "cpu"])


def test_it_writes_the_table_and_prints_the_error_rates(saved, ctc, tmp_path, capsys):
    out = tmp_path / "out.parquet"
    assert run(saved, "--model", ctc, "--out", str(out), "--wer") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{out}: 2 transcripts by asr:tiny-ctc, 1 without a word, 1 left as they were, having no audio"
    assert [line.partition(":")[0] for line in lines[1:]] == ["train", "dev", "all"]
    assert lines[1].endswith("(3 words that people wrote in 2 utterances)")
    table = load_table("table", path=out)
    assert table.column("transcript_source") == ["human"] * 3 + ["asr:tiny-ctc"] * 3 + ["none"]
    first = out.read_bytes()
    assert run(saved, "--model", ctc, "--out", str(out), "--wer") == 0
    assert capsys.readouterr().out.splitlines() == lines
    assert out.read_bytes() == first


def test_a_manifest_is_transcribed_in_one_command(tiny_table, ctc, tmp_path):
    rows = [f"{path},{split},neutral" for path, split in zip(tiny_table.column("audio"), tiny_table.column("split"), strict=True)][:40]
    (tmp_path / "manifest.csv").write_text("\n".join(["file,split,emotion", *rows]))
    assert run(str(tmp_path / "manifest.csv"), "--model", ctc, "--out", str(tmp_path / "t.parquet")) == 0
    table = load_table("table", path=tmp_path / "t.parquet")
    assert set(table.column("transcript_source")) == {"asr:tiny-ctc"}
    assert None not in table.column("transcript")


def test_the_table_itself_may_be_filled_but_not_overwritten(saved, ctc, capsys):
    assert run(saved, "--model", ctc, "--out", saved, "--all") == 1
    assert "is the corpus itself; --all would replace the transcripts in it: name another file" in capsys.readouterr().err
    assert load_table("table", path=saved).column("transcript_source").count("human") == 3
    assert run(saved, "--model", ctc, "--out", saved) == 0
    assert load_table("table", path=saved).column("transcript_source").count("asr:tiny-ctc") == 3


def test_what_would_be_lost_or_cannot_be_written_is_refused_first(ctc, tmp_path, tiny_table, capsys):
    manifest = tmp_path / "manifest.csv"
    manifest.write_text(f"file,split,emotion\n{tiny_table.column('audio')[0]},train,neutral\n")
    assert run(str(manifest), "--model", ctc, "--out", str(manifest)) == 1
    assert "is a file of the corpus; name another one for the table" in capsys.readouterr().err
    assert run(str(manifest), "--model", ctc, "--out", str(tmp_path)) == 1
    assert "is a folder; name a file" in capsys.readouterr().err
    assert run(str(manifest), "--model", ctc, "--out", str(tmp_path / "new.csv")) == 1
    assert "a table is a parquet file; name one that ends in .parquet, such as" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["manifest.csv"]


def test_a_missing_folder_is_one_line(saved, tmp_path, capsys):
    assert run(saved, "--model", "./nowhere", "--out", str(tmp_path / "out.parquet")) == 1
    error = capsys.readouterr().err
    assert error.startswith("emojudge: there is no folder ./nowhere; a model's folder must hold config.json")
    assert error.count("\n") == 1
    assert not (tmp_path / "out.parquet").exists()


def test_unusable_audio_is_counted_and_named(saved, spoken, ctc, tmp_path, capsys):
    with open(spoken.column("audio")[3], "wb") as file:
        file.write(b"not audio")
    out = str(tmp_path / "out.parquet")
    assert run(saved, "--model", ctc, "--out", out) == 1
    assert "utterance 'd'" in capsys.readouterr().err
    assert run(saved, "--model", ctc, "--out", out, "--on-bad-utterance", "skip") == 0
    shown = capsys.readouterr().out
    assert "1 left as they were, their audio being unusable" in shown
    assert "d.wav" in shown
