"""The encoder of a Whisper model without its decoder. It imports transformers: import it where a model is made."""

from typing import Any

from transformers.models.whisper.modeling_whisper import WhisperEncoder


class EncoderOnly(WhisperEncoder):  # type: ignore[misc]
    """Transformers' own encoder, read from a file of a whole Whisper model; the decoder's weights stay there."""

    _keys_to_ignore_on_load_unexpected = (r"(^|\.)decoder\.", r"^proj_out\.")

    @classmethod
    def from_config(cls, config: Any, *, trust_remote_code: bool, **options: Any) -> Any:
        """Return an encoder with random weights."""
        return cls._from_config(config, **options)

    @classmethod
    def from_pretrained(cls, model: str, **options: Any) -> Any:
        """Return an encoder with the weights of a name or a folder."""
        return super().from_pretrained(model, key_mapping={r"^(model\.)?encoder\.": ""}, **options)
