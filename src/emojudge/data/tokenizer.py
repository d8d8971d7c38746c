"""Words become token ids: a byte-level BPE trained on the corpus, or a pretrained tokenizer; either is one JSON text."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError
from ..files import write_text

SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
"""Ids 0 to 4 of a trained tokenizer, where ``RobertaConfig`` expects them."""

MIN_VOCAB_SIZE = 256 + len(SPECIAL_TOKENS)
"""Every byte has an entry, so that no transcript holds an unknown token."""

MAX_TOKENS = 128
"""Tokens kept of a transcript (paper, section 4.4)."""

_TOKENIZER_FILE = "tokenizer.json"
_FOLDER_HOLDS = f"{_TOKENIZER_FILE} (or vocab.json and merges.txt, or vocab.txt), with config.json or tokenizer_config.json beside"

# tokenizers prints a warning in each forked loader worker when its threads were used before, even for a single encode
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


class TextTokenizer:
    """A byte-level BPE tokenizer with its padding token, made from its JSON text.

    Args:
        text: JSON of the ``tokenizers`` library, with the padding token in its ``padding`` section.
        max_tokens: Tokens kept of a transcript, the two around it included.

    Raises:
        ValueError: If there is no padding token.
    """

    def __init__(self, text: str, *, max_tokens: int = MAX_TOKENS) -> None:
        from tokenizers import Tokenizer

        self.text = text
        self._tokenizer = Tokenizer.from_str(text)
        if self._tokenizer.padding is None:
            raise ValueError("the tokenizer names no padding token")
        self.pad_id = int(self._tokenizer.padding["pad_id"])
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.encode_special_tokens = True  # "<s>" in a transcript is three characters, not a command

    def __len__(self) -> int:
        return int(self._tokenizer.get_vocab_size())

    def vocabulary(self) -> dict[str, int]:
        """Return the id of each entry."""
        return dict(self._tokenizer.get_vocab())

    @property
    def n_ids(self) -> int:
        """Return the largest token id plus one: what an embedding must have rows for."""
        return max(self.vocabulary().values()) + 1

    def encode(self, transcripts: Sequence[str | None]) -> list[NDArray[np.int64]]:
        """Return the token ids of each transcript as it stands, ``(tokens,)``; none for a transcript that is missing.

        No cleaning (paper, section 4.4). The first token is the one whose representation is classified.
        """
        encoded = iter(self._tokenizer.encode_batch([text for text in transcripts if text is not None]))
        return [np.array([] if text is None else next(encoded).ids, dtype=np.int64) for text in transcripts]


def train_tokenizer(transcripts: Iterable[str], vocab_size: int) -> str:
    """Return the JSON of a byte-level BPE trained on some transcripts; the same transcripts give the same JSON.

    Paper: uses RoBERTa's own vocabulary; a text network trained from scratch takes one made of train's transcripts.

    Args:
        transcripts: Those of train; nothing else may be seen.
        vocab_size: Most entries it may have, special tokens and bytes included; fewer if the words run out.

    Raises:
        ConfigError: If ``vocab_size`` has no room for every byte.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    if vocab_size < MIN_VOCAB_SIZE:
        raise ConfigError(f"data.init_args.vocab_size is {vocab_size}; a byte-level tokenizer needs at least {MIN_VOCAB_SIZE}")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        transcripts,
        trainers.BpeTrainer(
            vocab_size=vocab_size,
            min_frequency=2,
            special_tokens=list(SPECIAL_TOKENS),
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    start, end = SPECIAL_TOKENS[0], SPECIAL_TOKENS[2]
    tokenizer.post_processor = processors.RobertaProcessing((end, 2), (start, 0), trim_offsets=True, add_prefix_space=False)
    tokenizer.enable_padding(pad_id=1, pad_token=SPECIAL_TOKENS[1])
    return str(tokenizer.to_str())


def pretrained_tokenizer(name: str) -> str:
    """Return the JSON of a pretrained tokenizer, its padding token included.

    Args:
        name: Name on the Hugging Face hub, or a folder: one that ``save_pretrained`` wrote, or a text run with its ``tokenizer.json``.

    Raises:
        ConfigError: If there is no such folder, or the name cannot be reached.
    """
    from tokenizers import Tokenizer

    path = Path(name).expanduser()
    if not path.is_dir() and (name.startswith((".", "~", "/")) or name.count("/") > 1):  # a hub name is NAME or OWNER/NAME
        raise ConfigError(
            f"data.init_args.tokenizer: there is no folder {name}; give one that holds {_FOLDER_HOLDS}, a hub name, or 'corpus'"
        )
    saved = path / _TOKENIZER_FILE
    if saved.is_file() and json.loads(saved.read_text(encoding="utf-8")).get("padding"):
        return read_tokenizer(saved)
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(str(path) if path.is_dir() else name, trust_remote_code=False)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ConfigError(
            f"data.init_args.tokenizer: '{name}' cannot be loaded ({reason}); give a folder that holds {_FOLDER_HOLDS}, a hub name "
            "that can be reached (HF_HUB_OFFLINE forbids it), or 'corpus' to train one on the transcripts"
        ) from error
    if len(set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens)) == 0:  # transformers makes an empty one of nothing
        raise ConfigError(f"data.init_args.tokenizer: '{name}' has no vocabulary; a folder must hold {_FOLDER_HOLDS}")
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer) or tokenizer.pad_token_id is None:
        raise ConfigError(f"data.init_args.tokenizer: '{name}' has no {_TOKENIZER_FILE} form with a padding token; take a BPE tokenizer")
    copy = Tokenizer.from_str(backend.to_str())
    copy.enable_padding(pad_id=tokenizer.pad_token_id, pad_token=tokenizer.pad_token)
    return str(copy.to_str())


def make_tokenizer(name: str, folder: str | None, transcripts: Iterable[str], vocab_size: int) -> str:
    """Return the JSON of a run's tokenizer, made anew, and write it to the run's folder if there is one.

    Args:
        name: ``corpus`` to train on the transcripts, else as for :func:`pretrained_tokenizer`.
        folder: Where ``tokenizer.json`` goes.
        transcripts: Those of train.
        vocab_size: Most entries of a trained one.
    """
    text = train_tokenizer(transcripts, vocab_size) if name == "corpus" else pretrained_tokenizer(name)
    if folder is not None:
        write_text(tokenizer_path(folder), text)
    return text


def find_tokenizer(name: str, folder: str | None) -> str | None:
    """Return the JSON that a run left in its folder, else a pretrained one by its name, else None: nothing is trained again."""
    if folder is not None and tokenizer_path(folder).is_file():
        return read_tokenizer(tokenizer_path(folder))
    return None if name == "corpus" else pretrained_tokenizer(name)


def read_tokenizer(path: str | Path) -> str:
    """Return the JSON of a tokenizer that a run saved.

    Raises:
        ConfigError: If the file is not a tokenizer with a padding token.
    """
    text = Path(path).read_text(encoding="utf-8")
    try:
        TextTokenizer(text)
    except Exception as error:  # tokenizers raises plain Exception for a text that it cannot read
        raise ConfigError(f"{path}: not a tokenizer saved by a run ({error}); fit the text network again") from error
    return text


def tokenizer_path(folder: str | Path) -> Path:
    """Return the path of the tokenizer in a run's folder."""
    return Path(folder) / _TOKENIZER_FILE
