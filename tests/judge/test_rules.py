"""Rules that judge without a model: reluctant, transparent, and strangers to the synthetic corpus."""

import ast
import json
from itertools import combinations
from pathlib import Path

import pytest

import emojudge.judge
from emojudge.judge import Case, RulesClient, Verdict, judge, refine
from emojudge.judge.clients import lexicon
from emojudge.judge.clients.lexicon import FAMILIES, WORDS, emotion_words, family_of
from emojudge.judge.clients.rules import SOUNDS, judge_by_rules
from emojudge.judge.verdict import read_verdict
from emojudge.labels import EMOTIONS

SHOUTED = {"loudness_db": "very high", "pitch_range_semitones": "very high", "words_per_s": "very high", "pause_fraction": "low"}
AVERAGE = dict.fromkeys(SHOUTED, "average")


def case(label, transcript=None, levels=None, classes=EMOTIONS):
    return Case(label, classes, transcript=transcript, description="Some sound.", levels=levels or {})


def changed(*args, **options):
    label, confidence, _ = judge_by_rules(case(*args, **options))
    return label if confidence > 80 and label != args[0] else None


def test_words_and_sound_together_change_a_label():
    assert changed("sad", "I hate this!", SHOUTED) == "angry"
    assert changed("neutral", "I am furious. I hate them.", SHOUTED) == "angry"


@pytest.mark.parametrize(
    ("transcript", "levels"),
    [
        (None, None),
        ("We went to the station.", AVERAGE),
        ("I hate this!", None),
        ("I hate this!", AVERAGE),
        ("I love it, but I am scared.", SHOUTED),
        ("I do not hate it.", AVERAGE),
    ],
)
def test_weak_or_conflicting_evidence_changes_nothing(transcript, levels):
    assert all(changed(label, transcript, levels) is None for label in EMOTIONS if label != "angry")


def test_that_nothing_stands_out_is_no_ground_for_neutral():
    assert all(changed(label, "Kids are talking by the door.", AVERAGE) is None for label in EMOTIONS)


def test_sound_alone_must_be_striking_and_far_from_the_label():
    assert changed("sad", levels=SHOUTED) == "angry"
    assert changed("happy", levels=SHOUTED) is None
    assert changed("sad", levels=AVERAGE | {"loudness_db": "high"}) is None


@pytest.mark.parametrize("label", EMOTIONS)
def test_a_fitting_label_is_confirmed(label):
    words = " ".join(sorted(WORDS.get(label, ()))[:2])
    level = {
        -1.0: "very low",
        -0.75: "very low",
        -0.5: "low",
        -0.25: "average",
        0.0: "average",
        0.25: "average",
        0.5: "high",
        0.75: "very high",
        1.0: "very high",
    }
    levels = {("words_per_s" if name == "rate" else name): level[value] for name, value in SOUNDS[label].items()}
    assert judge_by_rules(case(label, words, levels))[0] == label


def test_other_class_names_are_understood_and_unknown_ones_never_chosen():
    assert changed("sadness", "I hate this!", SHOUTED, classes=("anger", "sadness", "joy")) == "anger"
    assert judge_by_rules(case("bored", "I hate it, I am furious and enraged", SHOUTED, classes=("bored", "sleepy")))[0] == "bored"
    assert [family_of(name) for name in ("Fearful", "surprised", "joy", "boredom")] == ["fear", "surprise", "happy", None]


def test_a_single_class_is_kept():
    assert judge_by_rules(case("sad", classes=("sad",))) == ("sad", 50, "Rules. Words: no emotion words. Sound: unknown.")


def test_negated_words_do_not_count():
    assert emotion_words("I don't really hate it; never angry, but FURIOUS and “happy”") == {"angry": ["furious"], "happy": ["happy"]}


def test_every_default_class_has_a_sound_and_each_word_one_family():
    assert set(SOUNDS) == set(FAMILIES) >= set(EMOTIONS)
    assert not any(WORDS[one] & WORDS[other] for one, other in combinations(WORDS, 2))
    assert all(word == word.lower().strip() for words in WORDS.values() for word in words)


def test_replies_have_the_form_that_a_model_is_asked_for(tmp_path):
    cases = {"a": case("sad", "I hate this!", SHOUTED), "b": case("happy", "A letter.", AVERAGE), "c": case(None, "x")}
    outcomes = judge(cases, RulesClient(), tmp_path / "journal.sqlite")
    assert isinstance(outcomes["a"], Verdict)
    assert refine({id: c.label for id, c in cases.items()}, outcomes).labels == {"a": "angry", "b": "happy", "c": None}
    label, confidence, reason = judge_by_rules(cases["a"])
    assert read_verdict(json.dumps({"label": label, "confidence": confidence, "reason": reason}), EMOTIONS) == outcomes["a"]
    assert outcomes["a"].reason == "Rules. Words: hate. Sound: loudness very high, pitch range very high, pauses low, rate very high."


def test_results_name_the_rules_and_their_constants(monkeypatch):
    client = RulesClient()
    before = client.settings
    assert client.model == "rules-v1"
    monkeypatch.setitem(lexicon.WORDS, "sad", frozenset({"blue"}))
    assert client.settings != before


def test_no_word_is_shared_with_the_synthetic_corpus():
    settings = pytest.importorskip("emojudge.corpus.synthetic.settings")
    generated = {word for topics in settings.TOPICS.values() for word in topics} | set(settings.FILLERS)
    assert len(generated) > 50
    assert not generated & set().union(*WORDS.values())


def test_the_judge_never_imports_the_generator():
    for path in Path(emojudge.judge.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            assert "synthetic" not in f"{module} {' '.join(names)}", path
