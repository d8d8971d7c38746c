"""``judge``: ask what has not been asked, store what comes back, and read it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..errors import JudgeError
from .case import Case
from .clients import CallFailedError, Client, Reply, Request
from .journal import Journal, as_decision, request_key
from .prompt import Prompt, load_prompt
from .verdict import NoVerdict, Outcome, read_verdict

_BLOCK = 256
"""Requests of a repeatable client whose intents, and whose replies, are committed together."""


def judge(
    cases: Mapping[str, Case],
    client: Client,
    journal: Journal | str | Path,
    *,
    prompt: Prompt | str | Path = "paper",
    resend_unknown: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Outcome]:
    """Return the outcome of each case: a verdict, or why there is none.

    The LLM as expert evaluator (paper, section 4.6). Every request is planned in the journal under a key of
    its own; the intent to ask is committed before the call, the raw reply before it is read. What was
    answered is never asked again, so after an interruption, or with another way of deciding, the same call
    costs only what is missing. A failed request is asked again; one whose reply was lost is not, unless
    asking again costs nothing or ``resend_unknown`` is set.

    Args:
        cases: By utterance id. One without a label, or without words and sound, is not asked about.
        client: Who answers.
        journal: Where it is kept; a path is opened, and made if need be.
        prompt: Name of a shipped prompt, path of a ``.txt`` file, or a prompt.
        resend_unknown: Ask again where a reply was lost, and perhaps pay twice.
        progress: Called with (requests settled, requests in all).

    Raises:
        JudgeError: If the journal or the prompt cannot be used.
    """
    if not isinstance(journal, Journal):
        with Journal(journal) as opened:
            return judge(cases, client, opened, prompt=prompt, resend_unknown=resend_unknown, progress=progress)
    prompt = prompt if isinstance(prompt, Prompt) else load_prompt(prompt)
    version, model, settings = prompt.version, client.model, dict(client.settings)
    requests = {}
    for id, case in cases.items():
        if case.label is not None and case.has_evidence:
            key = request_key(id, case.canonical(), version, model, settings)
            requests[key] = Request(key, id, case, prompt)
    journal.plan(requests.values(), prompt, model, settings)
    journal.settle_interrupted(requests, repeatable=client.repeatable)
    _ask(requests, client, journal, resend_unknown, progress)
    found = _read(requests, journal)
    return {id: found.get(id, NoVerdict("not_asked")) for id in cases}


def _ask(
    requests: Mapping[str, Request], client: Client, journal: Journal, resend_unknown: bool, progress: Callable[[int, int], None] | None
) -> None:
    askable = {"planned", "failed", "expired", "cancelled"} | ({"unknown"} if resend_unknown else set())
    states = journal.states()
    pending = [key for key in requests if states[key] in askable]
    done = len(requests) - len(pending)
    block = _BLOCK if client.repeatable else 1
    if progress is not None:
        progress(done, len(requests))
    for start in range(0, len(pending), block):
        keys = pending[start : start + block]
        journal.send(keys)
        _call([requests[key] for key in keys], client, journal)
        done += len(keys)
        if progress is not None:
            progress(done, len(requests))


def _call(requests: Sequence[Request], client: Client, journal: Journal) -> None:
    """Ask some requests and store their replies, those that came before an interruption too."""
    replies: dict[str, Reply | JudgeError] = {}
    try:
        for request in requests:
            try:
                replies[request.key] = client.reply(request)
            except CallFailedError as error:
                replies[request.key] = error
    finally:
        journal.store(replies)


def _read(requests: Mapping[str, Request], journal: Journal) -> dict[str, Outcome]:
    """Read every stored reply, enter the outcomes, and return them by utterance id."""
    outcomes: dict[str, Outcome] = {
        key: read_verdict(raw, requests[key].case.classes) for key, raw in journal.raw_replies() if key in requests
    }
    known = journal.decisions()
    journal.decide({key: outcome for key, outcome in outcomes.items() if known.get(key) != as_decision(outcome)})
    states, errors = journal.states(), journal.errors()
    for key in requests.keys() - outcomes.keys():
        outcomes[key] = NoVerdict("lost_reply" if states[key] == "unknown" else "no_reply", errors.get(key, ""))
    return {requests[key].id: outcome for key, outcome in outcomes.items()}
