"""A run folder made by hand: a table of several splits, and predictions of both tasks that know a little of the truth."""

import json
from pathlib import Path

import numpy as np

from emojudge.corpus import Table, build_table
from emojudge.corpus.table import TABLE_FILE, TableInfo
from emojudge.labels import ATTRIBUTES, EMOTIONS
from emojudge.predictions import AttributePredictions, AttributesInfo, Predictions, PredictionsInfo

SPLITS = {"train": 40, "dev": 96, "dev2": 48, "test1": 24, "test3": 12}
MUTE = ("test3_000", "test3_005")
"""Utterances without input for the system ``text``."""


def write_run(folder: Path) -> Table:
    """Write table, predictions of ``acoustic`` and ``text`` for both tasks, and the list of systems; return the table."""
    random = np.random.default_rng(0)
    split = [name for name, n in SPLITS.items() for _ in range(n)]
    ids = [f"{name}_{i:03d}" for name, n in SPLITS.items() for i in range(n)]
    truth = np.array([EMOTIONS[i % 8] for i in range(len(ids))])
    values = random.uniform(1, 7, (len(ids), 3))
    columns = {
        "id": ids,
        "split": split,
        "emotion": [None if s == "test3" else e for s, e in zip(split, truth, strict=True)],
        "speaker": [f"{s}{i // 3 % 6}" for i, s in enumerate(split)],
        "audio": [f"/audio/MSP_{id}.wav" for id in ids],
        **{
            name: [None if s == "test3" else float(v) for s, v in zip(split, values[:, k], strict=True)]
            for k, name in enumerate(ATTRIBUTES)
        },
    }
    table = build_table(columns, TableInfo("made by hand", roles={"dev2": "tune"}))
    folder.mkdir(parents=True, exist_ok=True)
    table.save(folder / TABLE_FILE)
    rows = [i for i, name in enumerate(split) if name != "train"]
    known = [ids[i] for i in rows], [split[i] for i in rows]
    files: dict[str, dict[str, str]] = {"emotion": {}, "attributes": {}}
    for system, noise in (("acoustic", 1.0), ("text", 2.0)):
        logits = (truth[rows, None] == np.array(EMOTIONS)) + random.normal(0, noise, (len(rows), 8))
        guesses = values[rows] + random.normal(0, noise, (len(rows), 3))
        mute = [system == "text" and ids[i] in MUTE for i in rows]
        logits[mute], guesses[mute] = np.nan, np.nan
        info = PredictionsInfo(system, EMOTIONS, table.info.fingerprint, source_prior=(1 / 8,) * 8)
        Predictions(*known, logits, info).save(folder / f"{system}.parquet")
        AttributePredictions(*known, guesses, AttributesInfo(system, ATTRIBUTES, table.info.fingerprint)).save(
            folder / f"{system}_v.parquet"
        )
        files["emotion"][system], files["attributes"][system] = f"{system}.parquet", f"{system}_v.parquet"
    (folder / "systems.json").write_text(json.dumps(files))
    return table
