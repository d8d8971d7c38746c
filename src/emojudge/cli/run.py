"""``emojudge run``: all stages of an experiment on one corpus, into one folder."""

import signal
from collections.abc import Sequence

from ..errors import Interruption
from ..pipeline.config import RunConfig
from .parsing import OneLineErrors, resolve_configs, set_up_parsing


def main(arguments: Sequence[str]) -> int:
    """Run the experiment that the configs describe and print its results."""
    parser = run_parser("emojudge run")
    parser.add_argument("--out", type=str, required=True, help="run folder; the same folder again skips what has not changed")
    parser.add_argument("--force", action="store_true", help="run every stage again")
    parser.add_argument(
        "--on-bad-utterance", choices=["error", "skip"], default="error", help="skip: go on without utterances that cannot be used"
    )
    options = parser.parse_args(resolve_configs(arguments[1:]))
    settings = parser.instantiate(options).as_dict()
    for name in ("config", "out", "force"):
        settings.pop(name)
    config = RunConfig(**settings)

    from rich.console import Console

    from ..pipeline.display import Display
    from ..pipeline.experiment import run_experiment
    from .report.terminal import show

    signal.signal(signal.SIGTERM, _leave)
    console = Console()
    with Display(console).shown() as display:
        results = run_experiment(config, options.out, display, force=options.force)
    show(results, console)
    console.print(
        f"everything is in {options.out}: results.md, .csv, .tex and .json, run.json, predictions of every system",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    return 0


def _leave(number: int, _: object) -> None:
    """Leave as with Ctrl-C: the training at work saves its state first."""
    raise Interruption(number)


def run_parser(prog: str) -> OneLineErrors:
    """Return a parser of the settings of an experiment, of which commands on a corpus take those of the corpus."""
    set_up_parsing(attribute_docstrings=True)
    parser = OneLineErrors(prog=prog, description="Run all stages of an experiment: corpus, networks, fusion, judge, results.")
    parser.add_argument(
        "-c", "--config", action="config", help="experiment as YAML: a file, or a shipped one by name (run/podcast_small.yaml)"
    )
    parser.add_class_arguments(RunConfig, skip={"on_bad_utterance"}, fail_untyped=False)
    return parser
