"""``emojudge corpus synthesize``: Write a synthetic corpus in the MSP-Podcast layout; the same options give the same bytes."""

from argparse import ArgumentParser, Namespace

from ..progress import progress_bar


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("out", metavar="OUT", help="folder of the corpus: new, empty, or holding this very corpus")
    parser.add_argument("--utterances", type=int, default=640, metavar="N", help="in all splits together (default: %(default)s)")
    parser.add_argument("--speakers", type=int, default=24, metavar="N", help="in all splits together (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of everything random (default: %(default)s)")


def run(options: Namespace) -> int:
    """Write the corpus and return the exit status."""
    from ...corpus.synthetic import synthesize_corpus

    with progress_bar("writing utterances") as tell:
        root = synthesize_corpus(options.out, utterances=options.utterances, speakers=options.speakers, seed=options.seed, progress=tell)
    print(f"{root}: {options.utterances} synthetic utterances by {options.speakers} speakers, seed {options.seed}")
    print("Figures obtained on it show that the machinery works; they say nothing about speech.")
    return 0
