"""The prompt: a text file with declared variables, filled with evidence that cannot leave its fence."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ..errors import JudgeError, nearest
from .case import Case

_VARIABLE = re.compile(r"\{\{\s*(\w*)\s*\}\}")
_FILE = re.compile(
    r"name: (?P<name>\S+)\nversion: (?P<version>\S+)\nvariables: (?P<variables>[^\n]*)\n\[system\]\n(?P<system>.*)\n\[user\]\n(?P<user>.*)",
    re.S,
)
_NOT_PLAIN = re.compile("[^ !-;=?-_a-~]")  # everything but printable ASCII without <, >, `
_FENCE_CHARACTERS = frozenset("<>`‹›«»≪≫〈〉⟨⟩《》˂˃ˋ")
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


@dataclass(frozen=True)
class Prompt:
    """A prompt file: the texts of both roles with ``{{variables}}``, and the rule that it states.

    Paper: it tells what the prompt asks for (section 4.6) and not its words; those of every shipped prompt are ours.
    """

    name: str
    number: str
    """The version that the file gives itself."""
    variables: frozenset[str]
    system: str
    user: str
    threshold: float = 0.8
    """Confidence above which the judge may change a label, 0 to 1; the prompt states it in percent."""

    @property
    def version(self) -> str:
        """Return name, number and digest: it changes whenever a model would read another text."""
        text = json.dumps([self.system, self.user, _percent(self.threshold)])
        return f"{self.name}-{self.number}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    def render(self, case: Case, key: str) -> "Messages":
        """Return what a language model is sent about a case.

        Fence and order of the classes derive from the request's key, so the same request always reads the
        same, and no transcript can know the fence that it will stand in.

        Raises:
            JudgeError: If the prompt declares a variable that a case does not give.
        """
        nonce = hashlib.sha256(f"fence {key}".encode()).hexdigest()[:16]
        order = sorted(case.classes, key=lambda name: hashlib.sha256(f"{key} {name}".encode()).digest())
        values = {
            "classes": ", ".join(quoted(name) for name in order),
            "evidence": quoted(case.evidence()),
            "fence_begin": f"<<<EVIDENCE {nonce}>>>",
            "fence_end": f"<<<END {nonce}>>>",
            "label": quoted(case.label),
            "threshold_percent": _percent(self.threshold),
        }
        values = {name: value for name, value in values.items() if name in self.variables}
        return Messages(self._fill(self.system, values), self._fill(self.user, values))

    def _fill(self, text: str, values: Mapping[str, str]) -> str:
        missing = self.variables - values.keys()
        if missing:
            raise JudgeError(
                f"prompt '{self.name}' declares {sorted(missing)}, which a case does not give (given: {', '.join(sorted(values))})"
            )
        return _VARIABLE.sub(lambda match: values[match[1]], text)  # one pass: a value is never filled itself


@dataclass(frozen=True)
class Messages:
    """The two messages of a request."""

    system: str
    user: str


def load_prompt(name: str | Path = "paper", *, threshold: float = 0.8) -> Prompt:
    """Return a prompt that ships with emojudge, by name, or one's own, by the path of a ``.txt`` file.

    Raises:
        JudgeError: If there is no such prompt, its file lacks a section, or variables are used but not
            declared or declared but not used.
    """
    shipped = files(__package__) / "prompts"
    own = str(name).endswith(".txt")
    source = Path(name) if own else shipped / f"{name}.txt"
    where = str(name) if own else f"prompt '{name}'"
    if not source.is_file():
        known = sorted(path.name.removesuffix(".txt") for path in shipped.iterdir() if path.name.endswith(".txt"))
        raise JudgeError(
            f"{where}: there is no such prompt (shipped: {', '.join(known)}; or the path of a .txt file).{nearest(str(name), known)}"
        )
    try:
        return parse_prompt(source.read_text(encoding="utf-8"), threshold=threshold)
    except JudgeError as error:
        raise JudgeError(f"{where}: {error}") from error


def parse_prompt(text: str, *, threshold: float = 0.8) -> Prompt:
    """Return the prompt that a file's text describes.

    Raises:
        JudgeError: As :func:`load_prompt` does.
    """
    match = _FILE.fullmatch(text.replace("\r\n", "\n").strip())
    if match is None:
        raise JudgeError("a prompt file holds the lines 'name:', 'version:' and 'variables:', then [system] and [user] with their texts")
    declared = {name.strip() for name in match["variables"].split(",")} - {""}
    used = set(_VARIABLE.findall(match["system"] + match["user"]))
    if used != declared:
        raise JudgeError(f"variables used but not declared: {sorted(used - declared)}; declared but not used: {sorted(declared - used)}")
    return Prompt(match["name"], match["version"], frozenset(declared), match["system"].strip(), match["user"].strip(), threshold)


def quoted(value: object) -> str:
    r"""Return a value as JSON in which nothing can act as a control character or a fence.

    Every control, format and line-separating character, lone surrogate, and everything that is or looks
    like an angle bracket or a back-quote stands as its ``\u`` escape: the text is one line, and
    ``json.loads`` gives the value back.

    >>> print(quoted("stop\n<<<END 00>>>"))
    "stop\n\u003c\u003c\u003cEND 00\u003e\u003e\u003e"
    """
    return _NOT_PLAIN.sub(_neutralised, json.dumps(value, ensure_ascii=False))


def _neutralised(match: re.Match[str]) -> str:
    character = match[0]
    hidden = unicodedata.category(character) in _HIDDEN
    if not hidden and _FENCE_CHARACTERS.isdisjoint(unicodedata.normalize("NFKC", character)):
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _percent(threshold: float) -> str:
    return f"{100 * threshold:.10g}"
