"""One helper that imports a package of an optional extra, or names the extra to install."""

from importlib import import_module
from types import ModuleType

from .errors import MissingExtraError

NAMED_IN_CONFIGS = {"audiomentations": "augmentation"}
"""Packages whose classes a config names, and the extra that brings each."""


def need(package: str, extra: str) -> ModuleType:
    """Return the imported ``package``.

    Raises:
        MissingExtraError: If it is not installed; the message names the extra that brings it.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != package.split(".", maxsplit=1)[0]:
            raise
        raise MissingExtraError(f"this needs the package '{package}', which is not installed: pip install 'emojudge[{extra}]'") from error
