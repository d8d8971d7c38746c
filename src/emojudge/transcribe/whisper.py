"""Whisper models: a transcript written token by token, also of recordings longer than their window."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import ConfigError, nearest


class WhisperRecognizer:
    """Words by a Whisper model, decoded greedily unless its generation config says otherwise.

    A recording that fits the model's window (30 s) is heard in one piece; a longer one by the long-form procedure of the
    Whisper paper, in which each window starts where the words of the one before it end. The two are never in one batch, so
    that words do not depend on neighbours.

    Args:
        model: ``WhisperForConditionalGeneration``.
        features: Its feature extractor.
        tokenizer: Its tokenizer.
        language: The language spoken; None lets a multilingual model tell it for each recording.

    Raises:
        ConfigError: If the model does not know the language.
    """

    def __init__(self, model: Any, features: Any, tokenizer: Any, language: str | None = None) -> None:
        self.model, self.features, self.tokenizer = model, features, tokenizer
        self.sample_rate = int(features.sampling_rate)
        self.options = _language_options(model, language)

    @torch.inference_mode()
    def __call__(self, waveforms: Sequence[NDArray[np.float32]]) -> list[str]:
        """Return the words of each recording."""
        texts = [""] * len(waveforms)
        is_long = [len(waveform) > self.features.n_samples for waveform in waveforms]
        for long in (False, True):
            chosen = [i for i, value in enumerate(is_long) if value == long]
            if chosen:
                for i, text in zip(chosen, self._recognize([waveforms[i] for i in chosen], long), strict=True):
                    texts[i] = text
        return texts

    def _recognize(self, waveforms: list[NDArray[np.float32]], long: bool) -> list[str]:
        if long and not hasattr(self.model.generation_config, "no_timestamps_token_id"):
            raise ConfigError(
                f"the generation config of '{self.model.name_or_path}' has no no_timestamps_token_id, without which recordings "
                "longer than its window are not recognised; take generation_config.json from the model that it was trained from"
            )
        cut = {"truncation": False, "padding": "longest"} if long else {}
        each = [
            self.features(waveform, sampling_rate=self.sample_rate, return_tensors="pt", **cut).input_features[0] for waveform in waveforms
        ]
        n_frames = torch.tensor([frames.shape[1] for frames in each])
        mask = torch.arange(int(n_frames.max())) < n_frames[:, None]  # (recordings, frames)
        frames = torch.stack([torch.nn.functional.pad(frames, (0, mask.shape[1] - frames.shape[1])) for frames in each])
        tokens = self.model.generate(
            frames.to(self.model.device, self.model.dtype),  # (recordings, mels, frames)
            attention_mask=mask.long().to(self.model.device),
            **self.options,
            **({"return_timestamps": True} if long else {}),
        )  # (recordings, tokens)
        return list(self.tokenizer.batch_decode(tokens, skip_special_tokens=True))


def _language_options(model: Any, language: str | None) -> dict[str, str]:
    """Return what ``generate`` must be told; an English-only model accepts nothing."""
    from transformers.models.whisper.tokenization_whisper import TO_LANGUAGE_CODE

    known = getattr(model.generation_config, "lang_to_id", None) or {}
    if not known or not getattr(model.generation_config, "is_multilingual", True):
        if language is not None:
            raise ConfigError(f"'{model.name_or_path}' is no multilingual model; leave the language out")
        return {}
    if language is None:
        return {"task": "transcribe"}
    code = TO_LANGUAGE_CODE.get(language.lower(), language.lower())
    if f"<|{code}|>" not in known:
        names = [name for name, short in TO_LANGUAGE_CODE.items() if f"<|{short}|>" in known]
        raise ConfigError(
            f"'{model.name_or_path}' does not know the language '{language}'; give a name or code such as polish or pl."
            f"{nearest(language.lower(), names)}"
        )
    return {"task": "transcribe", "language": code}
