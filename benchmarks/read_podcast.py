"""CPU seconds and peak memory of reading MSP-Podcast's label files into a table, and of opening the saved table again.

    python benchmarks/read_podcast.py                          # 150,000 utterances, 650,000 ratings, every form
    python benchmarks/read_podcast.py --forms json --rounds 1

For each form of ``labels_detailed`` the script writes a release of made-up labels into a temporary folder, then measures, each
in a Python process of its own, imports included: ``load_table`` without audio and transcripts plus ``Table.save``, and
``load_table("table")``, once with the imports and once after them. The figures are medians over the rounds, in which the
forms take turns. Aim: 15 CPU s and 1,500 MB to read, 1 CPU s to open.
"""

import argparse
import csv
import json
import statistics
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from measure import cpu_seconds, in_own_process

from emojudge.corpus import load_table
from emojudge.labels import EMOTION_CODES, EMOTIONS

CODES = {emotion: code for code, emotion in EMOTION_CODES.items()}
Rating = tuple[str, str, str, str, tuple[int, int, int]]  # file name, worker, primary, secondary, (arousal, valence, dominance)


def make_ratings(n_utterances: int, n_ratings: int) -> list[Rating]:
    """Return made-up ratings, in the order of the utterances, each of which has about the same number."""
    rng = np.random.default_rng(0)
    labels = [name.capitalize() for name in EMOTIONS] + ["Other-Annoyed", "Other"]
    primary = rng.choice(len(labels), n_ratings, p=[0.15, 0.1, 0.22, 0.05, 0.03, 0.04, 0.06, 0.3, 0.04, 0.01])
    second = rng.integers(0, len(labels), (n_ratings, 2))
    attributes = rng.integers(1, 8, (n_ratings, 3))
    workers = rng.integers(0, 12_000, n_ratings)
    return [
        (
            f"MSP-PODCAST_{row // 100:04d}_{row % 100:04d}.wav",
            f"WORKER{workers[i]:08d}_{i}",
            labels[primary[i]],
            ",".join(dict.fromkeys([labels[primary[i]], labels[second[i, 0]], labels[second[i, 1]]])),
            tuple(attributes[i].tolist()),
        )
        for i, row in enumerate(np.sort(np.arange(n_ratings) % n_utterances).tolist())
    ]


def write_consensus(root: Path, ratings: list[Rating]) -> None:
    by_name: dict[str, list[Rating]] = {}
    for rating in ratings:
        by_name.setdefault(rating[0], []).append(rating)
    splits = ("Train", "Train", "Train", "Development", "Test1", "Test2")
    rows, partitions = [], []
    for i, (name, of_name) in enumerate(by_name.items()):
        votes = [CODES.get(rating[2].lower(), "O") for rating in of_name]
        leaders = [code for code in dict.fromkeys(votes) if votes.count(code) == max(map(votes.count, votes))]
        means = [f"{sum(values) / len(values):.6f}" for values in zip(*(rating[4] for rating in of_name), strict=True)]
        rows.append([name, leaders[0] if len(leaders) == 1 else "X", *means, i % 3_000, ("Male", "Female")[i % 2], splits[i % 6]])
        partitions.append(f"{splits[i % 6]}; {name}")
    write_csv(root / "Labels" / "labels_consensus.csv", "FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set", rows)
    (root / "Partitions.txt").write_text("\n".join(partitions) + "\n")


def write_details(root: Path, ratings: list[Rating]) -> None:
    rows = [
        [name, f"{worker}; {primary}; {secondary}; A:{a:.6f}; V:{v:.6f}; D:{d:.6f};"]
        for name, worker, primary, secondary, (a, v, d) in ratings
    ]
    write_csv(root / "Labels" / "labels_detailed.csv", "FileName,EmoDetail", rows)


def write_columns(root: Path, ratings: list[Rating]) -> None:
    rows = [[name, worker, primary, secondary, *map(float, attributes)] for name, worker, primary, secondary, attributes in ratings]
    write_csv(root / "Labels" / "labels_detailed.csv", "FileName,WorkerID,EmoClass_Major,EmoClass_Second,EmoAct,EmoVal,EmoDom", rows)


def write_json(root: Path, ratings: list[Rating]) -> None:
    content: dict[str, dict[str, dict[str, object]]] = {}
    for name, worker, primary, secondary, (a, v, d) in ratings:
        rating = {"EmoClass_Major": primary, "EmoClass_Second": secondary, "EmoAct": float(a), "EmoDom": float(d), "EmoVal": float(v)}
        content.setdefault(name, {})[worker] = rating
    (root / "Labels" / "labels_detailed.json").write_text(json.dumps(content, indent=4))


def write_csv(path: Path, header: str, rows: list[list[object]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header.split(","), *rows])


FORMS: dict[str, Callable[[Path, list[Rating]], None]] = {"details": write_details, "columns": write_columns, "json": write_json}
"""The challenge's form (and 1.7 to 1.12), that of 2.0 (and 1.6), and the JSON file."""


def read_and_save(root: Path) -> str:
    table = load_table("msp_podcast", root=root, audio=False, transcripts=False)
    table.save(root / "table.parquet")
    return table.info.fingerprint


def open_again(root: Path) -> tuple[str, float]:
    """Return the fingerprint of the saved table, and the CPU seconds that opening it once more takes, with everything imported."""
    table = load_table("table", path=root / "table.parquet")
    return table.info.fingerprint, cpu_seconds(lambda: load_table("table", path=root / "table.parquet"))[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--utterances", type=int, default=150_000)
    parser.add_argument("--ratings", type=int, default=650_000)
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS))
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    ratings = make_ratings(arguments.utterances, arguments.ratings)
    figures: dict[str, list[tuple[float, float, float, float]]] = {form: [] for form in arguments.forms}
    with tempfile.TemporaryDirectory() as folder:
        roots = {form: Path(folder) / form for form in arguments.forms}
        for form, root in roots.items():
            (root / "Labels").mkdir(parents=True)
            write_consensus(root, ratings)
            FORMS[form](root, ratings)
        del ratings
        for _ in range(arguments.rounds):
            for form, root in roots.items():
                read_s, read_mb, written = in_own_process(partial(read_and_save, root))
                both_s, _, (opened, second_s) = in_own_process(partial(open_again, root))
                if written != opened:
                    raise SystemExit(f"{form}: the table opened again is not the one that was saved ({opened}, {written})")
                figures[form].append((read_s, read_mb, both_s - second_s, second_s))
    print(f"{arguments.utterances:,} utterances, {arguments.ratings:,} ratings; medians of {arguments.rounds} rounds")
    for form, rounds in figures.items():
        read_s, read_mb, first_s, second_s = (statistics.median(values) for values in zip(*rounds, strict=True))
        print(
            f"{form:8} read and save {read_s:6.2f} CPU s, peak {read_mb:5.0f} MB; "
            f"open again {first_s:5.2f} CPU s, {second_s:5.2f} without the imports"
        )


if __name__ == "__main__":
    main()
