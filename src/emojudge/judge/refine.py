"""The host's rule: when a verdict may overrule the fused label, and why a label was kept."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar, overload

from ..errors import JudgeError
from .verdict import NoVerdict, Outcome

Labels = TypeVar("Labels")
Codes = TypeVar("Codes")


class ReasonCode(StrEnum):
    """Why an utterance has the label it has after the judge."""

    CHANGED = "changed"
    KEPT_AGREES = "kept_agrees"
    KEPT_BELOW_THRESHOLD = "kept_below_threshold"
    KEPT_INVALID = "kept_invalid"
    """The reply is not a verdict."""
    KEPT_NO_REPLY = "kept_no_reply"
    """The request failed, or no verdict was given for this utterance."""
    KEPT_LOST_REPLY = "kept_lost_reply"
    """The request was sent, and what became of it is not known."""
    KEPT_NOT_ASKED = "kept_not_asked"
    KEPT_NO_LABEL = "kept_no_label"
    """There was no fused label to judge, and there still is none."""


class Refined(NamedTuple, Generic[Labels, Codes]):
    """Labels after the judge, and the reason of each, in the form that the labels came in."""

    labels: Labels
    codes: Codes


@overload
def refine(
    labels: Mapping[str, str | None], verdicts: Mapping[str, Outcome | None], threshold: float = 0.8
) -> Refined[dict[str, str | None], dict[str, ReasonCode]]: ...
@overload
def refine(
    labels: Sequence[str | None], verdicts: Sequence[Outcome | None], threshold: float = 0.8
) -> Refined[list[str | None], list[ReasonCode]]: ...
def refine(
    labels: Mapping[str, str | None] | Sequence[str | None],
    verdicts: Mapping[str, Outcome | None] | Sequence[Outcome | None],
    threshold: float = 0.8,
) -> Refined[dict[str, str | None], dict[str, ReasonCode]] | Refined[list[str | None], list[ReasonCode]]:
    """Return the refined labels, each with its reason.

    Only post-hoc refinement (paper, section 4.6): a label changes when the verdict is valid, names another
    class, and is more confident than the threshold; a confidence equal to it does not change anything.

    Args:
        labels: The fused labels by utterance id, or in a list; None where there is none.
        verdicts: By utterance id (a missing one counts as no reply), or a list of the same length.
        threshold: 0 to 1.

    Raises:
        JudgeError: If the threshold is outside of 0 to 1, the lists differ in length, or there is a verdict
            for an id that has no label.

    >>> from emojudge.judge import Verdict
    >>> refine(["sad", "sad"], [Verdict("angry", 0.80), Verdict("angry", 0.81)]).labels
    ['sad', 'angry']
    """
    if not 0 <= threshold <= 1:
        raise JudgeError(f"the judge's threshold is {threshold}, expected a confidence of 0 to 1 (0.8 for 80 percent)")
    if isinstance(labels, Mapping) and isinstance(verdicts, Mapping):
        strangers = [id for id in verdicts if id not in labels]
        if strangers:
            raise JudgeError(f"there is a verdict but no label for utterance '{strangers[0]}' ({len(strangers)} in all)")
        by_id = {id: _decide(label, verdicts.get(id), threshold) for id, label in labels.items()}
        return Refined({id: label for id, (label, _) in by_id.items()}, {id: code for id, (_, code) in by_id.items()})
    if isinstance(labels, Mapping) or isinstance(verdicts, Mapping) or len(labels) != len(verdicts):
        raise JudgeError("labels and verdicts must both be mappings by id, or lists of one length")
    decided = [_decide(label, verdict, threshold) for label, verdict in zip(labels, verdicts, strict=True)]
    return Refined([label for label, _ in decided], [code for _, code in decided])


def summarize(codes: Iterable[ReasonCode]) -> dict[str, int]:
    """Return how many utterances there were, were asked about, got an answer, were changed, and have each reason."""
    counts = Counter(codes)
    n_asked = counts.total() - counts[ReasonCode.KEPT_NOT_ASKED] - counts[ReasonCode.KEPT_NO_LABEL]
    n_answered = n_asked - counts[ReasonCode.KEPT_NO_REPLY] - counts[ReasonCode.KEPT_LOST_REPLY]
    totals = {"utterances": counts.total(), "asked": n_asked, "answered": n_answered, "invalid": counts[ReasonCode.KEPT_INVALID]}
    return totals | {code.value: counts[code] for code in ReasonCode}


def _decide(label: str | None, verdict: Outcome | None, threshold: float) -> tuple[str | None, ReasonCode]:
    if label is None:
        return None, ReasonCode.KEPT_NO_LABEL
    if verdict is None:
        return label, ReasonCode.KEPT_NO_REPLY
    if isinstance(verdict, NoVerdict):
        codes = {"no_reply": ReasonCode.KEPT_NO_REPLY, "lost_reply": ReasonCode.KEPT_LOST_REPLY, "not_asked": ReasonCode.KEPT_NOT_ASKED}
        return label, codes.get(verdict.fault, ReasonCode.KEPT_INVALID)
    if verdict.label == label:
        return label, ReasonCode.KEPT_AGREES
    # A confidence is a whole percent; the margin keeps a threshold like 0.7 + 0.1 from letting 80 % pass.
    if verdict.confidence > threshold + 1e-9:
        return verdict.label, ReasonCode.CHANGED
    return label, ReasonCode.KEPT_BELOW_THRESHOLD
