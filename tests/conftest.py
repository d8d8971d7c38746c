"""What the tests of every room share: a tiny corpus in the MSP-Podcast layout, and its table."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: a forked process hangs where its parent has used OpenMP's threads

from emojudge.corpus import Table, load_table
from emojudge.corpus.synthetic import synthesize_corpus


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a synthetic corpus: 64 utterances of 0.5 to 1.4 s, 10 speakers, every class in every split. Do not change it."""
    root = tmp_path_factory.mktemp("corpus") / "tiny"
    return synthesize_corpus(root, utterances=64, speakers=10, seed=0, words=(2, 3), duration_s=(0.5, 1.4))


@pytest.fixture(scope="session")
def tiny_table(tiny_corpus: Path) -> Table:
    """Table of the tiny corpus: train 35, dev 13, test1 8, test3 8 utterances."""
    return load_table("msp_podcast", root=tiny_corpus)


@pytest.fixture(scope="session")
def mute_table_path(tiny_table: Table, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Saved tiny table in which the third utterance of dev has no audio."""
    audio = tiny_table.column("audio")
    audio[tiny_table.indices("dev")[2]] = None
    path = tmp_path_factory.mktemp("mute") / "table.parquet"
    tiny_table.with_columns(audio=audio).save(path)
    return str(path)
