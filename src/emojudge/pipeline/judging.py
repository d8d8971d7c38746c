"""The judge's part of an experiment: how each utterance sounds, what the judge says, and the refined labels."""

import json
from dataclasses import asdict, replace
from os import cpu_count

import numpy as np

from ..corpus import Table
from ..errors import ConfigError
from ..files import file_digest, write_text
from ..judge import ReplayClient, RulesClient, describe_table, judge, load_prompt, make_case, refine, summarize, train_reference
from ..judge.clients import Client
from ..predictions import load_predictions
from .config import JudgeConfig, RunConfig
from .display import Display
from .stages import RunFolder

TABLE, FUSED = "table.parquet", "fusion/fused.parquet"
DESCRIPTORS, REFERENCE, REFINED, SUMMARY = "judge/prosody.parquet", "judge/reference.json", "judge/refined.parquet", "judge/summary.json"
JOURNAL = "judge/journal.sqlite"


def review(folder: RunFolder, config: RunConfig, table: Table, display: Display) -> dict[str, str]:
    """Let the judge review the fused labels and return the file of the refined system, by its name.

    Every fused label is reviewed (paper, section 4.6); one of the fitting split is out-of-fold already.
    """
    client = _client(config.judge)
    name = f"fused + {'rules' if config.judge.client == 'rules' else client.model} judge"
    _describe(folder, config, table, display)

    def make() -> str:
        fused = load_predictions(folder.path / FUSED)
        records = describe_table(table, fused.id, cache=folder.path / DESCRIPTORS)
        reference = json.loads((folder.path / REFERENCE).read_text(encoding="utf-8"))
        columns = zip(*(table.column(column) for column in ("id", "transcript", "gender")), strict=True)
        known = {id: (transcript, gender) for id, transcript, gender in columns}
        labels = dict(zip(fused.id, fused.labels(), strict=True))
        cases = {
            id: make_case(
                label,
                [c for c in fused.info.classes if c not in fused.info.absent_classes],
                transcript=known[id][0],
                record=records.get(id),
                reference=reference,
                gender=known[id][1],
                speaker=config.judge.speaker,
            )
            for id, label in labels.items()
        }
        with display.bar(name) as tell:
            verdicts = judge(cases, client, folder.path / JOURNAL, prompt=config.judge.prompt, progress=tell)
        refined, codes = refine(labels, verdicts, config.judge.threshold)
        summary = summarize(codes.values())
        info = replace(fused.info, system=name, checkpoint=file_digest(folder.path / FUSED))
        replace(fused, info=info, label=[refined[id] for id in fused.id], reason_code=[str(codes[id]) for id in fused.id], _index={}).save(
            folder.path / REFINED
        )
        write_text(
            folder.path / SUMMARY, json.dumps({"judge": client.model, "threshold": config.judge.threshold, **summary}, indent=1) + "\n"
        )
        return f"{summary['asked']} asked, {summary['changed']} labels changed, {summary['invalid']} replies invalid"

    inputs = {
        "settings": asdict(config.judge),
        "client": [client.model, dict(client.settings)],
        "prompt": load_prompt(config.judge.prompt).version,
        "replies": file_digest(config.judge.replies) if config.judge.replies else None,
        "files": folder.digest(TABLE, FUSED, REFERENCE),
    }
    folder.stage(name, inputs, [REFINED, SUMMARY], make)
    return {name: REFINED}


def _describe(folder: RunFolder, config: RunConfig, table: Table, display: Display) -> None:
    """Measure the prosody of what is judged, and of train for the quantiles that turn numbers into words."""

    def make() -> None:
        judged = load_predictions(folder.path / FUSED).id
        sample = _reference_ids(config, table)
        with display.bar("describing the sound") as tell:
            records = describe_table(table, [*sample, *judged], jobs=cpu_count() or 1, cache=folder.path / DESCRIPTORS, progress=tell)
        reference = train_reference([records[id] for id in sample if id in records])
        write_text(folder.path / REFERENCE, json.dumps(reference, indent=1) + "\n")

    inputs = {"reference_utterances": config.judge.reference_utterances, "seed": config.seed, "table": folder.digest(TABLE)}
    folder.stage("description of the sound", inputs, [REFERENCE], make)


def _reference_ids(config: RunConfig, table: Table) -> list[str]:
    """Return a random sample of the train utterances that have audio, the same for the same seed."""
    fit = {split for split, role in table.info.roles.items() if role == "fit"}
    columns = zip(*(table.column(column) for column in ("id", "split", "audio")), strict=True)
    ids = [id for id, split, audio in columns if split in fit and audio is not None]
    n = min(config.judge.reference_utterances, len(ids))
    return [ids[i] for i in np.sort(np.random.default_rng(config.seed).permutation(len(ids))[:n])]


def _client(config: JudgeConfig) -> Client:
    if config.client == "rules":
        return RulesClient()
    if config.replies is None:
        raise ConfigError("judge.client is 'replay', which needs judge.replies, a JSON lines file of recorded replies")
    return ReplayClient(config.replies)
