"""What each split of a corpus is made of: classes, rows without one, hours, speakers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from .table import Table


@dataclass(frozen=True)
class SplitComposition:
    """Counts of one split."""

    split: str
    role: str
    classes: Mapping[str, int]
    """Utterances by class, every class of the list, in its order."""
    unlabelled: Mapping[str, int]
    """Utterances without a class by what the corpus says of them (``O``, ``X``), the most frequent first; ``""`` where it says nothing."""
    duration_s: float
    """Of the utterances whose duration is known, together."""
    n_untimed: int
    """Utterances whose duration is not known."""
    n_speakers: int
    """Known speakers."""
    n_without_speaker: int
    """Utterances whose speaker is not known."""

    @property
    def n_labelled(self) -> int:
        """Utterances of a class."""
        return sum(self.classes.values())

    @property
    def n_utterances(self) -> int:
        """All utterances."""
        return self.n_labelled + sum(self.unlabelled.values())

    def percent(self, emotion: str) -> float | None:
        """Return the share of a class among the labelled utterances, in percent; None where there are none."""
        return 100 * self.classes[emotion] / self.n_labelled if self.n_labelled else None


def compose(table: Table) -> list[SplitComposition]:
    """Return what each split is made of, those that fit first, then those that tune, then the others by name."""
    emotions, labels, durations, speakers, splits = (
        table.column(name) for name in ("emotion", "source_label", "duration_s", "speaker", "split")
    )
    rows: dict[str, list[int]] = {split: [] for split in table.splits}
    for row, split in enumerate(splits):
        rows[split].append(row)
    composed = []
    for split, mine in rows.items():
        counts = Counter(emotions[row] for row in mine)
        timed = [durations[row] for row in mine if durations[row] is not None]
        known = [speakers[row] for row in mine if speakers[row] is not None]
        composed.append(
            SplitComposition(
                split=split,
                role=table.info.roles[split],
                classes={name: counts[name] for name in table.info.classes},
                unlabelled=dict(Counter(labels[row] or "" for row in mine if emotions[row] is None).most_common()),
                duration_s=sum(timed),
                n_untimed=len(mine) - len(timed),
                n_speakers=len(set(known)),
                n_without_speaker=len(mine) - len(known),
            )
        )
    return composed
