"""Each fault of the sound is found in exactly the file that has it."""

import numpy as np
import pytest

from emojudge.audio import AudioFacts
from emojudge.corpus import TableInfo, build_table
from emojudge.corpus.checks.material import Material
from emojudge.corpus.checks.sound import check_sound


def of_durations(seconds):
    n = len(seconds)
    table = build_table({"id": [str(i) for i in range(n)], "split": ["train"] * n, "duration_s": seconds}, TableInfo("made"))
    return {finding.kind: finding for finding in check_sound(Material(table, [None] * n))}


def test_silence_is_a_warning(planted):
    planted.sounds["dev_6"] = np.zeros(4_000)
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.ids) == ("silent", "warning", ("dev_6",))


def test_clipping_is_a_warning(planted):
    planted.sounds["dev_6"] = np.clip(3 * np.sin(0.1 * np.arange(4_000)), -1, 1)
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.ids) == ("clipped", "warning", ("dev_6",))


def test_a_level_set_to_the_largest_peak_is_not_clipped(planted):
    planted.sounds["dev_6"] /= np.abs(planted.sounds["dev_6"]).max()
    assert planted.check().count("warning") == 0


@pytest.mark.parametrize(("level", "offset"), [(0.1, 0.02), (0.01, 0.002)])
def test_a_constant_offset_is_a_warning_also_in_a_quiet_recording(planted, level, offset):
    planted.sounds["dev_6"] = planted.sounds["dev_6"] * (level / 0.1) + offset
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.ids) == ("dc_offset", "warning", ("dev_6",))


def test_an_offset_of_a_rounding_step_in_a_very_quiet_recording_is_nothing(planted):
    planted.sounds["dev_6"] = planted.sounds["dev_6"] * 0.005 + 1e-4
    assert planted.check().count("warning") == 0


def test_another_sample_rate_is_a_warning_that_lists_those_of_the_fewer(planted):
    planted.rates |= {"dev_6": 12_000, "test_1": 22_050}
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.ids) == ("sample_rates", "warning", ("dev_6", "test_1"))
    assert finding.message.startswith("recordings differ: 16000 Hz 28, ")


def test_a_corpus_of_one_other_rate_is_no_mix(planted):
    planted.rates = dict.fromkeys(planted.sounds, 22_050)
    assert planted.check().count("warning") == 0


def test_a_stereo_file_among_mono_ones_is_a_note(planted):
    planted.sounds["dev_6"] = np.stack([planted.sounds["dev_6"]] * 2, axis=1)
    report = planted.check()
    assert report.count("warning") == 0
    (note,) = [finding for finding in report.findings if finding.kind == "channels"]
    assert note.ids == ("dev_6",)


@pytest.mark.parametrize(("seconds", "kind"), [(0.05, "very_short"), (4.0, "far_longer")])
def test_a_duration_far_from_the_others_is_a_warning(planted, seconds, kind):
    planted.sounds["dev_6"] = np.random.default_rng(9).normal(0, 0.1, round(16_000 * seconds))
    finding = planted.alarm()
    assert (finding.kind, finding.severity, finding.ids) == (kind, "warning", ("dev_6",))


def test_a_short_one_among_long_ones_is_an_outlier_and_not_very_short():
    found = of_durations([10.0] * 25 + [1.0])
    assert list(found) == ["far_shorter"]
    assert found["far_shorter"].ids == ("25",)


def test_a_long_tail_of_natural_durations_is_no_outlier():
    assert of_durations(np.random.default_rng(0).lognormal(1.2, 0.6, 50_000).tolist()) == {}


def test_of_a_handful_no_duration_is_an_outlier():
    assert of_durations([1.0, 1.0, 90.0]) == {}


def test_clipping_counts_from_a_thousandth_of_the_samples_on(tiny_table):
    facts = [AudioFacts(1.0, 16_000, 1, 1.0, 0.1, 0.0, share, "x") for share in (0.0009, 0.001)]
    found = list(check_sound(Material(tiny_table, [*facts, *[None] * (len(tiny_table) - 2)])))
    assert [finding.ids for finding in found if finding.kind == "clipped"] == [(tiny_table.column("id")[1],)]
