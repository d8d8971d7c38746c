"""A store is what the files hold, however often its making was interrupted, and nothing is lost or taken on trust."""

import errno
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from filelock import FileLock

from emojudge.audio import load_audio
from emojudge.corpus import Table
from emojudge.data.store import AudioStore, StorePlan, build_store, plan_store, unfinished
from emojudge.data.store.layout import HEADER_BYTES, INDEX_FILE, SAMPLES_FILE
from emojudge.data.store.unfinished import RECORD_FILE
from emojudge.errors import AudioError, StoreError


def content(store: AudioStore) -> tuple[bytes, str]:
    return (store.path / SAMPLES_FILE).read_bytes(), store.index.checksum


@pytest.fixture
def flush_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Record every utterance by itself."""
    monkeypatch.setattr(unfinished, "FLUSH_BYTES", 1)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_it_holds_what_the_files_hold(table: Table, tmp_path: Path, n_threads: int) -> None:
    told: list[tuple[int, int]] = []
    plan = plan_store(table)
    store = build_store(plan, tmp_path / "x" / "table.audio", n_threads=n_threads, progress=lambda *numbers: told.append(numbers))
    assert told == [(k, 5) for k in range(1, 6)]
    assert store.index.ids == list("abcde")
    for place, path in enumerate(plan.paths):
        whole = load_audio(path)
        assert store.n_samples[place] == len(whole)
        assert np.abs(store.read(place) - whole).max() <= 0.5 / 32768
    assert np.array_equal(store.read(0), load_audio(plan.paths[0]))  # 16-bit, 16 kHz, mono
    assert sorted(entry.name for entry in store.path.iterdir()) == [INDEX_FILE, SAMPLES_FILE]
    assert [entry.name for entry in store.path.parent.iterdir() if not entry.name.startswith(".")] == ["table.audio"]
    assert (store.path / SAMPLES_FILE).stat().st_size <= plan.n_bytes


def test_another_rate_is_possible(table: Table, tmp_path: Path) -> None:
    store = build_store(plan_store(table, 8000), tmp_path / "s")
    assert store.sample_rate == 8000
    assert np.abs(store.read(4) - load_audio(table.column("audio")[4], 8000)).max() == 0


def test_loud_samples_are_counted(tmp_path: Path, table: Table) -> None:
    path = tmp_path / "loud.wav"
    soundfile.write(path, np.array([0.5, 1.5, -2.0, 0.25]), 16000, subtype="FLOAT")
    from emojudge.audio import inspect_audio

    plan = StorePlan(16000, ["x"], [inspect_audio(path).digest], [str(path)], 4 / 16000)
    store = build_store(plan, tmp_path / "s")
    assert store.index.n_clipped.tolist() == [2]
    assert store.read(0).tolist() == [0.5, 32767 / 32768, -1.0, 0.25]


@pytest.mark.usefixtures("flush_each")
def test_it_goes_on_from_every_moment_at_which_it_can_be_killed(table: Table, tmp_path: Path) -> None:
    plan = plan_store(table)
    expected = content(build_store(plan, tmp_path / "whole"))

    class Kill(BaseException):
        """Ends the making where no handler looks."""

    def kill_at(n: int) -> Callable[[int, int], None]:
        def progress(done: int, total: int) -> None:
            if done == n:
                raise Kill

        return progress

    with pytest.raises(Kill):
        build_store(plan, tmp_path / "s", progress=kill_at(5))
    part = tmp_path / "s.part"
    samples, record = (part / SAMPLES_FILE).read_bytes(), (part / RECORD_FILE).read_bytes()
    ends = [HEADER_BYTES + 2 * int(n) for n in np.cumsum(AudioStore(tmp_path / "whole").n_samples)]
    lines = record.splitlines(keepends=True)
    assert len(lines) == 5
    states = {(0, b""), (10, b""), (HEADER_BYTES, b""), (len(samples), b"")}
    for k in range(5):  # samples of an utterance are flushed, then its line is written: whole, in part, or as zeros
        covered = b"".join(lines[:k])
        states |= {(ends[k] - 1, covered), (ends[k], covered), (ends[k], covered + lines[k][:7]), (ends[k], covered + b"\0" * 9 + b"\n")}
        states |= {(ends[k], covered + lines[k][:-1]), (ends[k], covered + lines[k]), (ends[k] - 1, covered + lines[k])}
    for n_bytes, recorded in states:
        shutil.rmtree(tmp_path / "s", ignore_errors=True)
        part.mkdir(exist_ok=True)
        (part / SAMPLES_FILE).write_bytes(samples[:n_bytes])
        (part / RECORD_FILE).write_bytes(recorded)
        assert content(build_store(plan, tmp_path / "s")) == expected
    # killed after the index was written, and between the two steps that put the new in the place of the old
    shutil.copytree(tmp_path / "s", part)
    (part / RECORD_FILE).write_bytes(record)
    (tmp_path / "s").rename(tmp_path / "s.old")
    assert content(build_store(plan, tmp_path / "s")) == expected
    assert not (tmp_path / "s.old").exists()


@pytest.mark.usefixtures("flush_each")
def test_what_was_recorded_is_not_decoded_again(table: Table, tmp_path: Path) -> None:
    paths = [Path(path) for path in plan_store(table).paths]
    hidden = paths[2].rename(tmp_path / "hidden.wav")
    with pytest.raises(AudioError, match=r"utterance 'c': .*c\.wav: there is no such audio file"):
        build_store(plan_store(table), tmp_path / "s")
    hidden.rename(paths[2])
    for path in paths[:2]:
        path.unlink()
    told: list[int] = []
    store = build_store(plan_store(table), tmp_path / "s", progress=lambda done, total: told.append(done))
    assert told == [3, 4, 5]
    store.check()


def test_a_killed_process_is_taken_up(table: Table, tmp_path: Path) -> None:
    table.save(tmp_path / "table.parquet")
    code = (
        "import os, signal, sys\n"
        "from emojudge.corpus import read_table\n"
        "from emojudge.data.store import build_store, plan_store, unfinished\n"
        "unfinished.FLUSH_BYTES = 1\n"
        "def kill(done, total):\n"
        "    if done == 3:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "build_store(plan_store(read_table(sys.argv[1])), sys.argv[2], progress=kill)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, tmp_path / "table.parquet", tmp_path / "s"], check=False)
    assert killed.returncode == -signal.SIGKILL
    with pytest.raises(StoreError, match=r"s: there is no prepared audio; it is unfinished; the same 'emojudge prepare' goes on"):
        AudioStore(tmp_path / "s")
    told: list[int] = []
    store = build_store(plan_store(table), tmp_path / "s", progress=lambda done, total: told.append(done))
    assert told == [4, 5]
    assert content(store) == content(build_store(plan_store(table), tmp_path / "whole"))


def test_a_store_is_replaced_on_request_only_and_stays_until_then(table: Table, make_table: Callable[..., Table], tmp_path: Path) -> None:
    old = content(build_store(plan_store(table), tmp_path / "s"))
    other = plan_store(make_table(seed=1, folder="other"))
    with pytest.raises(StoreError, match=r"s: there is prepared audio already; 'emojudge prepare SOURCE --rebuild'"):
        build_store(other, tmp_path / "s")
    kept = Path(other.paths[4]).rename(tmp_path / "kept.wav")
    with pytest.raises(AudioError, match="utterance 'e'"):
        build_store(other, tmp_path / "s", rebuild=True)
    assert content(AudioStore(tmp_path / "s")) == old
    kept.rename(other.paths[4])
    new = content(build_store(other, tmp_path / "s", rebuild=True))
    assert new != old
    assert new == content(build_store(other, tmp_path / "whole"))


@pytest.mark.usefixtures("flush_each")
def test_an_unfinished_store_of_other_audio_goes_on_request_only(table: Table, make_table: Callable[..., Table], tmp_path: Path) -> None:
    Path(plan_store(table).paths[4]).unlink()
    with pytest.raises(AudioError, match="utterance 'e'"):
        build_store(plan_store(table), tmp_path / "s")
    other = plan_store(make_table(seed=1, folder="other"))
    with pytest.raises(StoreError, match=r"s\.part: an unfinished store of other audio.*--rebuild"):
        build_store(other, tmp_path / "s")
    assert content(build_store(other, tmp_path / "s", rebuild=True)) == content(build_store(other, tmp_path / "whole"))


def test_sound_that_changed_since_the_table_was_made_is_refused(table: Table, make_table: Callable[..., Table], tmp_path: Path) -> None:
    make_table(seed=1)  # over the same files
    with pytest.raises(AudioError, match=r"utterance 'a': .*a\.wav: the sound is another than when the table was made"):
        build_store(plan_store(table), tmp_path / "s")


def test_it_is_refused_where_the_disk_lacks_the_space(table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_store(table)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=plan.n_bytes + 200 * 10**6 - 1))
    with pytest.raises(StoreError, match=r"s: 0\.20 GB of disk space are needed \(0\.2 GB of it to spare\), 0\.20 GB are free; make room"):
        build_store(plan, tmp_path / "s")
    assert not list(tmp_path.glob("s*"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=plan.n_bytes + 200 * 10**6))
    build_store(plan, tmp_path / "s")


@pytest.mark.usefixtures("flush_each")
def test_a_disk_that_becomes_full_is_named_and_what_was_written_is_kept(
    table: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = unfinished._sync

    def full(file: Any) -> None:
        if Path(file.name).name == SAMPLES_FILE and file.tell() > HEADER_BYTES + 2 * 16000 * 0.6:  # room for two utterances
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(file)

    monkeypatch.setattr(unfinished, "_sync", full)
    with pytest.raises(StoreError, match=r"s\.part: the disk became full; make room, and the same 'emojudge prepare' goes on from there"):
        build_store(plan_store(table), tmp_path / "s")
    monkeypatch.setattr(unfinished, "_sync", sync)
    told: list[int] = []
    store = build_store(plan_store(table), tmp_path / "s", progress=lambda done, total: told.append(done))
    assert told == [3, 4, 5]
    assert content(store) == content(build_store(plan_store(table), tmp_path / "whole"))


def test_planned_size_is_that_of_the_samples(table: Table) -> None:
    plan = plan_store(table)
    assert plan.duration_s == pytest.approx(0.2 + 0.3 + 0.4 + 0.5 + 0.6)
    assert plan.n_bytes == 64 + 32_000 * 2 + 200 * 5


def test_nothing_but_a_store_is_overwritten(table: Table, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match=r"thesis\.tex: is no part of prepared audio, and would be lost"):
        build_store(plan_store(table), tmp_path / "s", rebuild=True)
    with pytest.raises(StoreError, match=r"thesis\.tex: is no part"):
        build_store(plan_store(table), tmp_path / "s" / "thesis.tex", rebuild=True)
    assert (tmp_path / "s" / "thesis.tex").read_text() == "years of work"


def test_one_process_at_a_time(table: Table, tmp_path: Path) -> None:
    with FileLock(tmp_path / ".s.lock"), pytest.raises(StoreError, match="another process is preparing this audio"):
        build_store(plan_store(table), tmp_path / "s")


def test_a_table_without_sound_or_digests_is_refused(table: Table) -> None:
    with pytest.raises(StoreError, match="test: no utterance has audio; there is nothing to prepare"):
        plan_store(table.select([5]))
    unseen = table.with_columns(audio_digest=[None] * 6)
    with pytest.raises(
        StoreError, match=r"test: 5 utterances with audio that was not looked at when the table was made \(a, b, c and 2 more\)"
    ):
        plan_store(unseen)
