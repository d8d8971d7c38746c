"""WavLM's attention by the modules that it is made of, in place of the transformers library's own."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch.nn.functional as F
from torch import Tensor


def use_modules(layers: Iterable[Any]) -> None:
    """Let every WavLM layer call its projections, in place.

    The library's attention reads their weights past them, so that LoRA beside them would do nothing; and it computes averages of the
    attention that nobody reads. What comes out is the same.
    """
    for layer in layers:
        layer.attention.torch_multi_head_self_attention = partial(_attend, layer.attention)


def _attend(attention: Any, frames: Tensor, mask: Tensor | None, bias: Tensor) -> tuple[Tensor, None]:
    """Return attended frames, and no weights.

    Args:
        attention: A ``WavLMAttention``.
        frames: ``(batch, frames, features)``.
        mask: True where a frame is real, ``(batch, frames)``.
        bias: Added to the scores, ``(batch * heads, frames, frames)``.
    """
    n, n_frames, _ = frames.shape
    bias = bias.view(n, attention.num_heads, n_frames, n_frames)
    if mask is not None:
        bias = bias.masked_fill(~mask.bool()[:, None, None, :], float("-inf"))
    query, key, value = (
        project(frames).view(n, n_frames, attention.num_heads, attention.head_dim).transpose(1, 2)  # (batch, heads, frames, head)
        for project in (attention.q_proj, attention.k_proj, attention.v_proj)
    )
    dropout = attention.dropout if attention.training else 0.0
    out = F.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype), dropout_p=dropout)
    return attention.out_proj(out.transpose(1, 2).reshape(n, n_frames, -1)), None
