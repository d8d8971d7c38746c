"""The judge's part of an experiment: how each utterance sounds, what the judge says, and the refined labels."""

import json
from dataclasses import asdict, replace
from os import cpu_count

import numpy as np

from ..corpus import Table
from ..errors import ConfigError
from ..files import file_digest, write_text
from ..judge import Case, ReplayClient, RulesClient, describe_table, judge, load_prompt, make_case, refine, summarize, train_reference
from ..judge.clients import Client
from ..predictions import Predictions, load_predictions
from .config import JudgeConfig, RunConfig
from .display import Display
from .stages import TABLE, RunFolder

DESCRIPTORS, REFERENCE = "judge/prosody.parquet", "judge/reference.json"
JOURNAL, REFINED, SUMMARY = "judge/journal.sqlite", "judge/refined.parquet", "judge/summary.json"


def review(folder: RunFolder, reviewed: str, path: str, config: RunConfig, table: Table, display: Display) -> dict[str, str]:
    """Let the judge review a system's labels and return the file of the refined system, by its name.

    Paper: section 4.6 does not say which utterances are judged; here it is every one. A label of the
    fitting split is out-of-fold already.

    Args:
        folder: The run.
        reviewed: Name of the system whose labels are reviewed.
        path: Its predictions file.
        config: The experiment.
        table: The corpus.
        display: What is shown meanwhile.

    Raises:
        EmojudgeError: If a recording cannot be described, or the journal, the prompt or the replies cannot be used.
    """
    client = _client(config.judge)
    prompt = load_prompt(config.judge.prompt, threshold=config.judge.threshold)
    name = f"{reviewed} + {'rules' if config.judge.client == 'rules' else client.model} judge"
    _describe(folder, path, config, table, display)

    def make() -> str:
        predictions = load_predictions(folder.path / path, "emotion")
        cases = _cases(folder, predictions, config.judge, table)
        with display.bar(name) as tell:
            verdicts = judge(cases, client, folder.path / _journal(config.judge), prompt=prompt, progress=tell)
        labels, codes = refine(dict(zip(predictions.id, predictions.labels(), strict=True)), verdicts, config.judge.threshold)
        summary = summarize(codes.values())
        replace(
            predictions,
            info=replace(predictions.info, system=name, checkpoint=file_digest(folder.path / path)),
            label=[labels[id] for id in predictions.id],
            reason_code=[str(codes[id]) for id in predictions.id],
        ).save(folder.path / REFINED)
        told = {"judge": client.model, "prompt": prompt.version, "threshold": config.judge.threshold, **summary}
        write_text(folder.path / SUMMARY, json.dumps(told, indent=1) + "\n")
        return f"{summary['asked']} asked, {summary['changed']} labels changed, {summary['invalid']} replies invalid"

    settings = {
        "settings": asdict(config.judge),
        "client": [client.model, dict(client.settings)],
        "prompt": prompt.version,
        "replies": file_digest(config.judge.replies) if config.judge.replies else None,
    }
    folder.stage(name, lambda: {**settings, "files": folder.digest(TABLE, path, REFERENCE)}, [REFINED, SUMMARY], make)
    return {name: REFINED}


def check_judge(config: JudgeConfig) -> None:
    """Refuse settings that the judge's stage could not be done with.

    Raises:
        EmojudgeError: If the threshold is no confidence, or the prompt or the recorded replies cannot be read.
    """
    refine([], [], config.threshold)
    load_prompt(config.prompt, threshold=config.threshold)
    _client(config)
    if config.reference_utterances < 0:
        raise ConfigError(f"judge.reference_utterances is {config.reference_utterances}, expected a number of utterances")


def _cases(folder: RunFolder, predictions: Predictions, config: JudgeConfig, table: Table) -> dict[str, Case]:
    """Return the case of each utterance that is reviewed."""
    records = describe_table(table, predictions.id, cache=folder.path / DESCRIPTORS)
    reference = json.loads((folder.path / REFERENCE).read_text(encoding="utf-8"))
    columns = zip(*(table.column(column) for column in ("id", "transcript", "gender")), strict=True)
    known = {id: (transcript, gender) for id, transcript, gender in columns}
    classes = [name for name in predictions.info.classes if name not in predictions.info.absent_classes]
    return {
        id: make_case(
            label,
            classes,
            transcript=known[id][0],
            record=records.get(id),
            reference=reference,
            gender=known[id][1],
            speaker=config.speaker,
        )
        for id, label in zip(predictions.id, predictions.labels(), strict=True)
    }


def _describe(folder: RunFolder, path: str, config: RunConfig, table: Table, display: Display) -> None:
    """Measure the prosody of what is judged, and of train for the quantiles that turn numbers into words."""

    def make() -> None:
        sample = _reference_ids(config, table)
        wanted = [*sample, *load_predictions(folder.path / path).id]
        with display.bar("describing the sound") as tell:
            records = describe_table(table, wanted, jobs=cpu_count() or 1, cache=folder.path / DESCRIPTORS, progress=tell)
        reference = train_reference([records[id] for id in sample if id in records])
        write_text(folder.path / REFERENCE, json.dumps(reference, indent=1) + "\n")

    inputs = {"reference_utterances": config.judge.reference_utterances, "seed": config.seed, "roles": dict(table.info.roles)}
    folder.stage("description of the sound", lambda: {**inputs, "table": folder.digest(TABLE)}, [REFERENCE], make)


def _reference_ids(config: RunConfig, table: Table) -> list[str]:
    """Return a random sample of the train utterances that have audio, the same for the same seed."""
    fit = {split for split, role in table.info.roles.items() if role == "fit"}
    columns = zip(*(table.column(column) for column in ("id", "split", "audio")), strict=True)
    ids = [id for id, split, audio in columns if split in fit and audio is not None]
    n = min(config.judge.reference_utterances, len(ids))
    return [ids[i] for i in np.sort(np.random.default_rng(config.seed).permutation(len(ids))[:n])]


def _journal(config: JudgeConfig) -> str:
    """Return the journal's path; recorded replies have one for each file of them, so that corrected replies count."""
    return f"judge/replay-{file_digest(config.replies)}.sqlite" if config.client == "replay" and config.replies else JOURNAL


def _client(config: JudgeConfig) -> Client:
    if config.client == "rules":
        return RulesClient()
    if config.replies is None:
        raise ConfigError("judge.client is 'replay', which needs judge.replies, a JSON lines file of recorded replies")
    return ReplayClient(config.replies, model=config.model)
