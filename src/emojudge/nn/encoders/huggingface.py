"""Speech encoders of the transformers library that take raw samples: WavLM, HuBERT, wav2vec 2.0."""

from typing import Any

import torch
from torch import Tensor, nn

from ...audio import SAMPLE_RATE
from ...errors import ConfigError
from .transformer import load_config, load_model, plain_config


class HuggingFaceEncoder(nn.Module):
    """Frames of a self-supervised speech encoder, one every 20 ms (paper, section 4.2).

    The convolutional feature extractor is frozen, LayerDrop is 0, attention is eager, weights are float32.
    A model with ``feat_extract_norm: group`` (base sizes) gives a padded clip other values than a single one;
    the others do not; ``depends_on_padding`` tells.

    Paper: it freezes the feature extractor and does not say whether the transformer is tuned (section 4.2); we tune it.

    Paper: it does not say whether the checkpoint's SpecAugment is on; ``spec_augment`` turns it on.

    Args:
        model: A name on the Hugging Face hub, a local folder, or sizes: ``model_type`` and what differs from the
            defaults of its transformers configuration.
        pretrained: Whether to load weights; False makes them random, and is needed where only sizes are given.
        spec_augment: Whether training masks stretches of frames as the model's configuration says. A batch
            shorter than one stretch stays unmasked. The mask's vector is not trained.

    Raises:
        ConfigError: If the model does not exist, cannot be reached, or does not take raw samples.
    """

    def __init__(self, model: str | dict[str, Any], pretrained: bool = True, spec_augment: bool = False) -> None:
        super().__init__()
        config = load_config(model)
        if not hasattr(config, "conv_kernel"):
            raise ConfigError(f"a {config.model_type} model does not take raw samples; choose a WavLM, HuBERT or wav2vec 2.0 model")
        config.layerdrop = 0.0  # a dropped layer has no gradient, which stops distributed training
        config.apply_spec_augment = spec_augment
        if not spec_augment:
            config.mask_time_prob = config.mask_feature_prob = 0.0  # then the model has no mask embedding either
        self.config = plain_config(config)
        self.name = model if isinstance(model, str) else f"the {config.model_type} model"
        self.sample_rate = SAMPLE_RATE  # of the recordings that every such model was pretrained on
        self.depends_on_padding: bool = getattr(config, "feat_extract_norm", None) == "group"
        self.features_out: int = config.hidden_size
        self.model = load_model(model, config, pretrained)
        self.model.feature_extractor._freeze_parameters()
        if hasattr(self.model, "masked_spec_embed"):
            self.model.masked_spec_embed.requires_grad_(False)  # short batches give it no gradient
        self.n_samples_min = receptive_field(config.conv_kernel, config.conv_stride)

    def forward(self, waveform: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return frames and which of them are real.

        Args:
            waveform: ``(batch, samples)``, zero where padded.
            mask: True where a sample is real, ``(batch, samples)``, at least one a row. A clip shorter than a
                frame is taken with silence up to one frame.

        Returns:
            ``(batch, frames, features_out)`` and ``(batch, frames)``.
        """
        n_samples = mask.sum(dim=1).clamp(min=self.n_samples_min)  # (batch,)
        if waveform.shape[1] < self.n_samples_min:
            waveform = nn.functional.pad(waveform, (0, self.n_samples_min - waveform.shape[1]))
        heard = _first(n_samples, waveform.shape[1])
        n_frames = self.model._get_feat_extract_output_lengths(n_samples)
        n_frames_max = int(self.model._get_feat_extract_output_lengths(waveform.shape[1]))
        options = {}
        if self.training and self.config["apply_spec_augment"] and n_frames_max < self.config["mask_time_length"]:
            options["mask_time_indices"] = heard.new_zeros(len(heard), n_frames_max)
        frames = self.model(waveform, attention_mask=heard.long(), **options).last_hidden_state  # (batch, frames, features)
        return frames, _first(n_frames, frames.shape[1])

    def rebuild_arguments(self) -> dict[str, Any]:
        """Return the arguments that build this encoder again without the hub, for its weights to be loaded into."""
        return {"model": self.config, "pretrained": False}


def receptive_field(kernels: list[int], strides: list[int]) -> int:
    """Return the samples that one frame sees."""
    field = 1
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
        field = (field - 1) * stride + kernel
    return field


def _first(n: Tensor, size: int) -> Tensor:
    """Return ``(batch, size)``, True on the first ``n`` places of each row."""
    return torch.arange(size, device=n.device) < n[:, None]
