"""``WhisperEncoder``: a Whisper model's encoder, over the frames that a clip has."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor

from ....audio import SAMPLE_RATE
from ....errors import ConfigError
from ...layers import Layer
from ...tuning import Transformer, Tuning
from ..pretrained import PretrainedEncoder
from ..spec_augment import SpecAugment
from ..transformer import load_config, load_model, plain_config
from .log_mel import HOP, WhisperMel

_CONVOLUTIONS = ("conv1", "conv2")
_LAST_NORM = "layer_norm"


class WhisperEncoder(PretrainedEncoder):
    """Frames of a Whisper model's encoder, one every 20 ms (paper, section 4.2). The decoder is neither built nor loaded.

    Whisper was trained on 30 s, a shorter clip padded with silence, and has no mask. Here a clip costs its own length:
    positions end with its frames, attention sees these only, and the convolutions find zeros behind them; so padding
    changes no utterance's frames. ``padded`` is the form of the training, which equals transformers' own encoder on its own
    feature extractor's output. The log-mel frames of both are the same, unless the loudest frame has its centre behind the clip.

    Positions are sinusoids and are not trained; weights are float32. Samples are taken as they are, in -1 to 1.

    Paper: it does not say which of the two it uses (section 4.2); we take the clip's own length. LayerDrop is 0, as in
    ``HuggingFaceEncoder``.

    Paper: it freezes the feature extractor; of Whisper these are its two convolutions. Whether the transformer is tuned is
    not said; we tune it.

    Args:
        model: A name on the Hugging Face hub, a local folder, or sizes: ``model_type: whisper`` and what differs from the
            defaults of its transformers configuration.
        pretrained: Whether to load weights; False makes them random, and is needed where only sizes are given.
        layer: ``last``, the model's output; a number from 1, what that transformer layer gives without the norm behind the last, and
            nothing is computed above it; ``weighted``, a learnt mixture of the transformer's input and all its layers.
        tuning: What is trained: one of ``emojudge.nn.tuning``; by default all but the convolutions. A frozen model
            stays in evaluation mode: it has no dropout and makes no graph.
        gradient_checkpointing: Whether the backward pass computes each layer again instead of keeping what it needs.
        spec_augment: Whether training masks stretches of log-mel frames as the model's configuration says.
        padded: Whether every clip is padded to 30 s.

    Raises:
        ConfigError: If the model does not exist, cannot be reached, is no Whisper, or has no such layer.
    """

    def __init__(
        self,
        model: str | dict[str, Any] = "openai/whisper-small",
        pretrained: bool = True,
        layer: Layer = "last",
        tuning: Tuning | None = None,
        gradient_checkpointing: bool = False,
        spec_augment: bool = False,
        padded: bool = False,
    ) -> None:
        super().__init__()
        config = load_config(model)
        if config.model_type != "whisper":
            raise ConfigError(f"WhisperEncoder takes no {config.model_type} model; give it a Whisper model, or choose HuggingFaceEncoder")
        from .model import EncoderOnly

        config.encoder_layerdrop = 0.0  # a dropped layer has no gradient, which stops distributed training
        self.config = plain_config(config)
        self.name = model if isinstance(model, str) else "the whisper model"
        self.padded = padded
        self.sample_rate = SAMPLE_RATE
        self.takes_raw_waveform = True
        self.features_out: int = config.d_model
        self.n_frames_max: int = config.max_source_positions
        self.log_mel = WhisperMel(config.num_mel_bins)
        self.spec_augment = SpecAugment(config) if spec_augment else None
        self.model = load_model(model, config, pretrained, EncoderOnly)
        self._settle(layer, tuning or Transformer(), gradient_checkpointing, _CONVOLUTIONS, [_LAST_NORM])
        self.model.embed_positions.requires_grad_(False)

    def forward(self, waveform: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return frames and which of them are real.

        Args:
            waveform: ``(batch, samples)``, full scale being 1, zero where padded.
            mask: True where a sample is real, ``(batch, samples)``, the first ones of a row and at least one.

        Returns:
            ``(batch, frames, features_out)`` and ``(batch, frames)``; 1500 frames where ``padded``.

        Raises:
            ConfigError: If a clip is longer than the model has positions for, which is 30 s.
        """
        waveform, mask = self._within(waveform, mask)
        mel, mel_mask = self.log_mel(waveform, mask, 2 * self.n_frames_max if self.padded else None)  # (batch, mel frames, mels)
        if self.spec_augment is not None and self.training:
            mel = self.spec_augment(mel, mel_mask, mel.new_zeros(mel.shape[2]))
        frames = self._taken(lambda: self._run(mel, mel_mask))  # (batch, frames, features)
        return frames, mel_mask[:, ::2]

    def rebuild_arguments(self) -> dict[str, Any]:
        """Return the arguments that build this encoder again without the hub, for its weights to be loaded into."""
        return {"model": self.config, "pretrained": False}

    def _run(self, mel: Tensor, mel_mask: Tensor) -> Tensor:
        model, real = self.model, mel_mask[:, None, :]  # (batch, 1, mel frames)
        if self.padded:
            real = real.new_ones(real.shape)
        x = F.gelu(model.conv1(mel.transpose(1, 2))).masked_fill(~real, 0)  # (batch, features, mel frames)
        real = real[:, :, ::2]  # (batch, 1, frames)
        x = F.gelu(model.conv2(x)).masked_fill(~real, 0).transpose(1, 2)  # (batch, frames, features)
        x = x + model.embed_positions.weight[: x.shape[1]]
        x = F.dropout(x, model.dropout, model.training)
        attended = None if self.padded else real[:, None]  # (batch, 1, 1, frames)
        for layer in model.layers:
            x = layer(x, attended)
        return model.layer_norm(x)  # type: ignore[no-any-return]

    def _within(self, waveform: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return a batch without padding behind what the model can hear."""
        n_max = 2 * HOP * self.n_frames_max
        if waveform.shape[1] > n_max:
            n_samples = int(mask.sum(dim=1).max())
            if n_samples > n_max:
                raise ConfigError(
                    f"a clip is {n_samples / SAMPLE_RATE:.2f} s long, and {self.name} hears {n_max / SAMPLE_RATE:g} s; "
                    f"set data.init_args.max_duration_s to {n_max / SAMPLE_RATE:g} or less, or choose an encoder without such a limit"
                )
            waveform, mask = waveform[:, :n_max], mask[:, :n_max]
        return waveform, mask
