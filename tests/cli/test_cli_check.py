"""``emojudge corpus check``: text, JSON and exit status; a broken corpus is a report and never a traceback."""

import json

import numpy as np
import pytest
import soundfile

from emojudge.cli.main import main


@pytest.fixture
def manifest(tmp_path):
    """Two splits of ten utterances without a fault."""
    lines = ["file,split,emotion,speaker,transcript"]
    for i in range(20):
        soundfile.write(tmp_path / f"u{i}.wav", np.random.default_rng(i).normal(0, 0.1, 4_000), 16_000)
        split = "train" if i < 10 else "test"
        lines.append(f"u{i}.wav,{split},{'sad' if i % 2 else 'angry'},{split}-{i % 3},in {split} this is number {i}")
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def check(path, *more):
    return main(["corpus", "check", str(path), "--corpus.options.classes", "[angry, sad]", *more])


def test_a_clean_corpus_says_so_and_exits_0(manifest, capsys):
    assert check(manifest) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"manifest {manifest}: train 10, test 10\n")
    assert text.endswith("\nNo error and no warning; 2 notes.\n")


def test_warnings_alone_exit_0(manifest, capsys):
    replace(manifest, "in train this is number 3", "...")
    assert check(manifest) == 0
    text = capsys.readouterr().out
    assert "warning transcript_wordless: 1 transcript without a letter or a digit (train 1)\n    u3\n" in text
    assert text.endswith("\n1 warning, 2 notes.\n")


def test_errors_exit_1_with_the_reason_of_each_utterance(manifest, capsys):
    replace(manifest, "u12.wav,test,angry", "u12.wav,test,wrath")
    assert check(manifest) == 1
    text = capsys.readouterr().out
    assert "error unusable: 1 utterance cannot be used\n    u12: " in text
    assert "line 14: class 'wrath' is not in the class list" in text


def test_a_line_break_or_an_escape_in_an_id_stays_in_its_line(tmp_path, capsys):
    (tmp_path / "texts.csv").write_text('id,split,emotion,transcript\n"a\nb\x1b[31m",train,wrath,hi\n')
    assert check(tmp_path / "texts.csv", "--corpus.options.audio", "false") == 1
    assert "\n    a\\nb\\x1b[31m: " in capsys.readouterr().out


def test_an_unknown_option_is_told_by_the_command_and_no_option_of_another_is_suggested(manifest, capsys):
    assert check(manifest, "--per-clas", "3") == 2
    error = capsys.readouterr().err
    assert error == "emojudge corpus check: unrecognized arguments: --per-clas 3. See emojudge corpus check --help.\n"


@pytest.mark.parametrize(("more", "shown"), [([], 5), (["--all-ids"], 10)])
def test_the_first_ids_are_shown_or_all(manifest, capsys, more, shown):
    for i in range(10):
        replace(manifest, f"in train this is number {i}\n", "...\n")
    check(manifest, *more)
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("    u0"))
    assert line.count("u") == shown
    assert line.endswith(" and 5 more") is (shown == 5)


def test_json_has_every_id_and_nothing_else_on_stdout(manifest, capsys, tmp_path):
    for i in range(10):
        replace(manifest, f"in train this is number {i}\n", "...\n")
    assert check(manifest, "--json", "-") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["findings"][0]["ids"] == [f"u{i}" for i in range(10)]
    assert check(manifest, "--json", str(tmp_path / "report.json")) == 0
    assert json.loads((tmp_path / "report.json").read_text()) == printed
    assert "warning" in capsys.readouterr().out


def test_roles_of_the_command_line_decide(manifest, capsys):
    replace(manifest, "test-1", "train-1")
    assert check(manifest) == 1
    assert "1 speaker is in both train (fit, 3 utterances) and test (hold, 4 utterances)\n    train-1\n" in capsys.readouterr().out
    assert check(manifest, "--roles", "{train: hold}") == 0


def test_a_transcript_or_name_with_brackets_is_printed_as_it_is(manifest, capsys):
    replace(manifest, "u3.wav,", "[bold]u3.wav,")
    check(manifest)
    assert "[bold]u3" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a,b\n1\n", b"file,split\nx,y\n", b"file,split,emotion\n"])
def test_a_corpus_that_cannot_be_read_is_an_error_finding(tmp_path, capsys, content):
    path = tmp_path / "manifest.csv"
    path.write_bytes(content)
    assert check(path, "--json", "-") == 1
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert (finding["severity"], finding["kind"]) == ("error", "empty" if content.endswith(b"emotion\n") else "unreadable")


def test_a_path_that_is_no_corpus_is_an_error_finding(tmp_path, capsys):
    for place in (tmp_path, tmp_path / "nowhere", tmp_path / "table.parquet"):
        if place.suffix:
            place.write_bytes(b"PAR1 and no more")
        assert main(["corpus", "check", str(place)]) == 1
        text = capsys.readouterr().out
        assert "error unreadable: " in text
        assert text.endswith("\n1 error.\n")


def test_usage_errors_are_one_line(capsys):
    assert main(["corpus", "check", "x", "--jsn", "-"]) == 2
    assert "Did you mean '--json'?" in capsys.readouterr().err
    assert main(["corpus", "check"]) == 1
    assert capsys.readouterr().err.startswith("emojudge: no corpus is named")
