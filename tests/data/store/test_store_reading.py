"""A store that is opened is whole and of the table's audio, or is refused with what is wrong; it is read in any process."""

import multiprocessing
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from emojudge.corpus import Table
from emojudge.data.store import AudioStore, build_store, find_store, layout, plan_store, reading, store_beside
from emojudge.data.store.layout import INDEX_FILE, SAMPLES_FILE
from emojudge.errors import StoreError


@pytest.fixture
def store(table: Table, tmp_path: Path) -> AudioStore:
    return build_store(plan_store(table), tmp_path / "table.audio")


def refusal(path: Path) -> str:
    """Return the one line that an opened store is refused with; it names the folder."""
    with pytest.raises(StoreError) as refused:
        AudioStore(path)
    message = str(refused.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_a_table_finds_its_rows_whatever_their_splits_labels_and_order(store: AudioStore, table: Table) -> None:
    assert store.rows_of(table).tolist() == [0, 1, 2, 3, 4, -1]
    changed = table.select([4, 5, 1]).with_columns(split=["fold_1", "fold_2", "test"], emotion=["angry", None, "fear"])
    assert store.rows_of(changed).tolist() == [4, -1, 1]


def test_other_sound_and_unknown_utterances_are_refused(store: AudioStore, table: Table, make_table: Callable[..., Table]) -> None:
    with pytest.raises(StoreError, match=r"table\.audio: lacks the sound of 5 utterances of test \(a, b, c and 2 more\), or has another"):
        store.rows_of(make_table(seed=1, folder="other"))
    with pytest.raises(StoreError, match=r"lacks the sound of 1 utterance of test \(z\).*--rebuild.*store: files"):
        store.rows_of(table.with_columns(id=["z", *"bcde", "f"]))


def test_a_part_of_an_utterance_is_its_beginning(store: AudioStore) -> None:
    whole = store.read(2)
    assert np.array_equal(store.read(2, 100), whole[:100])
    assert np.array_equal(store.read(2, 10**9), whole)


def test_pages_given_back_are_read_again(store: AudioStore, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [store.read(place) for place in range(5)]
    monkeypatch.setattr(reading, "_GIVE_BACK_BYTES", 1)
    assert all(np.array_equal(store.read(place), before[place]) for place in [4, 0, 3, 1, 2])


def _sum_of(store: AudioStore) -> float:
    return float(sum(store.read(place).sum(dtype=np.float64) for place in range(len(store))))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes_read_the_same(store: AudioStore, method: str) -> None:
    with multiprocessing.get_context(method).Pool(1) as pool:
        assert pool.map(_sum_of, [store]) == [_sum_of(store)]


def test_a_copy_for_another_process_carries_no_samples(store: AudioStore) -> None:
    assert len(pickle.dumps(store)) < 3000 < store.index.n_bytes


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content[:-2], r"has 64062 bytes, the index promises 64064; it is damaged"),
        (lambda content: content + b"\0\0", r"has 64066 bytes, the index promises 64064; it is damaged"),
        (lambda content: b"RIFF" + content[4:], r"begins otherwise than the index promises; it is damaged, or of another store"),
        (lambda content: b"", r"has 0 bytes, the index promises 64064"),
    ],
)
def test_damaged_samples_are_refused_on_opening(store: AudioStore, change: Callable[[bytes], bytes], words: str) -> None:
    samples = store.path / SAMPLES_FILE
    samples.write_bytes(change(samples.read_bytes()))
    assert re.search(words + r".*--rebuild", refusal(store.path))


def test_missing_files_are_refused(store: AudioStore, tmp_path: Path) -> None:
    assert "there is no prepared audio; make it with 'emojudge prepare SOURCE'" in refusal(tmp_path / "nothing")
    (store.path / SAMPLES_FILE).rename(tmp_path / "samples")
    assert "samples.int16: the file is missing" in refusal(store.path)
    (store.path / INDEX_FILE).unlink()
    assert "has no index.parquet; it is no prepared audio, or damaged" in refusal(store.path)


def test_samples_of_another_store_of_the_same_size_are_refused(store: AudioStore, make_table: Callable[..., Table], tmp_path: Path) -> None:
    other = build_store(plan_store(make_table(seed=1, folder="other")), tmp_path / "other.audio")
    assert other.index.n_bytes == store.index.n_bytes
    shutil.copy(other.path / SAMPLES_FILE, store.path / SAMPLES_FILE)
    assert "of another store" in refusal(store.path)


def test_another_version_is_refused(store: AudioStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "VERSION", 2)
    assert "prepared audio of version 1, this release reads 2; make it again with" in refusal(store.path)


@pytest.mark.parametrize("column", ["id", "n_samples", "crc32"])
def test_a_changed_index_is_refused(store: AudioStore, column: str) -> None:
    path = store.path / INDEX_FILE
    index = pyarrow.parquet.read_table(path)
    swapped = index.column(column).take([1, 0, 2, 3, 4])
    pyarrow.parquet.write_table(index.set_column(index.schema.get_field_index(column), column, swapped), path)
    assert "the index does not agree with its own checksum" in refusal(store.path)


def test_an_index_that_is_cut_short_or_lacks_a_column_is_refused(store: AudioStore) -> None:
    path = store.path / INDEX_FILE
    content = path.read_bytes()
    pyarrow.parquet.write_table(pyarrow.parquet.read_table(path).drop_columns(["crc32"]), path)
    assert "not the index of prepared audio that this release writes" in refusal(store.path)
    path.write_bytes(content[:200])
    assert "not readable as parquet" in refusal(store.path)
    path.write_bytes(b"")
    assert "not readable as parquet" in refusal(store.path)


def test_check_names_the_utterances_whose_samples_changed(store: AudioStore) -> None:
    told: list[tuple[int, int]] = []
    store.check(lambda *numbers: told.append(numbers))
    assert told == [(k, 5) for k in range(1, 6)]
    samples = store.path / SAMPLES_FILE
    content = bytearray(samples.read_bytes())
    content[64 + 2 * int(store.start[1])] ^= 1  # first sample of b
    content[-1] ^= 1  # last sample of e
    samples.write_bytes(content)
    with pytest.raises(StoreError, match=r"damaged samples of 2 utterances \(b, e\); make it again"):
        AudioStore(store.path).check()


def test_a_run_finds_the_store_beside_its_table_or_the_one_it_names(store: AudioStore, tmp_path: Path) -> None:
    table_path = str(tmp_path / "table.parquet")
    assert store_beside(table_path) == store.path
    found = find_store(None, table_path)
    assert found is not None
    assert found.path == store.path
    named = find_store(str(store.path), None)
    assert named is not None
    assert named.path == store.path
    assert find_store("files", table_path) is None
    assert find_store(None, None) is None
    assert find_store(None, str(tmp_path / "other.parquet")) is None


def test_a_store_that_cannot_be_used_is_not_passed_over(store: AudioStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no prepared audio"):
        find_store(str(tmp_path / "elsewhere"), None)
    (store.path / INDEX_FILE).unlink()
    with pytest.raises(StoreError, match=r"or read the audio files: data\.init_args\.store: files"):
        find_store(None, str(tmp_path / "table.parquet"))
