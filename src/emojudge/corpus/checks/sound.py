"""Clipping, silence, constant offset, mixed formats, and durations far from the others'."""

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from ...audio import AudioFacts
from ...errors import plural
from ..audio_files import SHORT_S
from .findings import Finding, Severity
from .material import Material

CLIPPED = 1e-3
"""Share of clipped samples from which a recording is reported: a millisecond of each second is distorted."""

DC_OFFSET = 0.01
"""Mean of the samples from which a recording is reported: 1 % of full scale; our choice."""

DC_SHARE = 0.1
"""The same for quiet recordings: an offset of a tenth of their root mean square, 1 % of their energy ..."""

DC_LEAST = 1e-3
"""... if it is at least this; below -60 dB of full scale it is rounding."""

FAR = 6.0
"""Robust z of the logarithm of the duration from which an utterance is an outlier. Of a normal distribution two in a
thousand million lie so far out; of 3,266 acted recordings (nEMO, RAVDESS) none lies beyond 4.5."""

LEAST_SPREAD = 0.2
"""Least deviation of the logarithm that z is taken with: where all are cut to one length, 3.3 times it is far."""

ENOUGH = 20
"""Durations from which a spread can be told."""


def check_sound(material: Material) -> Iterator[Finding]:
    """Yield what is wrong with audio, as files of the corpus hold it."""
    yield from _levels(material)
    yield from _formats(material)
    yield from _durations(material)


def _levels(material: Material) -> Iterator[Finding]:
    known = [(row, facts) for row, facts in enumerate(material.facts) if facts is not None]
    silent = [row for row, facts in known if facts.silent]
    if silent:
        message = f"{plural(len(silent), 'recording')} below -80 dB of full scale throughout: silence ({material.by_split(silent)})"
        yield material.finding("silent", "warning", message, silent)
    clipped = {row: facts.clipped for row, facts in known if facts.clipped >= CLIPPED}
    if clipped:
        message = (
            f"{plural(len(clipped), 'recording')} with {CLIPPED:.1%} or more of the samples cut off at full scale "
            f"(up to {max(clipped.values()):.1%}; {material.by_split(clipped)})"
        )
        yield material.finding("clipped", "warning", message, clipped)
    offset = {row: facts.dc_offset for row, facts in known if not facts.silent and _is_offset(facts)}
    if offset:
        message = (
            f"{plural(len(offset), 'recording')} with a constant offset (up to {max(map(abs, offset.values())):.3f} of full scale; "
            f"{material.by_split(offset)})"
        )
        yield material.finding("dc_offset", "warning", message, offset)


def _is_offset(facts: AudioFacts) -> bool:
    return abs(facts.dc_offset) >= max(DC_LEAST, min(DC_OFFSET, DC_SHARE * facts.rms))


def _formats(material: Material) -> Iterator[Finding]:
    """Yield files of another sample rate than most (a warning: they differ in bandwidth) or of other channels (a note)."""
    yield from _mix(material, "sample_rates", "warning", lambda facts: facts.sample_rate, "Hz")
    yield from _mix(material, "channels", "note", lambda facts: facts.channels, "channels")


def _mix(material: Material, kind: str, severity: Severity, value: Callable[[AudioFacts], int], unit: str) -> Iterator[Finding]:
    values = {row: value(facts) for row, facts in enumerate(material.facts) if facts is not None}
    counts = Counter(values.values())
    if len(counts) > 1:
        usual = max(counts, key=counts.__getitem__)
        others = [row for row, found in values.items() if found != usual]
        listed = ", ".join(f"{found} {unit} {n:,}" for found, n in counts.most_common())
        yield material.finding(kind, severity, f"recordings differ: {listed}; those listed are not of {usual} {unit}", others)


def _durations(material: Material) -> Iterator[Finding]:
    stated = material.column("duration_s")
    durations = {row: seconds for row, seconds in enumerate(stated) if seconds is not None and seconds > 0}
    tiny = [row for row, seconds in durations.items() if seconds < SHORT_S]
    if tiny:
        yield material.finding("very_short", "warning", f"{plural(len(tiny), 'utterance')} shorter than {SHORT_S} s", tiny)
    if len(durations) < ENOUGH:
        return
    logs = np.log(list(durations.values()))
    median = float(np.median(logs))
    deviation = max(float(np.median(np.abs(logs - median))) / 0.6745, LEAST_SPREAD)  # MAD / 0.6745 is that of a normal distribution
    least, most = np.exp(median - FAR * deviation), np.exp(median + FAR * deviation)
    short = {row: seconds for row, seconds in durations.items() if SHORT_S <= seconds < least}
    long = {row: seconds for row, seconds in durations.items() if seconds > most}
    usual = f"the median is {np.exp(median):.2f} s, {least:.2f} to {most:.2f} s are usual"
    if short:
        message = f"{plural(len(short), 'utterance')} far shorter than the others (down to {min(short.values()):.2f} s; {usual})"
        yield material.finding("far_shorter", "warning", message, short)
    if long:
        message = f"{plural(len(long), 'utterance')} far longer than the others (up to {max(long.values()):.2f} s; {usual})"
        yield material.finding("far_longer", "warning", message, long)
