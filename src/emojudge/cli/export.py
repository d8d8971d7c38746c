"""``emojudge export``: a trained network as a folder of safetensors and JSON."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConfigError
from .usage import Parser

if TYPE_CHECKING:
    from ..models import NetworkInfo

DESCRIPTION = """\
Write the network of a checkpoint as a folder: model.safetensors (weights), config.json (what builds it again, classes,
attributes, normalisation, where it comes from) and, for a network on words, tokenizer.json. It is read without Lightning and
without the hub, and nothing in it is run:

  from emojudge.models import load_network
  network = load_network(OUT)
"""


def main(arguments: Sequence[str]) -> int:
    """Export a network and return the exit status."""
    from argparse import RawDescriptionHelpFormatter

    parser = Parser(prog="emojudge export", description=DESCRIPTION, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument(
        "checkpoint", metavar="CKPT", help="checkpoint of a training from a config, such as RUN/acoustic/checkpoints/best.ckpt"
    )
    parser.add_argument("out", metavar="OUT", help="folder to write: a new or empty one, or an earlier export, which is replaced")
    options = parser.parse_args(arguments[1:])
    _check_is_no_run(Path(options.checkpoint))

    from ..models import export_network

    info = export_network(options.checkpoint, options.out)
    print(f"{options.out}: {_summary(info)}, from {options.checkpoint}")
    return 0


def _check_is_no_run(path: Path) -> None:
    """Say of a folder which checkpoints it has: this command takes one."""
    if not path.is_dir():
        return
    found = sorted(path.glob("**/checkpoints/best.ckpt"))
    name = f"; name one of its checkpoints, such as {found[0]}" if found else ", and has no checkpoints/best.ckpt in it; name a checkpoint"
    kind = (
        "a run folder, and whole runs cannot be exported yet" if (path / "run.json").is_file() else "a folder, expected a checkpoint file"
    )
    raise ConfigError(f"{path}: is {kind}{name}")


def _summary(info: "NetworkInfo") -> str:
    gives = [f"{len(info.classes)} classes"] * bool(info.classes) + [", ".join(info.attributes)] * bool(info.attributes)
    return f"network of {' and '.join(gives)}"
