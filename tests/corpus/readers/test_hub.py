"""Data sets as ``datasets`` saves them are read where they lie; nothing is decoded, fetched or cached."""

import io
import os
import subprocess
import sys

import datasets
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import soundfile
from datasets import Audio, ClassLabel, Dataset, DatasetDict, Features, List, Value

from emojudge.corpus import load_table
from emojudge.corpus.faults import Faults
from emojudge.corpus.readers.arrow import ParquetPart
from emojudge.corpus.readers.hub import read_hub
from emojudge.errors import ConfigError, CorpusError

FEATURES = Features(
    {
        "audio": Audio(),
        "label": ClassLabel(names=["sad", "happy"]),
        "text": Value("string"),
        "who": Value("int32"),
        "split": Value("string"),
    }
)
MAP = {"columns": {"emotion": "label", "transcript": "text", "speaker": "who"}}


def sound(seed):
    file = io.BytesIO()
    soundfile.write(file, np.random.default_rng(seed).normal(0, 0.1, 1_600), 16_000, format="WAV")
    return file.getvalue()


def part(first, n=3, names=True):
    """Return a split of n utterances whose audio stands in it, with the name of its file or without."""
    rows = range(first, first + n)
    audio = [{"bytes": sound(i), "path": f"utt{i}.wav" if names else None} for i in rows]
    columns = {"label": [i % 2 for i in rows], "text": [f"words {i}" for i in rows], "who": list(rows), "split": ["own"] * n}
    return Dataset.from_dict({"audio": audio, **columns}).cast(FEATURES)


@pytest.fixture
def splits():
    return DatasetDict({"train": part(0), "validation": part(3, 2)})


def saved(splits, folder):
    splits.save_to_disk(str(folder))
    return folder


def parquet_folder(splits, folder):
    """Write parquet files under the names that the hub gives them, train in two."""
    (folder / "data").mkdir(parents=True)
    for name, split in splits.items():
        for k in range(n := 2 if name == "train" else 1):
            split.shard(n, k).to_parquet(str(folder / "data" / f"{name}-{k:05}-of-{n:05}.parquet"))
    return folder


def columns(name, on_bad_utterance="error", **options):
    faults = Faults(on_bad_utterance)
    return faults.settle(read_hub(name, faults=faults, **{**MAP, **options}).columns)


@pytest.mark.parametrize("write", [saved, parquet_folder])
def test_a_local_data_set_gives_the_rows_that_datasets_gives(tmp_path, splits, write):
    found = columns(write(splits, tmp_path / "data set"), audio_dir=tmp_path / "audio")
    both = datasets.concatenate_datasets(list(splits.values())).cast_column("audio", Audio(decode=False))
    assert found["transcript"] == both["text"][:]
    assert found["emotion"] == [FEATURES["label"].int2str(k) for k in both["label"]]
    assert found["speaker"] == [str(who) for who in both["who"]]
    assert found["split"] == ["train"] * 3 + ["dev"] * 2
    assert found["id"] == [f"utt{i}" for i in range(5)]
    for path, audio in zip(found["audio"], both["audio"], strict=True):
        with open(path, "rb") as file:
            assert file.read() == audio["bytes"]


def test_its_table_is_that_of_a_manifest_of_the_same_rows(tmp_path, splits):
    hub = load_table("hub", name=str(saved(splits, tmp_path / "d")), audio_dir=str(tmp_path / "audio"), **MAP)
    lines = [f"{hub.rows[i]['audio']},{hub.rows[i]['split']},{hub.rows[i]['emotion']},words {i},{i}" for i in range(5)]
    (tmp_path / "m.csv").write_text("\n".join(["file,split,emotion,transcript,speaker", *lines]))
    manifest = load_table("manifest", path=tmp_path / "m.csv")
    assert hub.rows.to_dict() == manifest.rows.to_dict()
    assert hub.info.fingerprint == manifest.info.fingerprint
    assert hub.column("duration_s") == [0.1] * 5


def test_a_single_split_and_a_single_file_need_their_split_said(tmp_path, splits):
    splits["train"].save_to_disk(str(tmp_path / "one"))
    splits["train"].to_parquet(str(tmp_path / "some.parquet"))
    for name in ("one", "some.parquet"):
        assert columns(str(tmp_path / name), split="test", audio=False)["split"] == ["test"] * 3
        assert columns(str(tmp_path / name), audio=False, columns={**MAP["columns"], "split": "split"})["split"] == ["own"] * 3
        with pytest.raises(CorpusError, match=rf"{name} tells no split; say split: NAME, or name the column"):
            columns(str(tmp_path / name), audio=False)


def test_a_split_that_the_data_set_knows_is_that_split(tmp_path):
    Dataset(part(0).data, split=datasets.Split.TEST).save_to_disk(str(tmp_path / "one"))
    assert columns(tmp_path / "one", audio=False)["split"] == ["test"] * 3


@pytest.mark.parametrize("place", ["dev.parquet", "validation/0000.parquet", "train.v2-00000-of-00001-0a1b2c3d.parquet"])
def test_the_split_of_a_parquet_file_is_told_by_its_name_or_folder(tmp_path, place):
    (tmp_path / "d" / place).parent.mkdir(parents=True)
    part(0).to_parquet(str(tmp_path / "d" / place))
    assert set(columns(tmp_path / "d", audio=False)["split"]) == {"train.v2" if "v2" in place else "dev"}


def test_a_mapped_split_comes_before_the_data_sets_own(tmp_path, splits):
    name = saved(splits, tmp_path / "d")
    assert columns(name, audio=False, columns={**MAP["columns"], "split": "split"})["split"] == ["own"] * 5
    assert columns(name, audio=False, split_map={"train": "dev2"})["split"] == ["dev2"] * 3 + ["dev"] * 2


def test_ids_come_from_a_column_else_from_the_path_else_from_split_and_row(tmp_path):
    name = saved(DatasetDict({"train": part(0), "test": part(3, 2, names=False)}), tmp_path / "d")
    assert columns(name, audio=False)["id"] == ["utt0", "utt1", "utt2", "test-1", "test-2"]
    assert columns(name, audio=False, columns={**MAP["columns"], "id": ["split", "who"]})["id"][0] == "train_0"
    assert columns(name, audio=False, where={"who": [2, 4]})["id"] == ["utt2", "test-2"]


def test_rows_are_counted_on_through_the_files_of_a_split(tmp_path):
    name = parquet_folder(DatasetDict({"train": part(0, 3, names=False), "test": part(3, 1, names=False)}), tmp_path / "d")
    assert columns(name, audio=False)["id"] == ["test-1", "train-1", "train-2", "train-3"]
    with pytest.raises(CorpusError, match=r"'train-3': .*d, train row 3: class 'sad'"):
        columns(name, audio=False, classes=["happy", "calm"], where={"who": 2})


def test_splits_with_other_columns_are_refused(tmp_path):
    name = saved(DatasetDict({"train": part(0), "test": part(3).remove_columns("text")}), tmp_path / "d")
    with pytest.raises(CorpusError, match=r"d, test and .*d, train have other columns: 'text' is in one of them only"):
        columns(name, audio=False)


def test_a_path_is_used_as_it_is(tmp_path):
    (tmp_path / "a.wav").write_bytes(sound(0))
    audio = [{"bytes": None, "path": str(tmp_path / "a.wav")}, {"bytes": sound(1), "path": "b.wav"}]
    rows = Dataset.from_dict({"audio": audio, "emotion": ["sad", "sad"]}).cast_column("audio", Audio())
    rows.to_parquet(str(tmp_path / "rows.parquet"))
    found = columns(tmp_path / "rows.parquet", columns={}, split="train", audio_dir=tmp_path / "audio")
    assert found["audio"] == [str(tmp_path / "a.wav"), str(tmp_path / "audio" / "b.wav")]
    named = pyarrow.table({"audio": ["/far/a.wav", "b.wav"], "emotion": ["sad", "sad"]})
    pyarrow.parquet.write_table(named, tmp_path / "named.parquet")
    assert columns(tmp_path / "named.parquet", columns={}, split="train")["audio"] == ["/far/a.wav", str(tmp_path / "b.wav")]


def test_audio_of_chosen_rows_only_is_written(tmp_path, splits):
    told = []
    options = {"where": {"who": [1, 3]}, "audio_dir": tmp_path / "audio", "progress": lambda *progress: told.append(progress)}
    found = columns(saved(splits, tmp_path / "d"), **options)
    assert sorted(os.listdir(tmp_path / "audio")) == ["utt1.wav", "utt3.wav"]
    assert [os.path.basename(path) for path in found["audio"]] == ["utt1.wav", "utt3.wav"]
    assert told == [(1, 2), (2, 2)]


def test_nothing_is_written_where_an_utterance_has_a_fault(tmp_path, splits):
    name, options = saved(splits, tmp_path / "d"), {"class_map": {"sad": None, "happy": "happy"}, "classes": ["happy", "calm"]}
    assert len(columns(name, audio=False, **options)["id"]) == 5
    options = {"classes": ["happy", "calm"], "audio_dir": tmp_path / "audio"}
    with pytest.raises(CorpusError, match=r"'utt0': .*d, train row 1: class 'sad' is not in the class list \(happy, calm\)"):
        columns(name, **options)
    assert not (tmp_path / "audio").exists()
    columns(name, "skip", **options)
    assert sorted(os.listdir(tmp_path / "audio")) == ["utt1.wav", "utt3.wav"]


def test_embedded_audio_without_a_folder_is_refused(tmp_path, splits):
    with pytest.raises(ConfigError, match="d holds its audio as bytes: name the folder that they are written to by audio_dir"):
        columns(saved(splits, tmp_path / "d"))


def test_a_missing_label_of_a_class_label_is_null(tmp_path):
    rows = Dataset.from_dict({"id": ["a", "b", "c"], "emotion": [-1, 1, None]})
    rows = rows.cast(Features({"id": Value("string"), "emotion": FEATURES["label"]}))
    rows.to_parquet(str(tmp_path / "train.parquet"))
    for reader, option in (("hub", "name"), ("manifest", "path")):
        table = load_table(reader, **{option: str(tmp_path / "train.parquet")}, split="train", audio=False)
        assert table.column("emotion") == [None, "happy", None]


@pytest.mark.parametrize("write", [saved, parquet_folder])
def test_local_data_leave_nothing_in_home_and_fetch_nothing(tmp_path, splits, write):
    name = write(splits, tmp_path / "d")
    program = (
        "import socket\n"
        "def refuse(*_): raise AssertionError('a socket was opened')\n"
        "socket.socket.connect = refuse\n"
        "from emojudge.corpus import load_table\n"
        f"print(len(load_table('hub', name={str(name)!r}, audio_dir={str(tmp_path / 'audio')!r}, columns={MAP['columns']})))\n"
    )
    (tmp_path / "home").mkdir()
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "XDG_"))}
    environment = {**outside, "HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "5\n", done.stderr
    assert list((tmp_path / "home").iterdir()) == []


def test_audio_of_a_parquet_file_is_not_kept_in_memory(tmp_path):
    kind = pyarrow.schema([("audio", pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())]))])
    with pyarrow.parquet.ParquetWriter(tmp_path / "train.parquet", kind, compression="none") as writer:
        for _ in range(16):
            writer.write_table(pyarrow.table({"audio": [{"bytes": os.urandom(1 << 20), "path": None}]}, schema=kind))
    opened = ParquetPart(tmp_path / "train.parquet")
    before = pyarrow.total_allocated_bytes()
    assert sum(len(content) for content in opened.members("audio", "bytes")) == 16 << 20
    assert pyarrow.total_allocated_bytes() - before < 4 << 20


# the hub


def test_a_data_set_of_the_hub_is_asked_for_by_its_name_and_never_run(tmp_path, splits, monkeypatch):
    asked = []

    def load(*names, **options):
        asked.append((names, options))
        return splits

    monkeypatch.setattr(datasets, "load_dataset", load)
    options = {"config": "clean", "revision": "abc", "cache_dir": tmp_path / "cache", "audio_dir": tmp_path / "audio"}
    assert columns("owner/name", **options)["id"] == [f"utt{i}" for i in range(5)]
    assert asked == [(("owner/name", "clean"), {"revision": "abc", "cache_dir": str(tmp_path / "cache")})]


def test_a_name_that_cannot_be_reached_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    with pytest.raises(CorpusError, match=r"^'owner/name' is neither a local .* that can be loaded from the hub \(") as error:
        columns("owner/name", cache_dir=tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "error", [ValueError("BuilderConfig 'x' not found.\nmore"), RuntimeError("Dataset scripts are no longer supported")]
)
def test_what_the_hub_refuses_is_one_line(monkeypatch, error):
    def load(*_, **__):
        raise error

    monkeypatch.setattr(datasets, "load_dataset", load)
    with pytest.raises(CorpusError, match=r"^'owner/name' is neither .*\((BuilderConfig 'x' not found\.|Dataset scripts are .*)\)$"):
        columns("owner/name")


# malformed


@pytest.mark.parametrize("name", ["no/such/place", "/no/such/place", "missing.parquet", "./x", "a b"])
def test_a_path_that_is_not_there_is_not_looked_for_on_the_hub(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError, match=r"there is no such folder or file, and .* is no id of a data set on the hub"):
        columns(name)


@pytest.mark.parametrize("option", ["config", "revision", "cache_dir"])
def test_options_of_the_hub_do_not_choose_among_local_data(tmp_path, splits, option):
    with pytest.raises(ConfigError, match=f"^{option}: 'x' is for the hub, but .*d is local"):
        columns(saved(splits, tmp_path / "d"), **{option: "x"})


def test_a_damaged_data_set_is_one_line(tmp_path, splits):
    name = saved(splits, tmp_path / "d")
    (file,) = (name / "train").glob("*.arrow")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(CorpusError, match=r"d: not a whole data set of save_to_disk \(.*\); save it again"):
        columns(name)
    (name / "train" / "dataset_info.json").write_text("{")
    with pytest.raises(CorpusError, match="d: not a whole data set of save_to_disk"):
        columns(name)


def test_a_data_set_without_a_split_is_refused(tmp_path):
    (tmp_path / "dataset_dict.json").write_text('{"splits": []}')
    with pytest.raises(CorpusError, match=f"^{tmp_path}: the data set has no split"):
        columns(tmp_path)


def test_damaged_parquet_files_are_one_line(tmp_path, splits):
    name = parquet_folder(splits, tmp_path / "d")
    file = name / "data" / "train-00001-of-00002.parquet"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(CorpusError, match=r"train-00001-of-00002.parquet: not a whole parquet file"):
        columns(name)
    pyarrow.parquet.write_table(pyarrow.table({"x": [1]}), file)
    with pytest.raises(CorpusError, match=r"00001-of-00002.parquet and .*00000-of-00002.parquet have other columns: 'audio' is in one"):
        columns(name)


def test_a_folder_or_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("file,split,emotion\n")
    with pytest.raises(CorpusError, match=r"neither save_to_disk wrote this folder nor is there a parquet file in it"):
        columns(tmp_path)
    with pytest.raises(CorpusError, match=r"a\.csv: expected a parquet file or a folder; .*read by the reader 'manifest'"):
        columns(tmp_path / "a.csv")


def test_a_column_that_is_not_there_or_holds_no_audio_is_named(tmp_path, splits):
    name = saved(splits, tmp_path / "d")
    with pytest.raises(CorpusError, match=r"d has no column 'sound' \(found: audio, label.*columns: \{file: \.\.\.\}"):
        columns(name, columns={**MAP["columns"], "file": "sound"})
    with pytest.raises(CorpusError, match=r"d, train: column 'who' is of type int32, expected audio as bytes and path, or as a path"):
        columns(name, columns={**MAP["columns"], "file": "who"})
    saved(DatasetDict({"train": part(0).remove_columns("audio")}), tmp_path / "mute")
    with pytest.raises(CorpusError, match=r"mute has no column 'audio' .*Name it in columns: \{file: \.\.\.\}, or say audio: false"):
        columns(tmp_path / "mute")


def test_decoded_audio_is_refused_but_its_text_can_be_read(tmp_path):
    rows = Dataset.from_dict(
        {"audio": [[0.1, 0.2]], "emotion": ["sad"]}, features=Features({"audio": List(Value("float32")), "emotion": Value("string")})
    )
    rows.to_parquet(str(tmp_path / "train.parquet"))
    with pytest.raises(CorpusError, match=r"column 'audio' is of type list.*expected audio as bytes and path, or as a path"):
        columns(tmp_path / "train.parquet", columns={}, split="train")
    assert columns(tmp_path / "train.parquet", columns={}, split="train", audio=False)["id"] == ["train-1"]
