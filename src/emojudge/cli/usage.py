"""A standard-library parser whose usage errors are one line with the nearest valid name, exit status 2."""

import argparse
import re
import sys
from typing import NoReturn

from ..errors import nearest


class Parser(argparse.ArgumentParser):
    """``ArgumentParser`` without abbreviations; a mistake is one line on standard error."""

    def __init__(self, *args: object, **settings: object) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **settings})  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and the nearest valid name, and exit with 2."""
        unknown = re.search(r"(?:unrecognized arguments: |invalid choice: ')(-*)([\w-]+)", message)
        suggestion = "" if unknown is None else nearest(unknown[1] + unknown[2], self._names())
        sys.stderr.write(f"{self.prog}: {' '.join(message.split())}.{suggestion} See {self.prog} --help.\n")
        raise SystemExit(2)

    def _names(self) -> list[str]:
        """Return every option and choice of this parser and of its commands."""
        names: list[str] = []
        for action in self._actions:
            names += [*action.option_strings, *(str(choice) for choice in action.choices or ())]
            if isinstance(action, argparse._SubParsersAction):
                names += [name for parser in action.choices.values() for name in parser._names()]
        return names
