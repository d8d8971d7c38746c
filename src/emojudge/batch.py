"""What a network receives: the tensors of a few utterances, and who they are."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor


class Batch(NamedTuple):
    """Utterances padded to one length; a part that the corpus or the network does not need is None.

    A named tuple, so that Lightning moves it to the device and pins its memory field by field.
    """

    row: "Tensor"
    """Row of each utterance in the table, ``(batch,)`` int64."""
    id: list[str]
    """Utterance id of each row."""
    waveform: "Tensor | None" = None
    """Raw samples at the run's sample rate, ``(batch, samples)`` float32, zero where padded."""
    waveform_mask: "Tensor | None" = None
    """True where a sample is real, ``(batch, samples)``; all False for an utterance without audio."""
    tokens: "Tensor | None" = None
    """Token ids of the transcript, ``(batch, tokens)`` int64."""
    token_mask: "Tensor | None" = None
    """True where a token is real, ``(batch, tokens)``; all False for an utterance without transcript."""
    emotion: "Tensor | None" = None
    """Index into the run's class list, ``(batch,)`` int64; -1 where there is no label."""
    votes: "Tensor | None" = None
    """Distribution of the raters' votes over the classes, ``(batch, classes)`` float32, zero throughout where there is none.

    In training on votes only."""
    attributes: "Tensor | None" = None
    """Valence, arousal and dominance as ``(y - 1) / 6``, ``(batch, 3)`` float32; NaN where unknown. None where the corpus has none."""
