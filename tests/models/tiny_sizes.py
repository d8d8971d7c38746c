"""Sizes of the smallest pretrained models that a network can do with."""

SIZES = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
WAVLM = {
    **{"model_type": "wavlm", **SIZES, "conv_dim": [8] * 7, "feat_extract_norm": "layer"},
    **{"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2},
}
ROBERTA = {"model_type": "roberta", **SIZES, "vocab_size": 50, "max_position_embeddings": 14}
