"""A speech recogniser by name or folder: found first, loaded only where there is something to hear."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import ConfigError, some
from ..files import file_digest
from ..nn.encoders.transformer import FOLDER_HOLDS, reached

HOLDS = f"{FOLDER_HOLDS}, preprocessor_config.json and the tokenizer's files"
"""What the folder of a recogniser must hold."""

DTYPES = ("float32", "float16", "bfloat16")
"""Number formats of weights and arithmetic."""


class Recognizer(Protocol):
    """Turns recordings into words."""

    sample_rate: int
    """Rate of the samples that it takes, Hz."""

    def __call__(self, waveforms: Sequence[NDArray[np.float32]]) -> list[str]:
        """Return the words of each recording, ``(samples,)`` each, of any length from one sample on."""


@dataclass(frozen=True)
class FoundModel:
    """A recogniser that exists and is of a kind that we run."""

    name: str
    """Name on the Hugging Face hub, or a folder."""
    config: Any
    """Its transformers configuration."""

    @property
    def label(self) -> str:
        """Return the name for a table: that of the hub, or the folder's last name, without the path of a machine."""
        folder = Path(self.name).expanduser()
        return folder.resolve().name if folder.is_dir() else self.name

    def identity(self) -> str:
        """Return what changes when the model does: the revision on the hub, or a digest of the folder's files."""
        folder = Path(self.name).expanduser()
        if not folder.is_dir():
            return f"{self.name}@{self.config._commit_hash}"
        digest = hashlib.sha256()
        for path in sorted(folder.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                digest.update(f"{path.name} {file_digest(path)}\n".encode())
        return digest.hexdigest()


def find_model(name: str, language: str | None = None) -> FoundModel:
    """Return a recogniser by its name or folder, without its weights.

    Whisper models, and those with a CTC head on an encoder of raw samples: wav2vec 2.0, HuBERT, WavLM and their kin.

    Args:
        name: Name on the Hugging Face hub, or a folder.
        language: The language that it shall be told, if any.

    Raises:
        ConfigError: If there is no such model, it cannot be reached, it is of another kind, or of one that takes no language.
    """
    from transformers import AutoConfig

    config = reached(AutoConfig.from_pretrained, name, holds=HOLDS, trust_remote_code=False)
    if config.model_type != "whisper" and not (config.model_type in _ctc_types() and hasattr(config, "conv_kernel")):
        raise ConfigError(
            f"'{name}' is a {config.model_type} model; speech is recognised by Whisper models, and by wav2vec 2.0, HuBERT, WavLM "
            "and other encoders of raw samples with a CTC head"
        )
    if language is not None and config.model_type != "whisper":
        raise ConfigError(f"a language is chosen for Whisper models; '{name}' knows the one that it was trained on")
    return FoundModel(name, config)


def load_recognizer(
    found: FoundModel, *, language: str | None = None, device: str = "auto", dtype: str = "float32", batch_size: int = 16
) -> Recognizer:
    """Return the recogniser, its weights on the device.

    Args:
        found: What :func:`find_model` returned.
        language: The language spoken, by name or code (``polish``, ``pl``), of a multilingual Whisper model, which tells
            the language of each recording by itself otherwise.
        device: ``cpu``, ``cuda``, ``cuda:1``, or ``auto``: a CUDA device if there is one. One device; not several.
        dtype: One of :data:`DTYPES`.
        batch_size: Stretches of sound that go through the network together.

    Raises:
        ConfigError: If a part of the model is missing, weights for its head too, or an option does not fit.
    """
    from transformers import AutoFeatureExtractor, AutoModelForCTC, AutoTokenizer, WhisperForConditionalGeneration
    from transformers.utils.logging import disable_progress_bar

    from .ctc import CtcRecognizer
    from .whisper import WhisperRecognizer

    place = find_device(device)
    disable_progress_bar()
    is_whisper = found.config.model_type == "whisper"
    options: dict[str, Any] = {"holds": HOLDS, "trust_remote_code": False}
    features = reached(AutoFeatureExtractor.from_pretrained, found.name, **options)
    tokenizer = reached(AutoTokenizer.from_pretrained, found.name, **options)
    kind = WhisperForConditionalGeneration if is_whisper else AutoModelForCTC
    options |= {"config": found.config, "dtype": getattr(torch, dtype), "output_loading_info": True}
    model, loading = reached(kind.from_pretrained, found.name, **options)
    missing = sorted(key for key in loading["missing_keys"] if not key.endswith("masked_spec_embed"))  # that one only training uses
    if missing:
        raise ConfigError(f"'{found.name}' has no weights for {some(missing, 3)}: it was not trained to recognise speech")
    model = model.to(place).eval()
    if is_whisper:
        return WhisperRecognizer(model, features, tokenizer, language)
    return CtcRecognizer(model, features, tokenizer, batch_size)


def find_device(name: str) -> torch.device:
    """Return a device by its name; ``auto`` is a CUDA device if there is one, else the CPU.

    Raises:
        ConfigError: If this machine has no such device.
    """
    n_cuda = torch.cuda.device_count()
    if name == "auto":
        return torch.device("cuda" if n_cuda else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        raise ConfigError(f"there is no device '{name}'; expected cpu, cuda, cuda:N or auto")
    if device.type == "cuda" and (device.index or 0) >= n_cuda:
        raise ConfigError(f"device '{name}': torch sees {n_cuda} CUDA devices on this machine; choose another, or auto")
    return device


def _ctc_types() -> set[str]:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CTC_MAPPING_NAMES

    return set(MODEL_FOR_CTC_MAPPING_NAMES)
