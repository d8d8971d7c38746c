"""What the paper prints of its corpus and of its systems, as it stands there, to set one's own beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..labels import EMOTIONS
from .sheet import Sheet


@dataclass(frozen=True)
class PaperSplit:
    """One column of the paper's Table 1."""

    name: str
    """As the paper calls it."""
    percent: Mapping[str, float]
    """Share of each class, in percent."""
    n_utterances: int
    """The total that the paper gives."""


_TRAIN = {
    "angry": 10.05,
    "sad": 9.41,
    "happy": 24.95,
    "surprise": 4.40,
    "fear": 1.67,
    "disgust": 2.14,
    "contempt": 3.72,
    "neutral": 43.65,
}
_DEVELOPMENT = {
    "angry": 23.11,
    "sad": 9.27,
    "happy": 25.12,
    "surprise": 3.91,
    "fear": 1.29,
    "disgust": 2.15,
    "contempt": 5.78,
    "neutral": 29.39,
}

TABLE_1 = {
    "train": PaperSplit("Train", _TRAIN, 66_992),
    "dev": PaperSplit("Development", _DEVELOPMENT, 22_898),
    "dev2": PaperSplit("Dev-2", dict.fromkeys(EMOTIONS, 12.5), 2_360),
}
"""Table 1 of the paper by our name of each split: MSP-Podcast, release of the challenge, utterances of the eight classes."""

TABLE_1_NOTES = (
    "Paper: its percentages of Development describe all 25,258 utterances, though the total printed is the 22,898 left after Dev-2; "
    "of those, Fear would be 0.14 %.",
)
"""What must be said beside :data:`TABLE_1`."""


@dataclass(frozen=True)
class PaperSystem:
    """One row of the paper's Table 2."""

    name: str
    config: str
    """The shipped config of ``emojudge run`` that is this system."""
    dev: tuple[float, ...]
    """As printed, in the order of :data:`TABLE_2_COLUMNS`."""
    test: tuple[float, ...] = ()
    """On the challenge's test split; empty where the paper has none."""


TABLE_2_COLUMNS = {
    "emotion": {"F1": "macro_f1", "acc": "accuracy"},
    "attributes": {"Val": "ccc_valence", "Aro": "ccc_arousal", "Dom": "ccc_dominance", "mean": "ccc_mean"},
}
"""Columns of each half of Table 2 by task, as the paper names them, and the score of ours that such a name means."""

TABLE_2 = {
    "emotion": (
        PaperSystem(
            "WavLM-L + RoBERTa-L, fused, refined",
            "paper_emotion_wavlm_large_roberta_large_refined",
            (0.4292, 0.4666),
            (0.3388, 0.3631),
        ),
        PaperSystem(
            "WavLM-L + DeBERTa-L, fused, refined",
            "paper_emotion_wavlm_large_deberta_large_refined",
            (0.3822, 0.4353),
            (0.3345, 0.3603),
        ),
        PaperSystem("WavLM-L + RoBERTa-L, fused", "paper_emotion_wavlm_large_roberta_large", (0.3695, 0.427)),
        PaperSystem("WavLM-S + RoBERTa-S, fused", "paper_emotion_wavlm_base_roberta_base", (0.3224, 0.415), (0.2631, 0.2984)),
        PaperSystem("Whisper-S + RoBERTa-S, fused", "paper_emotion_whisper_small_roberta_base", (0.3144, 0.3939)),
        PaperSystem("ECAPA-TDNN + RoBERTa-L, fused", "paper_emotion_ecapa_roberta_large", (0.2138, 0.2968), (0.1083, 0.1325)),
        PaperSystem("Baseline", "paper_emotion_baseline", (0.307, 0.409), (0.3293, 0.3556)),
    ),
    "attributes": (
        PaperSystem(
            "WavLM-L + RoBERTa-L, fused",
            "paper_attributes_wavlm_large_roberta_large",
            (0.6891, 0.6109, 0.6679, 0.6560),
            (0.6441, 0.6229, 0.4769, 0.5813),
        ),
        PaperSystem("WavLM-L + DeBERTa-L, fused", "paper_attributes_wavlm_large_deberta_large", (0.6611, 0.6102, 0.6566, 0.6426)),
        PaperSystem(
            "Whisper-S + RoBERTa-L, fused",
            "paper_attributes_whisper_small_roberta_large",
            (0.6597, 0.6032, 0.6093, 0.6241),
            (0.5435, 0.5693, 0.4153, 0.5094),
        ),
        PaperSystem(
            "WavLM-L, audio only",
            "paper_attributes_wavlm_large",
            (0.6641, 0.595, 0.6101, 0.6231),
            (0.6441, 0.615, 0.4527, 0.5706),
        ),
        PaperSystem("ECAPA-TDNN + RoBERTa-L, fused", "paper_attributes_ecapa_roberta_large", (0.598, 0.550, 0.5970, 0.5817)),
        PaperSystem("Baseline", "paper_attributes_baseline", (0.652, 0.579, 0.688, 0.6396), (0.6385, 0.6232, 0.4775, 0.5797)),
    ),
}
"""Table 2 of the paper by task: MSP-Podcast, Development and the challenge's class-balanced test (our ``test3``)."""

TABLE_2_NOTES = {
    "emotion": (),
    "attributes": (
        "Paper: its dev columns are almost certainly in the order Aro / Dom / Val, though headed Val / Aro / Dom: the baseline's own "
        "report (of another release) gives Aro .652, Val .688, Dom .579. The test columns fit their heads.",
    ),
}
"""What must be said beside each half of :data:`TABLE_2`."""

PAPER_SPLITS = {"dev": "dev", "test": "test3"}
"""Our split by the paper's."""


def paper_sheet(task: str, own: Mapping[str, tuple[str, Mapping[str, Mapping[str, float]]]] | None = None) -> Sheet:
    """Return the half of the paper's Table 2 that is about a task, one's own numbers under the rows that they answer to.

    Args:
        task: ``emotion`` or ``attributes``.
        own: For some of the paper's rows, by config (:attr:`PaperSystem.config`): what the row below gets as its name, and scores by
            our split and measure.
    """
    columns, own = TABLE_2_COLUMNS[task], own or {}
    rows = []
    for system in TABLE_2[task]:
        printed = (f"{value:.4f}" for value in (*system.dev, *system.test))
        rows.append([system.name, *printed, *([""] * len(columns) if not system.test else [])])
        if system.config in own:
            name, scores = own[system.config]
            found = (scores.get(split, {}).get(measure) for split in PAPER_SPLITS.values() for measure in columns.values())
            rows.append([name, *("" if value is None else f"{value:.4f}" for value in found)])
    title = "The paper's Table 2, " + ("emotions: macro-F1 and accuracy" if task == "emotion" else "attributes: CCC as printed")
    return Sheet(title, ["system", *(f"{split} {name}" for split in PAPER_SPLITS for name in columns)], rows, list(TABLE_2_NOTES[task]))
