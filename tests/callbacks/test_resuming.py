"""A fit that was stopped anywhere and resumed ends with the bits of one that was not."""

import pytest
from lightning.pytorch import Callback




class StoppedError(Exception):
    """A crash."""


class Crash(Callback):
    """Ends the process before a batch of the run is trained on, counted from 0."""

    def __init__(self, at):
        self.n_left = at

    def on_train_batch_end(self, *_):
        self.n_left -= 1
        if self.n_left < 0:
            raise StoppedError


@pytest.mark.parametrize("at", range(1, 27))
def test_x(train, tmp_path, at):
    train(tmp_path / "whole")
    with pytest.raises(StoppedError):
        train(tmp_path / "run", Crash(at))
    train(tmp_path / "run")
    train.assert_same(tmp_path / "run", tmp_path / "whole")
