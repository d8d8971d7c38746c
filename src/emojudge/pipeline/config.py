"""What ``emojudge run`` takes: a corpus, the systems, and how they are fused and judged."""

from dataclasses import dataclass, field
from typing import Any, Literal

from ..corpus.faults import OnBadUtterance


@dataclass
class Dev2Config:
    """A class-balanced Dev-2 taken out of the development split (paper, section 3.1)."""

    seed: int = 0
    """Seed of the draw."""
    per_class: int | None = None
    """Utterances of each class; half of the rarest class by default."""
    allow_rare: bool = False
    """Go on although a class would be left with fewer than 50 utterances."""


@dataclass
class CorpusConfig:
    """Which corpus, and through which reader."""

    reader: str = "msp_podcast"
    """``msp_podcast``, ``manifest``, ``hub``, ``synthetic``, or ``table`` for one that was saved."""
    options: dict[str, Any] = field(default_factory=dict)
    """The reader's own options, such as ``root`` or ``path``."""
    splits: str | None = None
    """File of ``id, split`` in place of the corpus' own splits; ``emojudge corpus split`` writes such."""
    dev2: Dev2Config | None = None
    """Take a class-balanced Dev-2 out of dev; none by default."""


@dataclass
class FusionConfig:
    """How the branches are fused (paper, section 4.5)."""

    target_prior: str | list[float] = "uniform"
    """Class distribution to decide emotions under: ``uniform``, ``natural`` (that of the tuning split), ``train`` (that of the training
    split), ``estimated`` (of each split from its own utterances, without their labels), or one number a class."""
    folds: int = 5
    """Speaker-grouped folds; fewer where there are fewer speakers."""
    method: Literal["logistic", "mean", "interpolation", "best"] = "logistic"
    """How emotions are fused: logistic regression, mean of the branches, their weighted interpolation, or the best branch."""
    attribute_method: Literal["ridge", "fractional_logit", "interpolation", "mean", "best"] = "ridge"
    """How attributes are fused."""
    match_moments: bool = True
    """Give fused attributes the mean and deviation of the training labels, which concordance rewards."""
    comparators: list[str] = field(default_factory=list)
    """Further fusions, a row of the results each: another method, another target prior of emotions by name, ``unmatched`` (attributes
    without matched moments), or ``permuted`` (the same with every branch but the first permuted among utterances: what more inputs
    alone bring). A task leaves out what it does not know or is fused by anyway."""


@dataclass
class JudgeConfig:
    """Who reviews the fused labels (paper, section 4.6)."""

    client: Literal["rules", "replay", "none"] = "rules"
    """``rules`` is an offline rule-based judge, ``replay`` answers from recorded replies, ``none`` leaves the stage out. Emotions alone
    are reviewed."""
    replies: str | None = None
    """JSON lines of recorded replies, for ``replay``."""
    model: str = "replay"
    """The model that gave the recorded replies: it names the row of the results."""
    prompt: str = "paper"
    """A shipped prompt by name, or a ``.txt`` file."""
    threshold: float = 0.8
    """A label changes only when the judge's confidence, in 0..1, exceeds this."""
    speaker: Literal["none", "gender"] = "none"
    """What the judge is told about the speaker."""
    reference_utterances: int = 500
    """Train utterances whose quantiles turn the descriptors into words; fewer where train has fewer."""


@dataclass
class RunConfig:
    """One experiment."""

    systems: dict[str, list[str]] = field(default_factory=dict)
    """Config files of each branch's training, by branch: what ``emojudge fit`` gets as ``--config``. What a branch predicts, emotions,
    attributes or both, is up to the model that they name; the branches of a task are fused, and the first is refitted as a control."""
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    roles: dict[str, str] = field(default_factory=dict)
    """Role of some splits (fit, tune, hold); by default train fits, dev tunes, the others are held out."""
    tune_on: str | None = None
    """The one split that chooses checkpoints and fits the fusion; ``dev2`` gives the paper's footnote 6."""
    fusion: FusionConfig = field(default_factory=FusionConfig)
    judge: JudgeConfig = field(default_factory=JudgeConfig)
    seed: int = 0
    """Seed of trainings and folds."""
    on_bad_utterance: OnBadUtterance = "error"
    """``skip`` goes on without utterances that cannot be used, counts them and lists them in ``skipped.csv``."""
