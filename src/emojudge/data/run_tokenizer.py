"""The tokenizer of a run through its stages: made when it fits, taken from checkpoint or folder afterwards."""

import logging
from collections.abc import Callable, Iterable

from lightning.pytorch import Trainer

from ..errors import ConfigError
from .ranks import from_rank_zero
from .tokenizer import TextTokenizer, find_tokenizer, make_tokenizer, tokenizer_path

_log = logging.getLogger(__name__)


class RunTokenizer:
    """Holds the tokenizer of a run as ``current``; None while there is none.

    A fit makes it anew, on rank 0. Every other stage takes the checkpoint's, since the network's embeddings are
    numbered by it, or else the one in the run's folder.

    Args:
        name: ``corpus`` to train on train's transcripts, else a hub name or a folder.
        vocab_size: Most entries of a trained one.
        max_tokens: Tokens kept of a transcript.
    """

    def __init__(self, name: str, *, vocab_size: int, max_tokens: int) -> None:
        self.name = name
        self.vocab_size = vocab_size
        self.max_tokens = max_tokens
        self.current: TextTokenizer | None = None

    def make(self, trainer: Trainer | None, folder: str | None, transcripts: Callable[[], Iterable[str]]) -> None:
        """Make it from train's transcripts or its name, and keep it in the run's folder if there is one."""
        text = from_rank_zero(trainer, lambda: make_tokenizer(self.name, folder, transcripts(), self.vocab_size))
        self.current = TextTokenizer(text, max_tokens=self.max_tokens)

    def find(self, trainer: Trainer | None, folder: str | None) -> None:
        """Take the one in the run's folder, else a pretrained one, where there is one."""
        text = from_rank_zero(trainer, lambda: find_tokenizer(self.name, folder))
        self.current = None if text is None else TextTokenizer(text, max_tokens=self.max_tokens)

    def take(self, text: str, folder: str | None, *, fitting: bool) -> None:
        """Take the one of a checkpoint.

        Raises:
            ConfigError: If a resumed fit would change the tokenizer.
        """
        kept = TextTokenizer(text, max_tokens=self.max_tokens)
        if self.current is not None and kept.vocabulary() != self.current.vocabulary():
            if fitting:
                raise ConfigError(
                    "the checkpoint was trained with another tokenizer than this corpus and config give; "
                    "resume with the corpus, tokenizer and vocab_size it began with, or start without a checkpoint"
                )
            _log.warning("the checkpoint's tokenizer is used; that in %s is another one", folder)
        self.current = kept

    def needed(self, folder: str | None) -> TextTokenizer:
        """Return the tokenizer.

        Raises:
            ConfigError: If there is none.
        """
        if self.current is None:
            raise ConfigError(
                f"no tokenizer: neither a checkpoint of a text run was given nor is there a {tokenizer_path(folder or '.')}; "
                "name the checkpoint with --ckpt_path, or in data.init_args.tokenizer_dir the folder of the run that was fitted"
            )
        return self.current
