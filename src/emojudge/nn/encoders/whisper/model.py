"""The encoder of a Whisper model without its decoder. It imports transformers: import it where a model is made."""

from transformers.models.whisper.modeling_whisper import WhisperEncoder

ENCODER_KEYS = {r"^(model\.)?encoder\.": ""}
"""How the names in a file of a whole Whisper model become those of its encoder."""


class EncoderOnly(WhisperEncoder):  # type: ignore[misc]
    """Transformers' own encoder, which leaves a decoder's weights in their file."""

    _keys_to_ignore_on_load_unexpected = [r"(^|\.)decoder\.", r"^proj_out\."]  # noqa: RUF012
