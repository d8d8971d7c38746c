"""What the judge may know about one utterance: words, sound, speaker, fused label; never where it comes from."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ..errors import JudgeError
from .description import DEFAULT_REFERENCE, Reference, description_text, levels
from .prosody import Prosody

SpeakerIndicator: TypeAlias = Literal["none", "gender"]

_GENDERS = {"female": "female", "f": "female", "woman": "female", "male": "male", "m": "male", "man": "male"}


@dataclass(frozen=True)
class Case:
    """One utterance as the judge sees it (paper, section 4.6).

    It holds no id, path, file name or speaker's name, since these often contain the label. A part that
    is not known is None; an empty transcript is none.

    Raises:
        JudgeError: If the class list is empty, repeats itself or holds a control character, the label is
            not in it, or the speaker indicator is not one that emojudge makes.
    """

    label: str | None
    """The fused label; None where there was no input to predict from."""
    classes: tuple[str, ...]
    """What the judge may choose from, in the order of the table."""
    transcript: str | None = None
    description: str | None = None
    """How it sounds, as :func:`describe` says it."""
    speaker: str | None = None
    """``female``, ``male`` or None."""
    measures: Mapping[str, float] = field(default_factory=dict)
    """The numbers of the description, to three digits."""
    levels: Mapping[str, str] = field(default_factory=dict)
    """The words of the description by measure."""

    def __post_init__(self) -> None:
        for name, plain in (("classes", tuple), ("measures", dict), ("levels", dict)):
            object.__setattr__(self, name, plain(getattr(self, name)))
        if self.transcript is not None and not self.transcript.strip():
            object.__setattr__(self, "transcript", None)
        odd = [name for name in self.classes if not name.strip() or any(unicodedata.category(c)[0] == "C" for c in name)]
        if not self.classes or odd or len(set(self.classes)) < len(self.classes):
            raise JudgeError(f"a case needs a list of different, printable classes, found {list(self.classes)}")
        if self.label is not None and self.label not in self.classes:
            raise JudgeError(f"the fused label '{self.label}' is not in the class list {list(self.classes)}")
        if self.speaker is not None and self.speaker not in _GENDERS.values():
            raise JudgeError(f"the speaker indicator '{self.speaker}' is not one of female, male; give make_case the gender instead")

    @property
    def has_evidence(self) -> bool:
        """Whether there is anything to judge the label by."""
        return self.transcript is not None or self.description is not None

    def canonical(self) -> str:
        """Return the case as JSON of one form: equal cases give equal text, on every machine.

        What is not known is left out, so that a part added to cases later changes no key of a case without it.
        """
        return json.dumps({name: value for name, value in vars(self).items() if value}, sort_keys=True, separators=(",", ":"))

    def evidence(self) -> dict[str, Any]:
        """Return what is shown to a language model; its text holds the numbers and words of the sound already."""
        return {"transcript": self.transcript, "sound": self.description, "speaker": self.speaker, "label": self.label}


def make_case(
    label: str | None,
    classes: Sequence[str],
    *,
    transcript: str | None = None,
    record: Prosody | None = None,
    reference: Reference | None = None,
    gender: str | None = None,
    speaker: SpeakerIndicator = "none",
) -> Case:
    """Return the case of an utterance from what is known about it.

    Paper: names a speaker indicator in the abstract only. By default we give none; the gender where it is asked for and known.

    Args:
        label: The fused label, one of ``classes``; None where there is none.
        classes: The class list of the table.
        transcript: What is said, if known.
        record: How it sounds, if there is audio.
        reference: Quantiles that turn numbers into words, as :func:`describe` takes them.
        gender: As the corpus gives it; other spellings than female, male, f, m, woman, man count as unknown.
        speaker: ``none`` says nothing of the speaker, ``gender`` the gender.

    Raises:
        JudgeError: If the label is not in the class list, or the reference is not of the documented form.
    """
    known = {} if record is None else {name: getattr(record, name) for name in DEFAULT_REFERENCE}
    return Case(
        label=label,
        classes=tuple(classes),
        transcript=transcript,
        description=None if record is None else description_text(record, reference),
        speaker=_GENDERS.get((gender or "").strip().lower()) if speaker == "gender" else None,
        measures={name: float(f"{value:.3g}") for name, value in known.items() if value is not None},
        levels={} if record is None else levels(record, reference),
    )
