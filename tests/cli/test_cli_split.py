"""``emojudge corpus split`` writes files that the corpus is read with again, whatever names the corpus."""

from pathlib import Path

import pytest

from emojudge.cli.main import main
from emojudge.corpus import load_table, read_splits


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Return the folder of a synthetic corpus."""
    root = tmp_path_factory.mktemp("split") / "corpus"
    assert main(["corpus", "synthesize", str(root), "--utterances", "64", "--speakers", "16"]) == 0
    return root


def test_folds_are_files_that_the_corpus_is_read_with(root, tmp_path, capsys):
    assert main(["corpus", "split", str(root), "--folds", "4", "--only", "train", "dev", "--out", str(tmp_path)]) == 0
    assert [Path(line.split(":")[0]).name for line in capsys.readouterr().out.splitlines()] == [f"fold_{k}.csv" for k in range(1, 5)]
    for k in range(1, 5):
        table = load_table("msp_podcast", root=root, splits=tmp_path / f"fold_{k}.csv")
        assert table.splits.keys() == {"train", "dev", "test", "test1", "test3"}


def test_every_way_to_name_a_corpus_gives_the_same_splits(root, tmp_path):
    load_table("msp_podcast", root=root).save(tmp_path / "run" / "table.parquet")
    sources = [
        [str(root)],
        [str(tmp_path / "run")],
        [str(tmp_path / "run" / "table.parquet")],
        ["--config", "run/podcast_small.yaml", "--corpus.options.root", str(root)],
        ["--corpus.reader=msp_podcast", f"--corpus.options.root={root}"],
    ]
    made = []
    for i, source in enumerate(sources):
        assert main(["corpus", "split", *source, "--folds", "3", "--out", str(tmp_path / str(i))]) == 0
        made.append([read_splits(tmp_path / str(i) / f"fold_{k}.csv") for k in range(1, 4)])
    assert all(splits == made[0] for splits in made)


def test_dev2_and_columns_are_one_file(root, tmp_path, capsys):
    out = tmp_path / "splits.csv"
    assert main(["corpus", "split", str(root), "--dev2", "--per-class", "1", "--allow-rare", "--out", str(out)]) == 0
    assert "dev2 8" in capsys.readouterr().out
    arguments = ["--column", "gender", "--map", "male=train", "female=dev", "--default", "test", "--out", str(out)]
    assert main(["corpus", "split", str(root), *arguments]) == 0
    table = load_table("msp_podcast", root=root)
    assert read_splits(out) == {
        id: {"male": "train", "female": "dev", None: "test"}[gender]
        for id, gender in zip(table.column("id"), table.column("gender"), strict=True)
    }


def test_a_speaker_with_any_name_gives_a_file_in_the_folder(tmp_path):
    (tmp_path / "texts.csv").write_text("id,split,emotion,speaker,transcript\n1,a,sad,../x,i\n2,a,sad,y z,i\n3,a,happy,Zoë,i\n")
    source = [str(tmp_path / "texts.csv"), "--corpus.options.audio=false", "--leave-one-out"]
    assert main(["corpus", "split", *source, "--out", str(tmp_path / "out")]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"without_..%2Fx.csv", "without_y%20z.csv", "without_Zo%C3%AB.csv"}


def test_a_fold_without_a_class_is_said(tmp_path, capsys):
    rows = ["1,a,sad,x", "2,a,sad,y", "3,a,happy,y", "4,a,sad,z", "5,a,happy,z"]
    (tmp_path / "texts.csv").write_text("\n".join(["id,split,emotion,speaker", *rows]) + "\n")
    source = [str(tmp_path / "texts.csv"), "--corpus.options.audio=false"]
    assert main(["corpus", "split", *source, "--leave-one-out", "--out", str(tmp_path / "out")]) == 0
    said = [line.partition(": ")[2] for line in capsys.readouterr().out.splitlines()]
    assert said == [
        "train 2, dev 2, test 1 (test has no happy)",
        "train 1, dev 2, test 2 (train has no happy)",
        "train 2, dev 1, test 2 (dev has no happy)",
    ]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--folds", "3"], 2, "the following arguments are required: --out"),
        (["--folds", "3", "--out", "x"], 1, "no corpus is named: give SOURCE, or --config and --corpus.options"),
        (["nowhere", "--folds", "3", "--out", "x"], 1, "nowhere: there is no such file or folder"),
        (["nowhere", "--dev2", "--folds", "3", "--out", "x"], 2, "not allowed with argument"),
        (["nowhere", "--folds", "3", "--leve-one-out", "--out", "x"], 2, "Did you mean '--leave-one-out'?"),
        (["x", "--folds", "3", "--map", "a=b", "--out", "x"], 2, "--map: is for --column and has no effect with --folds"),
        (["x", "--dev2", "--by", "speaker", "--out", "x"], 2, "--by: is for --folds or --leave-one-out and has no effect with --dev2"),
        (
            ["x", "--leave-one-out", "--seed", "0", "--out", "x"],
            2,
            "--seed: is for --folds or --dev2 and has no effect with --leave-one-out",
        ),
        (["--config", "corpus/nmeo.yaml", "--folds", "3", "--out", "x"], 1, "there is no config 'corpus/nmeo.yaml'"),
        (["--corpus.optoins.root", "x", "--folds", "3", "--out", "x"], 2, "corpus.optoins"),
    ],
)
def test_mistakes_are_one_line(arguments, status, words, capsys):
    assert main(["corpus", "split", *arguments]) == status
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_speakers_that_are_not_known_are_counted_where_they_are_dealt(tmp_path, capsys):
    rows = [f"{i},{'train' if i < 6 else 'test'},sad,{'' if i in (0, 1, 9) else f's{i}'},hi" for i in range(12)]
    (tmp_path / "texts.csv").write_text("\n".join(["id,split,emotion,speaker,transcript", *rows]) + "\n")
    source = [str(tmp_path / "texts.csv"), "--corpus.options.audio=false", "--folds", "3", "--out", str(tmp_path / "out")]
    assert main(["corpus", "split", *source]) == 0
    assert capsys.readouterr().err.startswith("3 utterances without a known speaker, dealt by recording")
    assert main(["corpus", "split", *source, "--no-dev", "--only", "train"]) == 1  # a split test would stay
    assert capsys.readouterr().err.startswith("2 utterances without a known speaker, dealt by recording")


def test_a_folder_in_place_of_the_file_of_splits_is_refused_before_the_corpus_is_read(root, tmp_path, capsys):
    assert main(["corpus", "split", str(root / "nowhere"), "--dev2", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"emojudge: --out {tmp_path} is a folder; name a file, such as {tmp_path / 'splits.csv'}\n"


def test_a_value_with_two_splits_is_refused(root, tmp_path, capsys):
    out = tmp_path / "splits.csv"
    assert (
        main(
            ["corpus", "split", str(root), "--column", "gender", "--map", "male=dev", "male=test", "--default", "train", "--out", str(out)]
        )
        == 1
    )
    assert capsys.readouterr().err.strip() == "emojudge: --map male=test: 'male' has the split 'dev' already; a value has one split"
    assert not out.exists()
