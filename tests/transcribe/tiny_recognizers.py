"""Tiny random recognisers, saved as a user's would be: their words mean nothing, and depend on the sound."""

from pathlib import Path

import numpy as np
import torch

RATE = 16000
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WHISPER_WINDOW_S = 2
CTC_SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "conv_dim": [8] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "vocab_size": 31,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "initializer_range": 0.1,
}


def save_ctc(folder: Path, kind: str = "Wav2Vec2", **sizes: object) -> Path:
    """Write a random CTC model with its tokenizer and feature extractor."""
    import transformers

    folder.mkdir(parents=True)
    vocabulary = ["<pad>", "<s>", "</s>", "<unk>", "|", *LETTERS]
    (folder / "vocab.json").write_text(str({token: i for i, token in enumerate(vocabulary)}).replace("'", '"'))
    transformers.Wav2Vec2CTCTokenizer(str(folder / "vocab.json")).save_pretrained(folder)
    transformers.Wav2Vec2FeatureExtractor(return_attention_mask=True).save_pretrained(folder)
    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(**{**CTC_SIZES, **sizes})
    model = getattr(transformers, f"{kind}ForCTC")(config)
    for name, weight in model.named_parameters():  # wide enough that frames differ in their likeliest token
        if name.endswith(("conv.weight", "feature_projection.projection.weight")):
            torch.nn.init.normal_(weight, std=0.2)
    torch.nn.init.normal_(model.lm_head.weight)
    model.save_pretrained(folder)
    return folder


def save_whisper(folder: Path, *, multilingual: bool = True, max_tokens: int = 14) -> Path:
    """Write a random Whisper model with a window of two seconds."""
    from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration, WhisperTokenizer

    marks = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|pl|>", "<|translate|>", "<|transcribe|>", "<|notimestamps|>"]
    text = [*LETTERS, "Ġ"]
    stamps = [f"<|{i * 0.02:.2f}|>" for i in range(WHISPER_WINDOW_S * 50 + 1)]
    ids = {token: i for i, token in enumerate([*text, *marks, *stamps])}
    tokenizer = WhisperTokenizer(vocab={token: ids[token] for token in [*text, marks[0]]}, merges=[], pad_token=marks[0])
    tokenizer.add_special_tokens({"additional_special_tokens": marks[1:]})
    tokenizer.add_tokens(stamps)
    assert {token: tokenizer.convert_tokens_to_ids(token) for token in ids} == ids
    tokenizer.save_pretrained(folder)
    WhisperFeatureExtractor(feature_size=20, chunk_length=WHISPER_WINDOW_S, return_attention_mask=True).save_pretrained(folder)
    torch.manual_seed(3)
    end, start = ids["<|endoftext|>"], ids["<|startoftranscript|>"]
    config = WhisperConfig(
        vocab_size=len(ids),
        num_mel_bins=20,
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_source_positions=WHISPER_WINDOW_S * 50,
        max_target_positions=32,
        init_std=1.0,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=start,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    model = WhisperForConditionalGeneration(config)
    more = {"lang_to_id": {"<|en|>": ids["<|en|>"], "<|pl|>": ids["<|pl|>"]}} if multilingual else {}
    more |= {"task_to_id": {"translate": ids["<|translate|>"], "transcribe": ids["<|transcribe|>"]}} if multilingual else {}
    model.generation_config = GenerationConfig(
        max_length=max_tokens,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=start,
        is_multilingual=multilingual,
        no_timestamps_token_id=ids["<|notimestamps|>"],
        suppress_tokens=[ids[mark] for mark in marks[1:]],
        max_initial_timestamp_index=50,
        **more,
    )
    model.save_pretrained(folder)
    return folder


def sound(n_samples: int, seed: int = 0) -> np.ndarray:
    """Return tones whose pitch jumps, so that recognisers hear one thing after another."""
    rng = np.random.default_rng(seed)
    pitch_hz = np.repeat(rng.uniform(100, 4000, n_samples // 1600 + 1), 1600)[:n_samples]
    wave = 0.3 * np.sin(2 * np.pi * np.cumsum(pitch_hz) / RATE) + 0.02 * rng.standard_normal(n_samples)
    return wave.astype(np.float32)
