"""A run folder of hand-made predictions: what a report needs, without a training."""

import json
from dataclasses import replace

import numpy as np

from emojudge.corpus.table import TableInfo, build_table
from emojudge.labels import ATTRIBUTES
from emojudge.predictions import AttributePredictions, AttributesInfo, Predictions, PredictionsInfo

N, CLASSES = 240, ("calm", "sad")


def make_corpus():
    """Return a table of 24 speakers of test1 and as many of dev."""
    rng = np.random.default_rng(0)
    return build_table(
        {
            "id": [f"u{i}" for i in range(N)],
            "split": ["dev" if i < N // 2 else "test1" for i in range(N)],
            "speaker": [f"{i < N // 2}{i % 24}" for i in range(N)],
            "gender": ["female" if i % 2 else "male" for i in range(N)],
            "emotion": [CLASSES[int(k)] for k in rng.integers(2, size=N)],
            "emotion_votes": [[0.5, 0.5]] * N,
            **{name: rng.uniform(1, 7, N).tolist() for name in ATTRIBUTES},
        },
        TableInfo("corpus", classes=CLASSES),
    )


def logits(corpus, name, noise, seed=0, **parts):
    right = np.array([[1.0, -1.0] if label == "calm" else [-1.0, 1.0] for label in corpus.column("emotion")])
    values = right + np.random.default_rng(seed).normal(0, noise, (N, 2))
    info = PredictionsInfo(name, CLASSES, corpus.info.fingerprint, source_prior=(0.5, 0.5))
    return Predictions(corpus.column("id"), corpus.column("split"), values, info, **parts)


def values(corpus, name, noise, seed=0):
    right = np.array([corpus.column(attribute) for attribute in ATTRIBUTES]).T
    noisy = right + np.random.default_rng(seed).normal(0, noise, (N, 3))
    return AttributePredictions(
        corpus.column("id"), corpus.column("split"), noisy, AttributesInfo(name, ATTRIBUTES, corpus.info.fingerprint)
    )


def run_of(corpus, seed=0):
    """Return the systems of a run of both tasks: a branch, refitted, fused with another, judged."""
    used = ["acoustic+text"] * N
    fused = logits(corpus, "fused", 0.8, seed, used=used)
    judged = replace(fused, label=[label if i % 3 else "sad" for i, label in enumerate(fused.labels())])
    return {
        "emotion": {
            "acoustic": logits(corpus, "acoustic", 3.0, seed + 1),
            "acoustic, refitted": logits(corpus, "acoustic, refitted", 2.5, seed + 2),
            "fused": fused,
            "fused + rules judge": judged,
        },
        "attributes": {
            "acoustic, refitted": values(corpus, "acoustic, refitted", 3.0, seed),
            "fused": replace(values(corpus, "fused", 1.0, seed + 1), used=used),
        },
    }


def write_run(folder, corpus, systems):
    """Write what a report reads of a finished run."""
    files = {}
    for task, by_name in systems.items():
        for k, (name, rows) in enumerate(by_name.items()):
            files.setdefault(task, {})[name] = f"{task}-{k}.parquet"
            rows.save(folder / files[task][name])
    (folder / "systems.json").write_text(json.dumps(files))
    (folder / "run.json").write_text(json.dumps({"command": ["emojudge", "run", "--config=mine.yaml"]}))
    corpus.save(folder / "table.parquet")
