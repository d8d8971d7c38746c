"""What cannot be learnt or tuned on is refused before a network is trained."""

from pathlib import Path

import pytest

from emojudge.corpus.table import TableInfo, build_table
from emojudge.errors import ConfigError, FusionError
from emojudge.labels import ATTRIBUTES
from emojudge.pipeline.config import FusionConfig
from emojudge.pipeline.systems import System
from emojudge.pipeline.tuning import check_tuning

EMOTION = System("words", [Path("a.yaml")], ("emotion",))
ATTRIBUTE = System("values", [Path("b.yaml")], ("attributes",))
BOTH = System("both", [Path("c.yaml")], ("emotion", "attributes"))

UNLEARNT = {name: [None, None, 1.0, 2.0] for name in ATTRIBUTES}


def table(**changes):
    """Return a table of two train and two dev utterances of four speakers, complete but for the changes."""
    columns = {
        "id": list("abcd"),
        "split": ["train", "train", "dev", "dev"],
        "speaker": list("1234"),
        "emotion": ["sad", "calm", "sad", "calm"],
        **{name: [1.0, 2.0, 3.0, 4.0] for name in ATTRIBUTES},
    }
    return build_table(columns | changes, TableInfo("corpus", classes=("sad", "calm")))


@pytest.mark.parametrize("systems", [[EMOTION], [ATTRIBUTE], [BOTH], [EMOTION, ATTRIBUTE]])
def test_a_complete_corpus_is_taken(systems):
    check_tuning(table(), FusionConfig(), systems)


def test_only_what_is_learnt_is_asked_of_the_corpus():
    check_tuning(table(emotion=[None] * 4), FusionConfig(), [ATTRIBUTE])
    check_tuning(table(emotion=[None] * 4), FusionConfig("any"), [ATTRIBUTE])
    check_tuning(table(**dict.fromkeys(ATTRIBUTES, [None] * 4)), FusionConfig(), [EMOTION])
    check_tuning(table(arousal=[2.0, 2.0, 3.0, 4.0]), FusionConfig(match_moments=False), [ATTRIBUTE])
    check_tuning(table(arousal=[None] * 4, dominance=[None, None, 1.0, None]), FusionConfig(), [ATTRIBUTE])


@pytest.mark.parametrize(
    ("changes", "systems", "error", "words"),
    [
        (UNLEARNT, [EMOTION, ATTRIBUTE, BOTH], ConfigError, r"trains \(train\) has a value of valence, .*, which values, both would learn"),
        ({"emotion": [None, None, "sad", "calm"]}, [BOTH], ConfigError, "has an emotion, which both would learn"),
        ({"arousal": [1.0, 2.0, None, None]}, [ATTRIBUTE], FusionError, r"tunes \(dev\) has no value of arousal, which train has"),
        ({"arousal": [1.0, 2.0, None, 3.0]}, [ATTRIBUTE], FusionError, "has values of arousal from one speaker only"),
        ({"arousal": [2.0, 2.0, 3.0, 4.0]}, [ATTRIBUTE], ConfigError, r"arousal has one value in all that trains \(train\).*match_moments"),
        ({"emotion": ["sad", "calm", "sad", "sad"]}, [EMOTION], FusionError, "has no utterance of calm, which train has"),
        ({"speaker": list("1233")}, [EMOTION], FusionError, "fewer than two speakers"),
    ],
)  # fmt: skip
def test_a_corpus_that_cannot_be_learnt_or_tuned_on_is_refused(changes, systems, error, words):
    with pytest.raises(error, match=words):
        check_tuning(table(**changes), FusionConfig(), systems)


@pytest.mark.parametrize("config", [FusionConfig(folds=1), FusionConfig("unifrm"), FusionConfig([0.5])])
def test_settings_that_no_fusion_takes_are_refused(config):
    with pytest.raises(ConfigError):
        check_tuning(table(), config, [EMOTION])
