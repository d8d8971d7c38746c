"""``emojudge prepare``: the audio of a corpus decoded once, into one file that training reads fast."""

from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import plural
from .corpus.source import add_source, read_settings, read_source, take_settings
from .usage import Parser

if TYPE_CHECKING:
    from ..corpus import Table
    from ..data.store import AudioStore, StorePlan
    from ..pipeline.config import RunConfig


def main(arguments: Sequence[str]) -> int:
    """Prepare the audio of a corpus, or check what was prepared, and return the exit status."""
    own, settings = take_settings(arguments[1:])
    parser = Parser(prog="emojudge prepare", description="Decode the audio of a corpus once, into one file that training reads fast.")
    add_source(parser)
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="folder for the prepared audio, and for the table of a corpus that is read; by default that of the saved table",
    )
    parser.add_argument("--workers", type=_positive, metavar="N", help="threads that decode; by default one a core")
    parser.add_argument("--rebuild", action="store_true", help="make it again; the old one stays until the new one is complete")
    parser.add_argument("--check", action="store_true", help="write nothing; read all that was prepared and compare it with its checksums")
    options = parser.parse_args(own)
    options.settings, options.prog = settings, "prepare"
    if options.rebuild and options.check:
        parser.error("--rebuild makes it again, --check writes nothing; give one of them")

    config = read_settings(options)
    if config.corpus.reader != "table" and options.out is None:
        parser.error("--out is needed for a corpus that is not a saved table or a run folder; the table is saved there as well")
    if config.corpus.reader == "table" and options.on_bad_utterance == "skip":
        parser.error(
            "--on-bad-utterance skip is for a corpus that is read; of a saved table, what cannot be used was left out when it was made"
        )
    return _run(options, config)


def _run(options: Namespace, config: "RunConfig") -> int:
    from ..data.store import AudioStore, build_store, plan_store
    from .progress import progress_bar

    table, path = _table_and_place(options, config)
    plan = plan_store(table)
    if options.check or (path.is_dir() and any(path.iterdir()) and not options.rebuild):
        store = AudioStore(path)
        store.rows_of(table)
        if options.check:
            with progress_bar("checking the prepared audio") as tell:
                store.check(tell)
        print(f"{path}: {_size(plan, len(table))}: {'intact' if options.check else 'prepared already (--check reads all of it)'}")
        return 0
    print(f"{path}: {_size(plan, len(table))}")
    with progress_bar("preparing the audio") as tell:
        store = build_store(plan, path, n_threads=options.workers, rebuild=options.rebuild, progress=tell)
    print(f"{path}: {plural(len(store), 'utterance')} stored{_clipped(store)}")
    return 0


def _table_and_place(options: Namespace, config: "RunConfig") -> tuple["Table", Path]:
    """Return the table, and where its audio is prepared; the table of a corpus that is read is saved beside that."""
    from ..corpus import read_table
    from ..corpus.table import TABLE_FILE
    from ..data.store import store_beside
    from ..errors import StoreError

    table = read_source(config)
    if config.corpus.reader == "table":
        place = store_beside(config.corpus.options["path"])
        return table, place if options.out is None else Path(options.out) / place.name
    saved = Path(options.out) / TABLE_FILE
    if saved.exists() and not options.rebuild and read_table(saved).info.fingerprint != table.info.fingerprint:
        raise StoreError(f"{saved}: the table of another corpus; --rebuild replaces it and its audio, or name another --out")
    if not options.check:
        table.save(saved)
    return table, store_beside(saved)


def _size(plan: "StorePlan", n_rows: int) -> str:
    without = f" ({n_rows - len(plan.ids)} more have no audio)" if n_rows > len(plan.ids) else ""
    stored = plural(len(plan.ids), "utterance")
    return f"{stored}{without}, {plan.duration_s / 3600:.1f} h, {plan.n_bytes / 1e9:.2f} GB at {plan.sample_rate} Hz"


def _clipped(store: "AudioStore") -> str:
    """Return what of the sound was beyond the range of 16 bits, and whose it is."""
    from ..errors import some

    ids = [id for id, n in zip(store.index.ids, store.index.n_clipped, strict=True) if n]
    if not ids:
        return ""
    whose = f"{plural(len(ids), 'utterance')} ({some(ids, 3)})"
    return f"; {store.index.n_clipped.sum()} samples of {whose} were louder than full scale and are clipped"


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{text}, expected a positive number")
    return int(text)
