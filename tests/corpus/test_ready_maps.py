"""Every shipped map reads the public form that it names, and the development packs where they are there."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import yaml
from datasets import Audio, Dataset, DatasetDict

from emojudge.configs import find_config, shipped_configs
from emojudge.corpus import load_table

PACKS = Path(__file__).resolve().parents[2].parent / "shared" / "data"
MAPS = [name for name in shipped_configs() if name.startswith("corpus/")]


def load(config, /, **more):
    """Return the table that a map gives with further options, those of a command line."""
    corpus = yaml.safe_load(find_config(f"corpus/{config}.yaml").read_text(encoding="utf-8"))["corpus"]
    return load_table(corpus["reader"], **{**corpus["options"], **more})


def pack(name):
    path = PACKS / name / "manifest.csv"
    if not path.is_file():
        pytest.skip(f"there is no development pack {path}")
    return path


def write_audio(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, 1_600), 16_000)
    return path


def write_lines(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def emobox(dataset, key, wav, emo):
    """Return one object of EmoBox's metadata."""
    facts = {"type": "raw", "sample_rate": 16000, "num_frame": 1600.0, "task": "category", "length": 0.1}
    return {"key": f"{dataset}-{key}", "dataset": dataset, "wav": f"downloads/{dataset}/{wav}", **facts, "emo": emo, "channel": 1}


def rows(table, *names):
    return list(zip(*(table.column(name) for name in names), strict=True))


def test_there_is_a_map_for_each_corpus():
    assert {Path(name).stem for name in MAPS} >= {"iemocap", "crema_d", "ravdess", "meld", "emodb", "nemo", "emobank"}


def test_iemocap(tmp_path):
    takes = ("Ses01F_impro01_F000", "exc"), ("Ses02M_script01_1b_M003", "neu"), ("Ses05F_impro07_MXX2", "fru")
    objects = [emobox("iemocap", key, f"Session1/sentences/wav/{key[:-5]}/{key}.wav", emo) for key, emo in takes]
    for value in objects:
        write_audio(tmp_path / value["wav"])
    path = {"train": write_lines(tmp_path / "a.jsonl", *objects[:2]), "test": write_lines(tmp_path / "b.jsonl", objects[2])}
    table = load("iemocap", path=path, audio_root=str(tmp_path))
    assert table.info.classes == ("angry", "happy", "neutral", "sad")
    assert rows(table, "id", "split", "emotion", "speaker", "gender", "recording") == [
        ("iemocap-Ses01F_impro01_F000", "train", "happy", "Ses01_F", "female", "Ses01F_impro01"),
        ("iemocap-Ses02M_script01_1b_M003", "train", "neutral", "Ses02_M", "male", "Ses02M_script01_1b"),
        ("iemocap-Ses05F_impro07_MXX2", "test", None, "Ses05_M", "male", "Ses05F_impro07"),
    ]
    assert table.column("source_label") == ["exc", "neu", "fru"]


def test_crema_d(tmp_path):
    clips = ("1087_IWL_ANG_XX", "ANG"), ("1040_ITH_SAD_X", "SAD"), ("1036_IEO_HAP_LO", "HAP")
    objects = [emobox("cremad", clip.replace("_", "-"), f"AudioWAV/{clip}.wav", emo) for clip, emo in clips]
    for value in objects:
        write_audio(tmp_path / value["wav"])
    table = load("crema_d", path=write_lines(tmp_path / "cremad.jsonl", *objects), split="train")
    assert rows(table, "id", "emotion", "speaker") == [
        ("1087_IWL_ANG_XX", "anger", "1087"),
        ("1040_ITH_SAD_X", "sad", "1040"),
        ("1036_IEO_HAP_LO", "happy", "1036"),
    ]


def test_ravdess(tmp_path):
    names = "Actor_12/03-01-06-01-02-01-12.wav", "Actor_01/03-01-01-01-01-01-01.wav"
    for name in names:
        write_audio(tmp_path / name)
    (tmp_path / "m.tsv").write_text("file\n" + "\n".join(names) + "\n")
    table = load("ravdess", path=str(tmp_path / "m.tsv"), split="test")
    assert rows(table, "id", "emotion", "speaker", "split") == [
        ("03-01-06-01-02-01-12", "fearful", "12", "test"),
        ("03-01-01-01-01-01-01", "neutral", "01", "test"),
    ]


MELD_HEADER = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime\n"


def test_meld(tmp_path):
    line = '1,"So, lets talk.",Chandler,neutral,neutral,0,3,8,21,"00:16:16,059","00:16:21,731"\n'
    for name in ("train", "dev"):
        (tmp_path / f"{name}_sent_emo.csv").write_text(MELD_HEADER + line)
        write_audio(tmp_path / name / "dia0_utt3.wav")
    path = {name: str(tmp_path / f"{name}_sent_emo.csv") for name in ("train", "dev")}
    table = load("meld", path=path)
    assert rows(table, "id", "split", "emotion", "transcript", "speaker", "recording", "audio") == [
        ("train_dia0_utt3", "train", "neutral", "So, lets talk.", "Chandler", "train_dia0", None),
        ("dev_dia0_utt3", "dev", "neutral", "So, lets talk.", "Chandler", "dev_dia0", None),
    ]
    heard = load("meld", path=path, audio=True)
    assert heard.column("audio") == [str(tmp_path / name / "dia0_utt3.wav") for name in ("train", "dev")]


def test_emodb(tmp_path):
    for name in ("03a01Fa.wav", "16b10Wb.wav"):
        write_audio(tmp_path / "wav" / name)
    (tmp_path / "m.csv").write_text("file,split\nwav/03a01Fa.wav,train\nwav/16b10Wb.wav,test\n")
    table = load("emodb", path=str(tmp_path / "m.csv"))
    assert rows(table, "id", "emotion", "speaker") == [("03a01Fa", "happiness", "03"), ("16b10Wb", "anger", "16")]


def test_nemo_in_the_form_of_its_author(tmp_path):
    header = "file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage"
    (tmp_path / "data.tsv").write_text(f"{header}\nSM0_anger_1.wav\tanger\tLubię to.\tlubię to\tSM0\tmale\t23\n", encoding="utf-8")
    audio = write_audio(tmp_path / "samples" / "SM0_anger_1.wav")
    columns = {"file": "samples/{file_id}", "transcript": "raw_text", "speaker": "speaker_id"}
    table = load("nemo", path=str(tmp_path / "data.tsv"), columns=columns, split="train")
    assert rows(table, "id", "audio", "emotion", "transcript", "speaker", "gender") == [
        ("SM0_anger_1", str(audio), "anger", "Lubię to.", "SM0", "male")
    ]


def test_nemo_in_the_form_of_the_hub(tmp_path):
    sound = write_audio(tmp_path / "a.wav").read_bytes()
    facts = {"emotion": ["anger"], "raw_text": ["Lubię to."], "normalized_text": ["lubię to"], "speaker_id": ["SM0"], "gender": ["male"]}
    columns = {"file_id": ["SM0_anger_1.wav"], "audio": [{"bytes": sound, "path": None}], **facts, "age": [23]}
    dataset = Dataset.from_dict(columns).cast_column("audio", Audio())
    DatasetDict({"train": dataset}).save_to_disk(str(tmp_path / "nEMO"))
    table = load("nemo_hub", name=str(tmp_path / "nEMO"), audio_dir=str(tmp_path / "audio"))
    assert rows(table, "id", "split", "audio", "emotion", "transcript", "speaker") == [
        ("SM0_anger_1", "train", str(tmp_path / "audio" / "SM0_anger_1.wav"), "anger", "Lubię to.", "SM0")
    ]


def test_emobank(tmp_path):
    (tmp_path / "emobank.csv").write_text('id,split,V,A,D,text\n110CYL068_1036_1079,train,3.0,1.0,5.0,"So, what?"\n')
    table = load("emobank", path=str(tmp_path / "emobank.csv"))
    assert rows(table, "id", "split", "transcript", "valence", "arousal", "dominance", "emotion") == [
        ("110CYL068_1036_1079", "train", "So, what?", 4.0, 1.0, 7.0, None)
    ]


# the development packs


def test_the_pack_of_nemo():
    table = load("nemo", path=str(pack("nemo")))
    assert table.splits == {"train": 964, "dev": 432, "test": 430}
    assert set(table.column("speaker")) == {"KD0", "MK0", "KS0", "MP0", "WR0", "IC0", "TP0", "EB0", "SM0"}
    assert None not in table.column("emotion") + table.column("transcript") + table.column("audio_digest")


def test_the_pack_of_ravdess():
    table = load("ravdess", path=str(pack("ravdess")))
    with open(pack("ravdess"), encoding="utf-8", newline="") as file:
        stated = list(csv.DictReader(file))
    assert table.splits == {"train": 840, "dev": 240, "test": 360}
    assert table.column("emotion") == [row["emotion"] for row in stated], "the names of the files tell the labels of the column"
    assert [f"actor_{speaker}" for speaker in table.column("speaker")] == [row["speaker"] for row in stated]


def test_the_pack_of_meld():
    table = load("meld", path=str(pack("meld_text")), columns={"transcript": "text", "recording": "dialogue"})
    assert table.splits == {"train": 9989, "dev": 1109, "test": 2610}
    assert None not in table.column("emotion")
    assert round(table.column("emotion").count("neutral") / len(table), 2) == 0.47


def test_the_votes_of_crema_d():
    classes = ["anger", "disgust", "fear", "happy", "neutral", "sad"]
    votes = {name: f"votes_{name}" for name in classes}
    options = {"classes": classes, "votes": votes, "columns": {"id": ["clip", "modality"]}, "where": {"modality": "audio"}}
    table = load_table("manifest", path=str(pack("cremad_votes")), audio=False, **options)
    assert sum(table.splits.values()) == 7442
    assert table.rows[0]["id"] == "1001_IEO_NEU_XX_audio"
    assert table.rows[0]["emotion"] == "neutral"
    assert table.rows[0]["emotion_votes"] == pytest.approx([0, 0, 0, 1 / 11, 10 / 11, 0])
    with open(pack("cremad_votes"), encoding="utf-8", newline="") as file:
        majority = [row["majority"] for row in csv.DictReader(file) if row["modality"] == "audio"]
    letters = {"A": "anger", "D": "disgust", "F": "fear", "H": "happy", "N": "neutral", "S": "sad"}
    assert table.column("emotion") == [letters.get(letter) for letter in majority], "ties, such as A:N, have no label"


def test_the_attributes_of_emobank():
    table = load("emobank", path=str(pack("emobank_text")), columns={"transcript": "text", "recording": "document"})
    assert sum(table.splits.values()) == 10_062
    assert set(table.column("emotion")) == {None}
    assert table.rows[1]["valence"] == pytest.approx(1 + 6 * (2.8 - 1) / 4)
    assert all(1 <= value <= 7 for name in ("valence", "arousal", "dominance") for value in table.column(name))
