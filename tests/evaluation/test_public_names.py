"""What the room offers by name, and what that costs."""

import subprocess
import sys

import pytest

import emojudge.evaluation


def test_every_public_name_is_there():
    assert [name for name in emojudge.evaluation.__all__ if not hasattr(emojudge.evaluation, name)] == []
    with pytest.raises(AttributeError, match="has no attribute 'brier'"):
        _ = emojudge.evaluation.brier


def test_scores_come_without_scikit_learn_which_calibration_needs():
    code = "import sys, emojudge.evaluation as e; print('sklearn' in sys.modules); e.scaled; print('sklearn' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "True"]
