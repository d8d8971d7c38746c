"""Who says what: balanced, disjoint and in conflict as the settings say."""

from collections import Counter

import numpy as np
import pytest

from emojudge.corpus.synthetic.plan import divide, draw_words, plan_corpus
from emojudge.corpus.synthetic.raters import draw_ratings, majority
from emojudge.corpus.synthetic.settings import FILLERS, TOPIC_NEIGHBOURS, TOPICS, VOICES, Conflicts, Raters, Words
from emojudge.errors import CorpusError
from emojudge.judge.clients import lexicon
from emojudge.labels import EMOTIONS


@pytest.fixture(scope="module")
def planned():
    return plan_corpus(1_600, 40, (5, 9), np.random.default_rng(5))


def test_every_split_has_every_class_and_test3_as_many_of_each(planned):
    counts = {split: Counter(u.code for u in planned if u.split == split) for split in ("Train", "Development", "Test1", "Test3")}
    assert counts["Test3"] == dict.fromkeys(EMOTIONS, 25)
    for split in ("Train", "Development", "Test1"):
        assert set(counts[split]) == {*EMOTIONS, "O", "X"}
        assert counts[split]["neutral"] > 3 * counts[split]["fear"]
    assert [sum(c.values()) for c in counts.values()] == [880, 320, 200, 200]


def test_no_speaker_and_no_recording_is_in_two_splits(planned):
    for of in (lambda u: u.delivery.speaker.number, lambda u: u.name.split("_")[1] if u.split != "Test3" else None):
        splits = {}
        for u in planned:
            splits.setdefault(of(u), set()).add(u.split)
        assert all(len(found) == 1 for found in splits.values())
    assert len({u.delivery.speaker.number for u in planned}) == 40


def test_names_are_unique_and_in_order(planned):
    names = [u.name for u in planned]
    assert names == sorted(set(names))


def test_conflicts_follow_the_settings(planned):
    labelled = [u for u in planned if u.code in EMOTIONS]
    conflicts = [u for u in labelled if u.sound != u.wording]
    assert len(conflicts) / len(labelled) == pytest.approx(Conflicts().share, abs=0.03)
    assert sum(u.sound == u.code for u in conflicts) / len(conflicts) == pytest.approx(Conflicts().label_follows_sound, abs=0.1)
    assert all(u.code in (u.sound, u.wording) for u in labelled)


def test_the_votes_give_the_planned_consensus(planned):
    for u in planned:
        assert majority([rating.primary for rating in u.ratings]) == u.code
        assert len({rating.worker for rating in u.ratings}) == Raters().per_utterance
        assert all(rating.primary in rating.secondary for rating in u.ratings)
        assert all(1 <= value <= 7 for r in u.ratings for value in (r.valence, r.arousal, r.dominance))


def test_in_a_conflict_raters_split_between_the_two_classes():
    rng = np.random.default_rng(0)

    def votes_for_fear(sound):
        return sum(r.primary == "fear" for _ in range(300) for r in draw_ratings("happy", sound, "happy", 0.0, rng))

    assert votes_for_fear("fear") > 5 * votes_for_fear("happy")


def test_raters_hear_the_level():
    def arousal(level_db):
        rng = np.random.default_rng(0)
        return np.mean([r.arousal for _ in range(200) for r in draw_ratings("neutral", "neutral", "neutral", level_db, rng)])

    assert arousal(10) - arousal(-10) == pytest.approx(20 * Raters().level_effect, abs=0.2)


@pytest.mark.parametrize(("votes", "expected"), [("aab", "a"), ("aabb", "X"), ("abc", "X"), ("aabbcc", "X"), ("a", "a")])
def test_the_majority_is_the_vote_with_most_voices(votes, expected):
    assert majority(list(votes)) == expected


def test_a_majority_for_other_is_o():
    assert majority(["other", "other", "sad"]) == "O"


def test_topics_follow_the_class_and_are_shared_with_its_neighbour():
    rng = np.random.default_rng(0)
    counts = Counter(word for _ in range(2_000) for word in draw_words("sad", (5, 9), rng))
    share = {name: sum(counts[word] for word in TOPICS[name]) for name in EMOTIONS}
    total, words = sum(share.values()), Words()
    rest = 1 - words.own - words.neighbour
    assert share["sad"] / total == pytest.approx(words.own + rest / 8, abs=0.02)
    assert share[TOPIC_NEIGHBOURS["sad"]] / total == pytest.approx(words.neighbour + rest / 8, abs=0.02)
    assert share["happy"] / total == pytest.approx(rest / 8, abs=0.01)


def test_a_sentence_has_the_length_asked_for_and_a_topic():
    rng = np.random.default_rng(0)
    topics = {word for words in TOPICS.values() for word in words}
    sentences = [draw_words("fear", (2, 3), rng) for _ in range(100)]
    assert {len(sentence) for sentence in sentences} == {2, 3}
    assert all(topics & set(sentence) for sentence in sentences)


def test_vocabularies_do_not_overlap_and_hold_no_word_for_an_emotion():
    topics = [word for words in TOPICS.values() for word in words]
    assert len(topics) == len(set(topics)) == 64
    assert not set(topics) & set(FILLERS)
    charged = {word for words in lexicon.WORDS.values() for word in words}
    assert not charged & {*topics, *FILLERS}


def test_every_emotion_has_a_voice_topics_and_a_neighbour():
    assert set(VOICES) == set(TOPICS) == set(TOPIC_NEIGHBOURS) == set(EMOTIONS)
    assert all(TOPIC_NEIGHBOURS[TOPIC_NEIGHBOURS[name]] == name for name in EMOTIONS)


@pytest.mark.parametrize(
    ("total", "shares", "at_least", "parts"),
    [(10, {"a": 0.5, "b": 0.5}, 1, [5, 5]), (10, {"a": 0.66, "b": 0.34}, 1, [7, 3]), (10, {"a": 0.9, "b": 0.05, "c": 0.05}, 2, [6, 2, 2])],
)
def test_parts_are_whole_and_add_up(total, shares, at_least, parts):
    assert list(divide(total, shares, at_least=at_least, what="things").values()) == parts


@pytest.mark.parametrize(
    ("utterances", "speakers", "words"), [(31, 10, "31 utterances are too few for 4 parts"), (64, 7, "7 speakers are too few")]
)
def test_a_corpus_that_is_too_small_is_refused(utterances, speakers, words):
    with pytest.raises(CorpusError, match=words):
        plan_corpus(utterances, speakers, (5, 9), np.random.default_rng(0))
