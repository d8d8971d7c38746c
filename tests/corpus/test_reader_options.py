"""What YAML makes of an option that was meant as text is refused in one line, with the option's name."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from emojudge.corpus import load_table
from emojudge.corpus.options import readers_own
from emojudge.data import EmotionDataModule
from emojudge.errors import ConfigError, CorpusError

PATHS = [
    ("synthetic", "root"),
    ("msp_podcast", "root"),
    ("msp_podcast", "labels_path"),
    ("msp_podcast", "audio_dir"),
    ("hub", "name"),
    ("hub", "cache_dir"),
    ("hub", "audio_dir"),
    ("table", "path"),
]


@pytest.mark.parametrize(("reader", "option"), PATHS)
@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2024, r"2024 \(int\), expected a path as text; put it in quotes$"),
        (1.5, r"1.5 \(float\), expected a path as text; put it in quotes$"),
        (False, r"False \(bool\), expected a path as text; put it in quotes$"),
        (date(2024, 5, 1), r"datetime.date.*, expected a path as text; put it in quotes$"),
        (["a"], r"\['a'\] \(list\), expected a path as text$"),
        ({"a": 1}, r"\{'a': 1\} \(dict\), expected a path as text$"),
        ("", "empty, expected a path as text$"),
    ],
)
def test_a_path_that_is_no_text_is_refused(reader, option, value, words):
    required = {"msp_podcast": {"root": "x"}, "hub": {"name": "x"}}.get(reader, {})
    with pytest.raises(ConfigError, match=f"^reader '{reader}': option '{option}' is {words}"):
        load_table(reader, **{**required, option: value})


def test_a_path_that_must_be_there_is_not_null():
    with pytest.raises(ConfigError, match=r"reader 'synthetic': option 'root' is null, expected a path as text$"):
        load_table("synthetic", root=None)


def test_a_path_that_may_be_null_is(tmp_path):
    assert len(load_table("manifest", path=manifest(tmp_path), audio_root=None, audio=False)) == 2


def manifest(tmp_path: Path, labels: tuple[str, str] = ("sad", "happy")) -> Path:
    path = tmp_path / "manifest.csv"
    path.write_text(f"id,split,emotion\na,train,{labels[0]}\nb,dev,{labels[1]}\n")
    return path


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("classes: [1, 2, 3]", r"'classes': entry 1 is 1 \(int\), expected text; put it in quotes"),
        ("classes: [yes, no]", r"'classes': entry 1 is True \(bool\), expected text; put it in quotes"),
        ("classes: [angry, null]", "'classes': entry 2 is null, expected text$"),
        ("classes: angry", r"'classes' is 'angry' \(str\), expected a list of texts"),
        ("classes: {angry: 1}", "'classes' is .*expected a list of texts"),
        ("columns: [path]", r"'columns' is \['path'\] \(list\), expected texts by name"),
        ("columns: {file: 3}", r"'columns': 'file' is 3 \(int\), expected text or a list of texts; put it in quotes"),
        ("columns: {file: {a: b}}", r"'columns': 'file' is \{'a': 'b'\} \(dict\), expected text or a list of texts$"),
        ("columns: {id: [a, 1]}", r"'columns': 'id': entry 2 is 1 \(int\), expected text; put it in quotes"),
        ("where: {session: [1, 2.5]}", r"'where': 'session': entry 2 is 2.5 \(float\), expected text or a whole number; put it in quotes"),
        ("attribute_range: 7", r"'attribute_range' is 7 \(int\), expected a list of numbers or a list of numbers by name$"),
        ("attribute_range: [1, '5']", r"'attribute_range': entry 2 is '5' \(str\), expected a number$"),
        ("attribute_range: {valence: 5}", r"'attribute_range': 'valence' is 5 \(int\), expected a list of numbers$"),
        ("attribute_range: {valence: [true, 5]}", r"'attribute_range': 'valence': entry 1 is True \(bool\), expected a number$"),
        ("classes: []", "'classes' is an empty list, expected a list of texts"),
        ("audio_root: []", "'audio_root' is an empty list, expected a path as text or a list of paths$"),
        ("where: {id: []}", "'where': 'id' is an empty list, expected text or a whole number or a list of"),
        ("votes: {sad: {a: b}}", r"'votes': 'sad' is .*, expected text or a list of texts$"),
        ("votes_other: 3", r"'votes_other' is 3 \(int\), expected text or a list of texts; put it in quotes$"),
        ("audio_root: [a, 3]", r"'audio_root': entry 2 is 3 \(int\), expected a path as text; put it in quotes$"),
        ("path: {train: 3}", r"'path': 'train' is 3 \(int\), expected a path as text; put it in quotes$"),
        ("format: xlsx", r"'format' is 'xlsx' \(str\), expected csv or tsv or jsonl or parquet$"),
        ("split: 1", r"'split' is 1 \(int\), expected text; put it in quotes$"),
        ("class_map: {no: sad}", r"'class_map' has the key False \(bool\), expected text; put it in quotes"),
        ("class_map: {1.0: sad}", r"'class_map' has the key 1.0 \(float\), expected text; put it in quotes"),
        ("class_map: {null: sad}", "'class_map' has the key null, expected text$"),
        ("class_map: {1: sad, '1': happy}", "'class_map' has the key '1' twice"),
        ("class_map: {x: no}", r"'class_map': 'x' is False \(bool\), expected text; put it in quotes"),
        ("split_map: {a: null}", "'split_map': 'a' is null, expected text$"),
        ("audio: nope", r"'audio' is 'nope' \(str\), expected true or false"),
    ],
)
def test_lists_and_mappings_hold_texts(tmp_path, written, words):
    options = {"path": str(manifest(tmp_path)), **yaml.safe_load(written)}
    with pytest.raises(ConfigError, match=f"^reader 'manifest': option {words}"):
        load_table("manifest", **options)
    with pytest.raises(ConfigError, match=f"^reader 'manifest': option {words}"):
        EmotionDataModule(reader="manifest", reader_options=options).prepare_data()


def test_an_integer_that_is_a_key_is_the_text_of_its_digits(tmp_path):
    options = yaml.safe_load("{audio: false, class_map: {1: angry, 2: null}}")
    assert load_table("manifest", path=manifest(tmp_path, ("1", "2")), **options).column("emotion") == ["angry", None]


@pytest.mark.parametrize("name", ["reader", "progress", "faults", "roles", "splits", "on_bad_utterance"])
def test_a_setting_of_loading_is_no_option_of_a_reader(tmp_path, name):
    options = {"path": str(manifest(tmp_path)), "audio": False, name: "x"}
    with pytest.raises(ConfigError, match=f"^reader 'manifest' has no option '{name}': it is a setting beside"):
        readers_own("manifest", options)
    with pytest.raises(ConfigError, match=f"^reader 'manifest' has no option '{name}'"):
        EmotionDataModule(reader="manifest", reader_options=options).prepare_data()


def test_other_options_are_handed_on(tmp_path):
    options = {"path": str(manifest(tmp_path)), "audio": False}
    assert readers_own("manifest", options) == options


@pytest.mark.parametrize(
    "options",
    [
        {"attribute_range": [1, 5]},
        {"attribute_range": {"valence": [-1, 1.5]}},
        {"audio_root": "."},
        {"audio_root": [Path("a"), "b"]},
        {"where": {"id": ["a", "b"]}},
        {"columns": {"recording": ["id", "split"]}},
    ],
)
def test_options_of_the_right_kind_are_taken(tmp_path, options):
    assert len(load_table("manifest", path=manifest(tmp_path), audio=False, **options)) == 2


def test_a_whole_number_chooses_rows_by_its_digits(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text("id,split,emotion,session\na,train,sad,1\nb,train,sad,2\n")
    assert load_table("manifest", path=path, audio=False, where={"session": 2}).column("id") == ["b"]


@pytest.mark.parametrize("option", ["utterances", "speakers", "seed"])
def test_the_numbers_of_the_synthetic_corpus_are_whole(tmp_path, option):
    for value in (2.5, "9", True, None):
        with pytest.raises(ConfigError, match=f"reader 'synthetic': option '{option}' is .*, expected a whole number$"):
            load_table("synthetic", root=tmp_path / "c", **{option: value})


@pytest.mark.parametrize("options", [{"utterances": 0}, {"utterances": -1}, {"speakers": 0}, {"speakers": -8}, {"seed": -1}])
def test_a_synthetic_corpus_of_nothing_is_refused(tmp_path, options):
    with pytest.raises(CorpusError, match=r"too few|zero or more"):
        load_table("synthetic", root=tmp_path / "c", **options)
