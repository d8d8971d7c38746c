"""Intervals and differences of a table: paired, resampled by speaker, corrected over the table; of one run and of the mean of several."""

from dataclasses import replace

import numpy as np
import pytest

from emojudge.errors import ConfigError, PredictionsError
from emojudge.evaluation.additive import additive
from emojudge.evaluation.evidence import Sample, weigh
from emojudge.evaluation.evidence_sheets import comparison_sheet, evidence_sheet, sheets_of
from emojudge.evaluation.records import mean_records
from emojudge.evaluation.runs import combine
from emojudge.evaluation.statistics import difference_of, intervals_of
from emojudge.evaluation.tables import Result, ResultsTable, weigh_runs
from emojudge.evaluation.wording import clusters_of

CLASSES = ("calm", "sad")
N = 400


def sample(accuracy: float, seed: int = 0, n_speakers: int = 40, ids=None) -> Sample:
    """Return what a system says that hears the true class so often, the same truth for every seed."""
    truth = [CLASSES[i % 2] for i in range(N)]
    right = np.random.default_rng(seed).random(N) < accuracy
    told = [label if hit else CLASSES[label == "calm"] for label, hit in zip(truth, right, strict=True)]
    return Sample(ids or [f"u{i}" for i in range(N)], truth, told, [f"speaker {i % n_speakers}" for i in range(N)], CLASSES)


def result(system: str, told: Sample, split: str = "test1", **more) -> Result:
    scores = {measure: additive(told.truth, told.prediction, measure, CLASSES).value for measure in ("macro_f1", "accuracy")}
    return Result(system, split, scores, sample=told, **more)


def table(*results: Result) -> ResultsTable:
    return ResultsTable(list(results))


GOOD, POOR, MIDDLE = sample(0.9, 1), sample(0.5, 2), sample(0.7, 3)


def weighed() -> ResultsTable:
    return table(result("middle", MIDDLE), result("good", GOOD), result("same", MIDDLE), result("poor", POOR)).weighed(
        "middle", n_resamples=500
    )


def test_each_shown_score_has_an_interval_around_it_and_the_reference_is_not_compared():
    found = weighed()
    for name in found.systems:
        for measure in ("macro_f1", "accuracy"):
            interval = found.evidence.intervals[name, "test1", measure]
            assert interval.value == pytest.approx(found.score(name, "test1", measure))
            assert interval.low < interval.value < interval.high
    assert {system for system, _, _ in found.evidence.compared} == {"good", "same", "poor"}


def test_what_is_shown_as_a_difference_is_the_difference_of_the_scores_shown():
    found = weighed()
    gain = found.evidence.compared["good", "test1", "macro_f1"].difference.value
    assert gain == pytest.approx(found.score("good", "test1", "macro_f1") - found.score("middle", "test1", "macro_f1"))


def test_arrows_point_up_and_down_and_a_copy_has_none():
    assert [row[1] for row in weighed().cells()[1:]] == [
        f"{found.scores['macro_f1']:.4f}{arrow} / {found.scores['accuracy']:.4f}"
        for found, arrow in zip(weighed().results, ["", "↑", "", "↓"], strict=True)
    ]
    copy = weighed().evidence.compared["same", "test1", "macro_f1"]
    assert (copy.difference.value, copy.difference.p, copy.p_holm) == (0, 1, 1)


def test_p_is_corrected_over_all_splits_of_the_table():
    one = weighed()
    two = table(*one.results, *(result(r.system, r.sample, "test2") for r in one.results)).weighed("middle", n_resamples=500)
    alone, among = (found.evidence.compared["good", "test1", "macro_f1"] for found in (one, two))
    assert alone.difference.p == among.difference.p
    assert (alone.p_holm, among.p_holm) == (pytest.approx(3 * alone.difference.p), pytest.approx(6 * alone.difference.p))


def test_mcnemar_stands_beside_single_runs_of_emotions_only():
    assert weighed().evidence.compared["same", "test1", "macro_f1"].mcnemar.p == 1
    runs = [table(result("a", sample(0.7, seed)), result("b", sample(0.6, seed + 9))) for seed in (1, 2)]
    assert weigh_runs(runs, "a", n_resamples=200).compared["b", "test1", "macro_f1"].mcnemar is None


def test_intervals_and_differences_are_those_of_one_score_at_a_time():
    runs = [[sample(0.6, seed), sample(0.8, seed + 9)] for seed in (1, 2)]
    evidence = weigh_runs([table(result("a", a), result("b", b)) for a, b in runs], "a", n_resamples=300)
    a, b = ([additive(run[k].truth, run[k].prediction, "macro_f1", CLASSES) for run in runs] for k in (0, 1))
    alone = difference_of(b, a, GOOD.groups, n_resamples=300)
    together = evidence.compared["b", "test1", "macro_f1"].difference
    assert (together.value, together.low, together.p) == pytest.approx((alone.value, alone.low, alone.p))
    (single,) = intervals_of(a[:1], GOOD.groups, n_resamples=300)
    one = weigh_runs([table(result("a", runs[0][0]), result("b", runs[0][1]))], "a", n_resamples=300)
    assert one.intervals["a", "test1", "macro_f1"] == single


def test_several_runs_are_weighed_by_their_means():
    runs = [table(result("a", sample(0.6, seed)), result("b", sample(0.9, seed + 9))) for seed in (1, 2, 3)]
    evidence = weigh_runs(runs, "a", n_resamples=300)
    mean = np.mean([run.score("b", "test1", "macro_f1") - run.score("a", "test1", "macro_f1") for run in runs])
    assert evidence.compared["b", "test1", "macro_f1"].difference.value == pytest.approx(mean)
    assert evidence.mark("b", "test1", "macro_f1") == "↑"
    (row,) = [row for row in evidence_sheet(runs, evidence).rows if row[1] == "b"]
    assert row[2].startswith(f"{np.mean([run.score('b', 'test1', 'macro_f1') for run in runs]):.4f} [")


def test_a_system_of_other_utterances_is_refused_by_name():
    other = sample(0.7, ids=[f"u{i + 1}" for i in range(N)])
    with pytest.raises(PredictionsError, match=r"'b' and 'a' were scored on different utterances of test1, 2 on one side only: u0, u400"):
        table(result("a", MIDDLE), result("b", other)).weighed(n_resamples=100)


def test_an_unknown_reference_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError, match="Did you mean 'middle'"):
        weigh({("middle", "test1"): [MIDDLE]}, ["macro_f1"], ["macro_f1"], "midle")


def test_below_twenty_speakers_a_warning_stands_under_the_table():
    few = table(result("a", sample(0.7, n_speakers=8)), result("b", sample(0.9, n_speakers=8))).weighed(n_resamples=100)
    notes = sheets_of([few])[1].notes
    assert "(test1: 8 speakers)" in notes[0]
    assert notes[-1].startswith("test1: ")
    assert "8 speakers" in notes[-1]
    assert not any(note.startswith("test1: ") for note in sheets_of([weighed()])[1].notes)
    alone = replace(MIDDLE, groups=[f"id u{i}" for i in range(N)])
    (_, weighing) = sheets_of([table(result("a", alone)).weighed(n_resamples=100)])
    assert "test1: every utterance counts by itself, for want of speakers" in weighing.notes[-1]


def test_what_is_resampled_is_named():
    assert clusters_of(["speaker 1", "speaker 1"]) == "1 speaker"
    assert clusters_of(["id a", "recording x", "speaker 1", "id b"]) == "1 speaker and 1 recording and 2 utterances"


def test_a_comparison_alone_tells_p_and_what_could_be_found():
    runs = [table(result("a", sample(0.6, seed)), result("b", sample(0.9, seed + 9))) for seed in (1, 2)]
    one, several = comparison_sheet(runs[:1], "b", "a", n_resamples=200), comparison_sheet(runs, "b", "a", n_resamples=200)
    assert one.header == ["split", "measure", "difference [95 %]", "p", "detectable"]
    assert several.header[-1] == "95 % over 2 seeds"
    assert float(one.rows[0][4]) > 0
    assert comparison_sheet(runs, "b", "a", n_resamples=0).header == ["split", "measure", "difference", "95 % over 2 seeds"]


def test_marks_of_a_split_stand_in_every_sheet():
    runs = [table(result("a", MIDDLE, in_sample=True), result("b", GOOD, in_sample=True, transductive=True)) for _ in range(2)]
    evidence = weigh_runs(runs, n_resamples=100)
    assert [row[1][-1] for row in runs[0].cells()[1:]] == ["*", "†"]
    assert [row[2][-2:] for row in evidence_sheet(runs, evidence).rows] == ["]*", "*†"]
    assert [row[1][-2:] for row in combine(runs).rows] == ["0*", "*†"]
    comparison = comparison_sheet(runs, "b", "a", n_resamples=100)
    assert comparison.rows[0][2].endswith("]*†")
    assert [note[:3] for note in comparison.notes[:2]] == ["* i", "† t"]


def test_a_mean_has_the_marks_of_any_of_its_runs():
    runs = [table(result("a", MIDDLE), result("b", GOOD, transductive=seen)) for seen in (False, True)]
    assert [row[1][-1] for row in combine(runs).rows] == ["0", "†"]
    assert [row[2][-1] for row in evidence_sheet(runs, weigh_runs(runs, n_resamples=100)).rows] == ["]", "†"]
    assert [record["transductive"] for record in mean_records(runs, None)] == [False, True]


def test_where_no_interval_can_be_given_it_is_said():
    alone = table(result("a", sample(0.7, n_speakers=1)), result("b", sample(0.9, n_speakers=1))).weighed(n_resamples=100)
    sheet = sheets_of([alone])[1]
    assert [row[2] for row in sheet.rows] == [f"{alone.score(name, 'test1', 'macro_f1'):.4f}" for name in "ab"]
    assert any(note.startswith("Where no interval stands") for note in sheet.notes)
    assert not any(note.startswith("Where no interval stands") for note in sheets_of([weighed()])[1].notes)


def test_regressions_that_had_input_for_different_utterances_are_compared_on_those_that_both_have():
    random = np.random.default_rng(0)
    truth = random.normal(4, 1, (N, 1))
    values = truth + random.normal(0, np.linspace(0.3, 2, N)[:, None], (N, 1))  # the later, the harder
    easy = np.where(np.arange(N)[:, None] < N // 2, values, np.nan)
    groups = [f"speaker {i % 40}" for i in range(N)]

    def of(prediction):
        return Sample([f"u{i}" for i in range(N)], truth, prediction, groups, ("valence",))

    samples = {("acoustic", "test1"): [of(values)], ("text", "test1"): [of(easy)], ("closer", "test1"): [of((easy + truth) / 2)]}
    found = weigh(samples, ["ccc_valence"], ["ccc_valence"], "acoustic", n_resamples=200)
    assert found.intervals["text", "test1", "ccc_valence"].value > found.intervals["acoustic", "test1", "ccc_valence"].value + 0.1
    same = found.compared["text", "test1", "ccc_valence"]
    assert (same.difference.value, same.difference.p, same.mark) == (0, 1, "")
    closer = found.compared["closer", "test1", "ccc_valence"]
    half = slice(0, N // 2)
    scores = [additive(truth[half], (easy[half] + truth[half] * k) / (1 + k), "ccc_valence", ["valence"]) for k in (1, 0)]
    assert closer.difference.value == pytest.approx(scores[0].value - scores[1].value)
    assert closer.difference.n == N // 2
    assert found.warnings == [
        f"test1: {name} and acoustic are compared on the 200 of 400 utterances that both had input for" for name in ("text", "closer")
    ]


def test_no_interval_goes_beyond_what_a_score_can_be():
    found = weigh({("good", "test1"): [sample(0.97, 1, n_speakers=5)]}, ["accuracy"], [], "good", n_resamples=200)
    interval = found.intervals["good", "test1", "accuracy"]
    assert interval.low < interval.value < interval.high == 1


def test_no_interval_leaves_what_the_score_can_be():
    """Of six speakers, three of whom are always understood and three never, the interval would reach below 0 and above 1."""
    told = sample(1.0, 1, n_speakers=6)
    for speaker in range(3):
        told.prediction[speaker::6] = [CLASSES[label == "calm"] for label in told.truth[speaker::6]]
    one = table(result("one", told), result("other", GOOD)).weighed("other", n_resamples=300)
    found = one.evidence.intervals["one", "test1", "macro_f1"]
    (free,) = intervals_of([additive(told.truth, told.prediction, "macro_f1", CLASSES)], told.groups, n_resamples=300)
    assert free.low < 0 < 1 < free.high
    assert (found.low, found.value, found.high) == (0.0, pytest.approx(free.value), 1.0)


def test_no_smallest_difference_is_claimed_of_two_that_never_differ():
    both = table(result("a", MIDDLE), result("b", MIDDLE))
    sheet = comparison_sheet([both], "a", "b", n_resamples=100)
    assert sheet.rows[0][sheet.header.index("detectable")] == "-"
    assert any("score the same" in note for note in sheet.notes)
