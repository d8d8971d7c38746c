"""``emojudge corpus transcribe``: Fill missing transcripts of a corpus by a speech recogniser and write them to a table."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from .source import add_source, read_settings, read_source

if TYPE_CHECKING:
    from ...corpus import Table
    from ...pipeline.config import RunConfig
    from ...transcribe import Transcription

JOURNAL_ENDING = ".transcripts.jsonl"
"""What is appended to the name of the table for the journal, which stays: it makes the same command again cheap."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    add_source(parser)
    parser.add_argument("--model", required=True, help="Whisper or CTC model (wav2vec 2.0, HuBERT, WavLM): name on the hub, or a folder")
    parser.add_argument(
        "--out", required=True, metavar="TABLE", help=f"table to write (.parquet); what was heard is kept beside it (*{JOURNAL_ENDING})"
    )
    parser.add_argument("--all", action="store_true", help="replace transcripts that are there too, human ones included")
    parser.add_argument(
        "--wer", action="store_true", help="listen also where there is a human transcript, leave it, and print word error rates"
    )
    parser.add_argument("--language", help="language spoken, by name or code, for a multilingual Whisper model; told by ear otherwise")
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:N or auto; one device (default: %(default)s)")
    parser.add_argument(
        "--dtype",
        choices=["float32", "float16", "bfloat16"],
        default="float32",
        help="number format of the network; the shorter ones are for GPUs (default: %(default)s)",
    )
    parser.add_argument("--batch-size", type=int, default=16, metavar="N", help="recordings heard together (default: %(default)s)")


def run(options: Namespace) -> int:
    """Write the table, print what was heard, and return the exit status."""
    from transformers.utils import logging

    from ..._extras import need
    from ...transcribe import transcribe_table
    from ..progress import progress_bar

    logging.set_verbosity_error()  # generate() remarks on its own calls, a dozen lines a batch
    if options.wer:
        need("jiwer", "corpus")  # before hours of listening
    config = read_settings(options)
    _check_out(Path(options.out), config, options.all)
    table = read_source(config)
    with progress_bar("listening") as tell:
        done = transcribe_table(
            table,
            options.model,
            journal=f"{options.out}{JOURNAL_ENDING}",
            overwrite=options.all,
            check=options.wer,
            language=options.language,
            device=options.device,
            dtype=options.dtype,
            batch_size=options.batch_size,
            on_bad_utterance=options.on_bad_utterance,
            progress=tell,
        )
    done.table.save(options.out)
    _report(options.out, done)
    if options.wer:
        _report_errors(table, done)
    return 0


def _check_out(out: Path, config: "RunConfig", overwrite: bool) -> None:
    """Refuse to write where it would cost something that cannot be had again, or cannot be written at all."""
    from ...errors import ConfigError

    if out.is_dir():
        raise ConfigError(f"--out {out} is a folder; name a file, such as {out / 'table.parquet'}")
    sources = [Path(value) for value in config.corpus.options.values() if isinstance(value, str)]
    if out.exists() and any(source.exists() and source.samefile(out) for source in sources):
        if overwrite:
            raise ConfigError(f"--out {out} is the corpus itself; --all would replace the transcripts in it: name another file")
        if config.corpus.reader != "table":
            raise ConfigError(f"--out {out} is a file of the corpus; name another one for the table")
    if out.suffix != ".parquet":
        raise ConfigError(f"--out {out}: a table is a parquet file; name one that ends in .parquet, such as {out.with_suffix('.parquet')}")


def _report(out: str, done: "Transcription") -> None:
    from ...errors import some

    parts = [
        f"{done.n_filled} transcripts by {done.source}",
        f"{done.n_wordless} without a word" if done.n_wordless else "",
        f"{done.n_without_audio} left as they were, having no audio" if done.n_without_audio else "",
        f"{len(done.unusable)} left as they were, their audio being unusable" if done.unusable else "",
    ]
    print(f"{out}: {', '.join(part for part in parts if part)}")
    if done.unusable:
        print(f"unusable: {some(done.unusable.values())}")


def _report_errors(table: "Table", done: "Transcription") -> None:
    from ...transcribe import error_rates

    rates = error_rates(table, done.heard)
    if not rates:
        print("word error rate: no recording has a human transcript to compare with")
    for split, rate in rates.items():
        shown = f"word error rate {rate.wer:.1%}, character error rate {rate.cer:.1%}" if rate.n_words else "nothing to compare with"
        print(f"{split}: {shown} ({rate.n_words} words that people wrote in {rate.n_utterances} utterances)")
