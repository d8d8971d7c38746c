"""``emojudge corpus table`` prints the forms of one table and draws where it is told to, never on standard output."""

import csv
import io
import json

import pytest

from emojudge.cli.main import main


@pytest.fixture(scope="module")
def saved(tiny_table, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "table.parquet"
    tiny_table.save(path)
    return path


def test_it_prints_the_table_beside_the_papers(saved, capsys):
    assert main(["corpus", "table", str(saved)]) == 0
    text = capsys.readouterr().out
    assert "paper: Train" in text
    assert "66,992" in text
    assert "Fear would be 0.14 %" in text


def test_forms_agree(saved, capsys):
    assert main(["corpus", "table", str(saved), "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert main(["corpus", "table", str(saved), "--csv"]) == 0
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert main(["corpus", "table", str(saved), "--markdown"]) == 0
    markdown = capsys.readouterr().out
    train = next(split for split in plain["splits"] if split["split"] == "train")
    assert train["n_utterances"] == 35
    line = next(line for line in lines if (line["split"], line["what"]) == ("train", "angry"))
    assert int(line["n"]) == train["classes"]["angry"]
    assert f"| angry | {train['percent']['angry']:.2f} | 10.05 |" in markdown


def test_figures_go_to_their_folder_and_their_names_to_stderr(saved, capsys, tmp_path):
    assert main(["corpus", "table", str(saved), "--csv", "--figures", str(tmp_path / "figures"), "--format", "svg"]) == 0
    out, err = capsys.readouterr()
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["attributes.svg", "classes.svg", "durations.svg"]
    assert out.startswith("split,role,what,")
    assert "classes.svg" not in out
    assert err.count(".svg") == 3


def test_utterances_that_cannot_be_used_are_not_counted_and_said(tmp_path, capsys):
    path = tmp_path / "manifest.csv"
    path.write_text("id,split,emotion,transcript\na,train,sad,x\nb,train,angry,y\nc,train,mirth,z\n")
    more = ["--corpus.options.audio", "false", "--corpus.options.classes", "[angry, sad]", "--markdown"]
    assert main(["corpus", "table", str(path), *more]) == 0
    text = capsys.readouterr().out
    assert "| utterances | 2 |" in text
    assert "1 utterance that cannot be used is not counted; emojudge corpus check lists them." in text


def test_only_one_form_at_a_time(saved, capsys):
    assert main(["corpus", "table", str(saved), "--csv", "--json"]) == 2
    assert "not allowed with" in capsys.readouterr().err


def test_a_split_to_tune_on_that_is_not_there_is_told_by_the_name_of_its_setting(tmp_path, capsys):
    (tmp_path / "texts.csv").write_text("id,split,emotion,transcript\na,train,sad,hi\nb,dev,sad,ho\n")
    assert main(["corpus", "table", str(tmp_path / "texts.csv"), "--corpus.options.audio", "false", "--tune_on", "dev2"]) == 1
    assert capsys.readouterr().err.endswith(f"tune_on: manifest {tmp_path / 'texts.csv'} has no split 'dev2' (found: train, dev)\n")


def test_names_in_brackets_are_printed_and_style_nothing(tmp_path, capsys):
    folder = tmp_path / "old [bold]files"
    folder.mkdir()
    (folder / "texts.csv").write_text("id,split,emotion,transcript\na,train,[sad],hi\nb,[test],angry,ho\n")
    more = ["--corpus.options.audio", "false", "--corpus.options.classes", "['[sad]', angry]"]
    assert main(["corpus", "table", str(folder / "texts.csv"), *more]) == 0
    text = capsys.readouterr().out
    assert "old[bold]files" in "".join(text.split())  # the title is broken where the table ends
    assert "[test] (hold)" in text
    assert "[sad]" in text
