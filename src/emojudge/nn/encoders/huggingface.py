"""Speech encoders of the transformers library that take raw samples: WavLM, HuBERT, wav2vec 2.0 and their like."""

from typing import Any

import torch
from torch import Tensor, nn

from ...audio import SAMPLE_RATE
from ...errors import ConfigError
from ..layers import Layer
from ..masked import first_places
from ..tuning import Transformer, Tuning
from .pretrained import PretrainedEncoder, one_by_one
from .spec_augment import SpecAugment
from .transformer import load_config, load_model, plain_config
from .wavlm import use_modules

_FAMILY = ("hubert", "unispeech", "unispeech-sat", "wav2vec2", "wavlm")
"""Those built alike: convolutions, a projection, an encoder. Masks keep padding out of all but the convolutions' group norm."""

_SEE_PADDING = ("data2vec-audio", "wav2vec2-conformer")
"""Those built alike whose transformer has convolutions that padded frames reach. Any other takes its own forward pass."""

_EXTRACTOR = "feature_extractor"
_LAST_NORM = "encoder.layer_norm"


class HuggingFaceEncoder(PretrainedEncoder):
    """Frames of a self-supervised speech encoder, one every 20 ms (paper, section 4.2).

    An adapter above the transformer is left out, and weights are float32. Padding changes no utterance's frames in
    evaluation. A group norm over time in the feature extractor (base sizes, ``feat_extract_norm: group``) would let it: there the
    extractor takes clip by clip, and the transformer the batch, for which the masks suffice. Models
    whose transformer sees padding too take clip by clip throughout. In training such models see padding, as in pretraining.

    Paper: it freezes the feature extractor and does not say whether the transformer is tuned (section 4.2); we tune it.

    Paper: it does not say whether the checkpoint's SpecAugment and LayerDrop are on; ``spec_augment`` turns the one on, and the other is
    always 0, since a layer that is dropped gets no gradient.

    Args:
        model: A name on the Hugging Face hub, a local folder, or sizes: ``model_type`` and what differs from the
            defaults of its transformers configuration.
        pretrained: Whether to load weights; False makes them random, and is needed where only sizes are given.
        layer: ``last``, the model's output; a number from 1, what that transformer layer gives, and nothing is computed above it;
            ``weighted``, a learnt mixture of the transformer's input and all its layers. Large models have a norm after the last
            layer, which the last state of ``last`` and ``weighted`` went through; a number gives a layer without it.
        tuning: What is trained: one of ``emojudge.nn.tuning``; by default all but the feature extractor. A frozen model
            stays in evaluation mode: it has no dropout and makes no graph.
        gradient_checkpointing: Whether the backward pass computes each layer again instead of keeping what it needs: a third
            slower, far less memory, the same gradients.
        spec_augment: Whether training masks stretches of frames as the model's configuration says. The mask's vector
            is not trained.
        exact: Whether evaluation keeps padding out where it costs passes clip by clip.

    Raises:
        ConfigError: If the model does not exist, cannot be reached, does not take raw samples, or has no such layer.
    """

    def __init__(
        self,
        model: str | dict[str, Any],
        pretrained: bool = True,
        layer: Layer = "last",
        tuning: Tuning | None = None,
        gradient_checkpointing: bool = False,
        spec_augment: bool = False,
        exact: bool = True,
    ) -> None:
        super().__init__()
        config = load_config(model)
        if not hasattr(config, "conv_kernel"):
            raise ConfigError(f"a {config.model_type} model does not take raw samples; choose a WavLM, HuBERT or wav2vec 2.0 model")
        self._alike = config.model_type in (*_FAMILY, *_SEE_PADDING)
        best_effort = config.model_type not in _FAMILY
        if spec_augment and not self._alike:
            raise ConfigError(f"spec_augment is not offered for a {config.model_type} model; turn it off")
        config.layerdrop = 0.0  # a dropped layer has no gradient, which stops distributed training
        config.add_adapter = False
        if not spec_augment:
            config.mask_time_prob = config.mask_feature_prob = 0.0  # then the model has no mask embedding either
        self.config = plain_config(config)
        self.name = model if isinstance(model, str) else f"the {config.model_type} model"
        self.sample_rate = SAMPLE_RATE  # of the recordings that every such model was pretrained on
        self.features_out: int = config.hidden_size
        self.n_samples_min = receptive_field(config.conv_kernel, config.conv_stride, getattr(config, "squeeze_factor", 1))
        group_norm = getattr(config, "feat_extract_norm", None) == "group"
        self._extracts_clip_by_clip = exact and group_norm
        self._clip_by_clip = exact and best_effort
        self.depends_on_padding = not exact and (group_norm or best_effort)
        self.spec_augment = SpecAugment(config) if spec_augment else None
        self.model = load_model(model, config, pretrained)
        if config.model_type == "wavlm":
            use_modules(self.model.encoder.layers)
        norm_is_last = getattr(config, "do_stable_layer_norm", False) or config.model_type == "wav2vec2-conformer"
        top = [_LAST_NORM] if self._alike and norm_is_last else []
        self._settle(layer, tuning or Transformer(), gradient_checkpointing, [_EXTRACTOR], top)
        if not any(p.requires_grad for p in self.model.feature_extractor.parameters()):
            self.model.feature_extractor._freeze_parameters()  # otherwise it asks for a gradient of the waveform
        if hasattr(self.model, "masked_spec_embed"):
            self.model.masked_spec_embed.requires_grad_(False)  # short batches give it no gradient
        if best_effort:
            self._try(torch.zeros(2 * self.n_samples_min))

    def forward(self, waveform: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return frames and which of them are real.

        Args:
            waveform: ``(batch, samples)``, zero where padded.
            mask: True where a sample is real, ``(batch, samples)``, the first ones of a row and at least one. A clip shorter than
                a frame is taken with silence up to one frame.

        Returns:
            ``(batch, frames, features_out)`` and ``(batch, frames)``.
        """
        if self._clip_by_clip and not self.model.training and len(waveform) > 1:
            return one_by_one(self, waveform, mask)
        n_samples = mask.sum(dim=1).clamp(min=self.n_samples_min)  # (batch,)
        waveform = nn.functional.pad(waveform, (0, max(self.n_samples_min - waveform.shape[1], 0)))
        n_frames = self.model._get_feat_extract_output_lengths(n_samples)
        run = self._through_parts if self._alike else self._through_model
        frames = self._taken(lambda: run(waveform, n_samples, n_frames))
        return frames, first_places(n_frames, frames.shape[1])

    def rebuild_arguments(self) -> dict[str, Any]:
        """Return the arguments that build this encoder again without the hub, for its weights to be loaded into."""
        return {"model": self.config, "pretrained": False}

    def _through_parts(self, waveform: Tensor, n_samples: Tensor, n_frames: Tensor) -> Tensor:
        features = self._extracted(waveform, n_samples)  # (batch, frames, channels)
        mask = first_places(n_frames, features.shape[1])
        frames = self.model.feature_projection(features)
        frames = frames[0] if isinstance(frames, tuple) else frames  # (batch, frames, features)
        if self.spec_augment is not None and self.training:
            frames = self.spec_augment(frames, mask, self.model.masked_spec_embed)
        return self.model.encoder(frames, attention_mask=mask).last_hidden_state  # type: ignore[no-any-return]

    def _extracted(self, waveform: Tensor, n_samples: Tensor) -> Tensor:
        extractor = self.model.feature_extractor
        if self.model.training or not self._extracts_clip_by_clip:
            return extractor(waveform).transpose(1, 2)  # type: ignore[no-any-return]
        clips = [extractor(clip[None, :n])[0].T for clip, n in zip(waveform, n_samples.tolist(), strict=True)]
        return nn.utils.rnn.pad_sequence(clips, batch_first=True)

    def _through_model(self, waveform: Tensor, n_samples: Tensor, n_frames: Tensor) -> Tensor:
        heard = first_places(n_samples, waveform.shape[1])
        return self.model(waveform, attention_mask=heard.long()).last_hidden_state  # type: ignore[no-any-return]


def receptive_field(kernels: list[int], strides: list[int], n_frames: int = 1) -> int:
    """Return the samples that some frames in a row see."""
    field = n_frames
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=True):
        field = (field - 1) * stride + kernel
    return field
