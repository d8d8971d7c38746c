"""Whether a file is a checkpoint, before Lightning opens it, and whether its weights fit, in other words than torch's."""

import pickle
import re
import zipfile
from pathlib import Path
from typing import Any

import torch

from ..errors import ConfigError

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
"""How an address on a server begins, ``http://`` or ``s3:/`` (a ``Path`` has one slash); a Windows drive has one letter."""


def check_local(path: str | Path) -> None:
    """Refuse the address of something on a server, which a library would fetch.

    Raises:
        ConfigError: If it is one.
    """
    if _ADDRESS.match(str(path)):
        raise ConfigError(f"{path}: checkpoints are read from files only; download it, and check where it comes from")


def check_checkpoint(path: str | Path, *, weights_only: bool = True) -> dict[str, Any]:
    """Return what a checkpoint of a Lightning module holds; its weights are not read yet, and nothing in it is run.

    Args:
        path: A local file.
        weights_only: False lets the file make any object, for one whose origin is known.

    Raises:
        ConfigError: If there is no such file, if it lies on a server, is something else or only a part of a checkpoint, or if it
            holds objects other than tensors and plain values.
    """
    check_local(path)
    if Path(path).is_dir():
        raise ConfigError(f"{path}: is a folder, expected a checkpoint file")
    if not Path(path).is_file():
        raise ConfigError(f"{path}: there is no such checkpoint")
    if not zipfile.is_zipfile(path):  # what torch.save writes; the end of the archive is missing where it was cut short
        raise ConfigError(f"{path}: is no checkpoint, or only a part of one; name a file that a training wrote (*.ckpt), or train again")
    try:
        content = torch.load(path, map_location="cpu", mmap=True, weights_only=weights_only)
    except pickle.UnpicklingError as error:
        raise ConfigError(
            f"{path}: is damaged, or holds objects other than tensors and plain values, which are not opened since they can run code; "
            "name a checkpoint that emojudge wrote"
        ) from error
    except Exception as error:  # torch lets through whatever reading damaged bytes leads to
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ConfigError(f"{path}: is no checkpoint, or a damaged one ({reason}); name another, or train again") from error
    if not isinstance(content, dict) or "state_dict" not in content:
        raise ConfigError(f"{path}: was written by torch, but is no checkpoint of a training; it has no 'state_dict'")
    return content


def first_difference(error: RuntimeError) -> str:
    """Return the first of the differences that torch lists where weights are not those of a network; nothing if it lists none."""
    _, _, differences = str(error).partition("\n\t")
    return differences.splitlines()[0].strip() if differences else ""
