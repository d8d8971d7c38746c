"""``emojudge demo``: everything on a synthetic corpus, in minutes, without a network or a key."""

from collections.abc import Sequence

from . import run
from .usage import Parser

CONFIG = "run/demo.yaml"


def main(arguments: Sequence[str]) -> int:
    """Run the demo's experiment."""
    parser = Parser(
        prog="emojudge demo",
        description="Write a synthetic corpus, train both networks, fuse, judge by rules and print the results: a tour of the software, "
        "not evidence about speech.",
    )
    parser.add_argument("--out", default="demo", help="run folder (default: demo); the same folder again skips what is done")
    parser.add_argument("--seed", type=int, default=0, help="seed of the training (default: 0)")
    parser.add_argument("--corpus-seed", type=int, default=1, help="seed of the synthetic corpus (default: 1)")
    parser.add_argument("--force", action="store_true", help="run every stage again")
    options = parser.parse_args(list(arguments[1:]))
    settings = [f"--seed={options.seed}", f"--corpus.options.root={options.out}/corpus", f"--corpus.options.seed={options.corpus_seed}"]
    return run.main(["run", f"--config={CONFIG}", f"--out={options.out}", *settings, *(["--force"] if options.force else [])])
