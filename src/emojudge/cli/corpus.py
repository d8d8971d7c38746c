"""``emojudge corpus``: write a synthetic corpus in the MSP-Podcast layout."""

from collections.abc import Sequence

from .usage import Parser


def main(arguments: Sequence[str]) -> int:
    """Run ``emojudge corpus synthesize`` and return the exit status; the first argument is the command itself."""
    options = _parser().parse_args(list(arguments[1:]))
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ..corpus.synthetic import synthesize_corpus

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("utterances", total=options.utterances)
        root = synthesize_corpus(
            options.out,
            utterances=options.utterances,
            speakers=options.speakers,
            seed=options.seed,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    print(f"{root}: {options.utterances} synthetic utterances by {options.speakers} speakers, seed {options.seed}")
    print("Figures obtained on it show that the machinery works; they say nothing about speech.")
    return 0


def _parser() -> Parser:
    parser = Parser(prog="emojudge corpus", description="Work on a corpus as a whole.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    synthesize = commands.add_parser(
        "synthesize",
        help="write a synthetic corpus in the MSP-Podcast layout",
        description="Write a synthetic corpus in the MSP-Podcast layout; the same options give the same bytes.",
    )
    synthesize.add_argument("out", metavar="OUT", help="folder of the corpus: new, empty, or holding this very corpus")
    synthesize.add_argument("--utterances", type=int, default=640, metavar="N", help="in all splits together (default: %(default)s)")
    synthesize.add_argument("--speakers", type=int, default=24, metavar="N", help="in all splits together (default: %(default)s)")
    synthesize.add_argument("--seed", type=int, default=0, metavar="N", help="of everything random (default: %(default)s)")
    return parser
