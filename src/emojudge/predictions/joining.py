"""``align``: predictions joined by utterance id, never by position."""

from collections.abc import Sequence
from typing import TypeVar

from ..errors import PredictionsError, some
from .rows import Rows

AnyRows = TypeVar("AnyRows", bound=Rows)


def align(*predictions: AnyRows, ids: Sequence[str] | None = None) -> list[AnyRows]:
    """Return predictions of the same utterances in the same order, joined by id.

    Args:
        *predictions: Of one task, corpus and class list, or of the same attributes.
        ids: The order wanted; by default that of the first. Each must hold exactly these ids.

    Raises:
        PredictionsError: If tasks, class lists, attributes or corpora differ, or an id is missing or unknown on one side.
    """
    one, first = predictions[0].NAMES[1], predictions[0].info
    for other in (p.info for p in predictions[1:]):
        if other.task != first.task:
            raise PredictionsError(f"'{other.system}' predicts {other.task}, '{first.system}' {first.task}; both need one task")
        if other.names != first.names:
            raise PredictionsError(
                f"'{other.system}' predicts {list(other.names)}, '{first.system}' {list(first.names)}; both need one {one} list"
            )
        if other.corpus != first.corpus:
            raise PredictionsError(
                f"'{other.system}' was predicted on corpus {other.corpus}, '{first.system}' on {first.corpus}; predict both on one table"
            )
    ids = predictions[0].id if ids is None else list(ids)
    wanted = set(ids)
    for p in predictions:
        unknown = [id for id in p.id if id not in wanted]
        if unknown:
            raise PredictionsError(f"'{p.info.system}' has {len(unknown)} utterances that are not expected here: {some(unknown)}")
    return [p.select(ids) for p in predictions]
