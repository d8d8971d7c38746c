"""ECAPA-TDNN on log-mel frames: frames or an utterance embedding, pretrained or from scratch."""

from collections.abc import Sequence
from typing import Any, Literal, Self, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...masked import RunningNormalization
from ...tuning import Everything, Tuning, check_tuning
from ..log_mel import DecibelMel, LogMel
from .layers import SERes2Block, TimeDelay, UtteranceEmbedding
from .speechbrain import load_weights, read_weights, sizes_of

Normalization = Literal["utterance", "train", "both", "none"]


class EcapaTdnn(nn.Module):
    """An ECAPA-TDNN (Desplanques et al., 2020) in one of two forms.

    One time-delay layer, then squeeze-and-excitation Res2Net blocks with growing dilation; the outputs of all
    blocks are joined and mixed by one more layer. Every mean is over real frames, and padding changes nothing.

    Without ``embedding`` it gives the frames of that last layer, so that the paper's own pooling and head come after
    them; an utterance ends in zeros, in every layer. This form is trained from scratch, as small as one likes.

    With ``embedding`` it gives one vector an utterance, as one frame: the network of SpeechBrain, which adds attentive
    statistics, batch norm and a linear layer. An utterance goes on beyond its ends as its mirror image, and the
    front end is ``DecibelMel``, which takes samples in -1 to 1. This form loads SpeechBrain's weights.
    Single utterances are as in SpeechBrain; a batch there mirrors at the end of its longest utterance,
    here each utterance has the values that it has alone.

    Parity with the public weights is unverified: keys, shapes and arithmetic follow SpeechBrain's sources, and
    no file of theirs has been compared.

    Paper: it takes the 192 values an utterance of a pretrained ECAPA-TDNN (section 4.2), with no pooling after them: the
    pooling is then ``FirstFrame``. It does not say whether they are tuned; ``tuning`` chooses, and everything is by default.

    Args:
        log_mel: What turns waveforms into frames; by default 80 mels every 10 ms, of ``DecibelMel`` where there is an
            embedding, else of ``LogMel``.
        normalize: ``utterance`` subtracts the utterance's mean of each mel, ``train`` normalises by all training
            frames, ``both`` joins the two views, ``none`` leaves the logarithm as it is.
        masking: An augmentation of the normalised frames, such as ``SpectrumMasking``; None for none.
        channels: Size of every layer but the last; by default the model's, else 512.
        features: Size of the last layer's frames; by default the model's, else 1536.
        kernel: Width of the first layer, in frames.
        stride: Step of the first layer, in frames; 2 halves the cost of all that follows.
        dilations: One block for each, its middle layer widened by this factor.
        scale: Groups of a Res2Net layer; 1 makes it a plain layer.
        bottleneck: Hidden size of squeeze and excitation.
        dropout: Share of a block's channels dropped, whole channels at a time.
        raw_frames: Whether the normalised log-mel frames join those that come out; not with an embedding.
        embedding: Size of an utterance's embedding; by default the model's, else there is none.
        attention: Hidden size of the attention before the embedding.
        model: A pretrained model of SpeechBrain, such as ``speechbrain/spkrec-ecapa-voxceleb``: a name on the Hugging Face
            hub, or a folder that holds ``embedding_model.ckpt``. None for random weights.
        tuning: Which parameters are trained, ``Everything()`` by default. What ``Frozen()`` freezes is in evaluation mode.

    Raises:
        ConfigError: If the model cannot be reached, or its weights do not fit the sizes.
        ValueError: If ``channels`` is not a multiple of ``scale``, there is no such normalisation, no block or no step, or raw frames
            are to join an embedding.
    """

    def __init__(
        self,
        log_mel: LogMel | DecibelMel | None = None,
        normalize: Normalization = "utterance",
        masking: nn.Module | None = None,
        channels: int | None = None,
        features: int | None = None,
        kernel: int = 5,
        stride: int = 1,
        dilations: Sequence[int] = (2, 3, 4),
        scale: int = 8,
        bottleneck: int = 128,
        dropout: float = 0.0,
        raw_frames: bool = False,
        embedding: int | None = None,
        attention: int = 128,
        model: str | None = None,
        tuning: Tuning | None = None,
    ) -> None:
        super().__init__()
        if normalize not in get_args(Normalization):
            raise ValueError(f"normalize is {normalize!r}, expected one of {', '.join(get_args(Normalization))}")
        if stride < 1 or not dilations:
            raise ValueError(f"expected a stride of 1 or more and one dilation or more, found {stride} and {list(dilations)}")
        weights = read_weights(model) if model is not None else None
        sizes = {"channels": 512, "features": 1536} if weights is None else sizes_of(weights)
        asked = {"channels": channels, "features": features, "embedding": embedding}
        self.sizes: dict[str, int] = sizes | {name: size for name, size in asked.items() if size is not None}
        channels, features, embedding = self.sizes["channels"], self.sizes["features"], self.sizes.get("embedding")
        if channels % scale:
            raise ValueError(f"channels must be a multiple of scale, found {channels} and {scale}")
        if raw_frames and embedding is not None:
            raise ValueError("raw_frames join frames, and an embedding has none: set raw_frames to false, or embedding to null")
        is_plain = embedding is None
        self.log_mel = log_mel if log_mel is not None else (LogMel() if is_plain else DecibelMel())
        self.sample_rate = self.log_mel.sample_rate
        self.takes_raw_waveform = not is_plain
        self.normalize = normalize
        self.masking = masking
        self.stride = stride
        self.raw_frames = raw_frames
        self.n_views = 2 if normalize == "both" else 1
        n_in = self.n_views * self.log_mel.n_mels
        self.running = RunningNormalization(n_in) if normalize in ("train", "both") else None
        self.first = TimeDelay(n_in, channels, kernel, stride=stride, mirrored=not is_plain)
        self.blocks = nn.ModuleList(
            SERes2Block(channels, dilation, scale, bottleneck, dropout, mirrored=not is_plain) for dilation in dilations
        )
        self.mix = TimeDelay(len(dilations) * channels, features, 1)
        self.embedding = None if embedding is None else UtteranceEmbedding(features, attention, embedding)
        self.features_out = (features if embedding is None else embedding) + (n_in if raw_frames else 0)
        if weights is not None:
            load_weights(self, weights)
        self.tuning = Everything() if tuning is None else tuning
        check_tuning(self.tuning)
        top = [self.mix] if self.embedding is None else [self.mix, self.embedding]
        self.tuning.apply(self, list(self.blocks), front=[self.first], top=top)
        self.train()

    def forward(self, waveform: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return frames and which of them are real.

        Args:
            waveform: ``(batch, samples)``.
            mask: True where a sample is real, ``(batch, samples)``, at least one a row.

        Returns:
            ``(batch, frames, features_out)``, zero where padded, and ``(batch, frames)``; an embedding is one real frame.
        """
        frames, frame_mask = self.log_mel(waveform, mask)
        frames = self._normalized(frames, frame_mask)  # (batch, frames, views * mels)
        if self.masking is not None:
            frames = self.masking(frames.reshape(*frames.shape[:2], self.n_views, -1), frame_mask).flatten(2)
        x, real = frames.transpose(1, 2), frame_mask[:, None, :]  # (batch, views * mels, frames), (batch, 1, frames)
        out, out_real = self.first(x, real)  # (batch, channels, frames / stride)
        outputs = []
        for block in self.blocks:
            out = block(out, out_real)
            outputs.append(out)
        out, _ = self.mix(torch.cat(outputs, dim=1), out_real)  # (batch, features, frames / stride)
        if self.embedding is not None:
            out, out_real = self.embedding(out, out_real), out_real[:, :, :1]  # (batch, features_out, 1), (batch, 1, 1)
        if self.raw_frames:
            out = torch.cat([out, _thinned(x, real, self.stride)], dim=1)
        return out.transpose(1, 2), out_real[:, 0]

    def train(self, mode: bool = True) -> Self:
        """Set training mode of all but a network that is not trained, whose batch norms keep their statistics."""
        super().train(mode)
        if not self.tuning.trains_model:
            for part in (self.first, self.blocks, self.mix, self.embedding):
                if part is not None:
                    part.eval()
        return self

    def rebuild_arguments(self) -> dict[str, Any]:
        """Return the arguments that build this encoder again without its model's file, for its weights to be loaded into."""
        return {"model": None, **self.sizes}

    def _normalized(self, frames: Tensor, mask: Tensor) -> Tensor:
        real = mask.unsqueeze(2)
        if self.normalize in ("utterance", "both"):
            mean = (frames * real).sum(dim=1, keepdim=True) / real.sum(dim=1, keepdim=True)
            centred = frames - mean
            frames = centred if self.normalize == "utterance" else torch.cat([frames, centred], dim=2)
        return frames * real if self.running is None else self.running(frames, mask)


def _thinned(x: Tensor, mask: Tensor, stride: int) -> Tensor:
    """Return the mean of each ``stride`` frames, over the real ones."""
    if stride == 1:
        return x
    n = F.avg_pool1d(mask.to(x.dtype), stride, ceil_mode=True)
    return F.avg_pool1d(x * mask, stride, ceil_mode=True) / n.clamp(min=1e-6)
