"""The kinds of findings are an interface, and the list of them is complete."""

import ast
from pathlib import Path

from emojudge.corpus import checks
from emojudge.corpus.checks.findings import KINDS


def test_the_list_of_kinds_is_what_the_checks_make():
    """What stands in the sources of the checks: every kind of the list, and no first argument of a finding that is not in it."""
    made = set()
    for path in Path(checks.__file__).parent.glob("*.py"):
        texts = {
            node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        made |= {text for text in texts if text in KINDS} if path.name != "findings.py" else set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("Finding", "finding"):
                first = node.args[0]
                assert not isinstance(first, ast.Constant) or first.value in KINDS
    assert made == set(KINDS)
