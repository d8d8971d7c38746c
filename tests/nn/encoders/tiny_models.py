"""Sizes of tiny random models, one of every family, and batches for them."""

import torch

from emojudge.nn.encoders import HuggingFaceEncoder, HuggingFaceTextEncoder

_SPEECH = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": [8] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
    "initializer_range": 0.3,  # so that every layer matters
}
_BASE = {**_SPEECH, "feat_extract_norm": "group", "do_stable_layer_norm": False}
_LARGE = {**_SPEECH, "feat_extract_norm": "layer", "do_stable_layer_norm": True}
SPEECH = {
    "wavlm-base": {"model_type": "wavlm", **_BASE},
    "wavlm-large": {"model_type": "wavlm", **_LARGE},
    "hubert-base": {"model_type": "hubert", **_BASE},
    "hubert-large": {"model_type": "hubert", **_LARGE},
    "wav2vec2-base": {"model_type": "wav2vec2", **_BASE},
    "wav2vec2-large": {"model_type": "wav2vec2", **_BASE, "do_stable_layer_norm": True},
    "wav2vec2-large-robust": {"model_type": "wav2vec2", **_LARGE},
    "unispeech-sat": {"model_type": "unispeech-sat", **_BASE},
    "data2vec-audio": {"model_type": "data2vec-audio", **_SPEECH},
    "wav2vec2-conformer": {"model_type": "wav2vec2-conformer", **_SPEECH, "feat_extract_norm": "layer"},
    "sew": {"model_type": "sew", **_SPEECH, "conv_dim": [8] * 13},
}
KNOWN_SPEECH = [name for name in SPEECH if name not in ("data2vec-audio", "wav2vec2-conformer", "sew")]

_TEXT = {
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 14,
    "initializer_range": 0.3,
}
_RELATIVE = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False, "type_vocab_size": 0}
TEXT = {
    "roberta": {"model_type": "roberta", **_TEXT},
    "deberta": {"model_type": "deberta", **_TEXT, **_RELATIVE},
    "deberta-v3": {
        **{"model_type": "deberta-v2", **_TEXT, **_RELATIVE},
        **{"share_att_key": True, "norm_rel_ebd": "layer_norm", "position_buckets": 4, "max_relative_positions": 14},
    },
    "bert": {"model_type": "bert", **_TEXT},
    "electra": {"model_type": "electra", **_TEXT, "embedding_size": 8},
    "distilbert": {
        **{"model_type": "distilbert", "vocab_size": 50, "dim": 16, "n_layers": 3, "n_heads": 2, "hidden_dim": 32},
        **{"max_position_embeddings": 14, "initializer_range": 0.3},
    },
    "convbert": {"model_type": "convbert", **_TEXT},
    "roformer": {"model_type": "roformer", **_TEXT},
}


def speech(name="wavlm-large", sizes=(), **options):
    torch.manual_seed(0)
    return HuggingFaceEncoder({**SPEECH[name], **dict(sizes)}, pretrained=False, **options)


def text(name="roberta", sizes=(), **options):
    torch.manual_seed(0)
    return HuggingFaceTextEncoder({**TEXT[name], **dict(sizes)}, pretrained=False, **options)


def waveforms(lengths, size=None):
    mask = torch.arange(size or max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.randn(mask.shape, generator=torch.Generator().manual_seed(0)) * mask, mask


def tokens(lengths, size=None):
    mask = torch.arange(size or max(lengths)) < torch.tensor(lengths)[:, None]
    return torch.randint(5, 50, mask.shape, generator=torch.Generator().manual_seed(0)), mask


def without_gradient(encoder, batch):
    """Return the names of trainable parameters that a step leaves without a gradient."""
    frames, mask = encoder.train()(*batch)
    (frames * torch.randn_like(frames))[mask].sum().backward()
    return [name for name, p in encoder.named_parameters() if p.requires_grad and p.grad is None]
