"""Folders of the smallest pretrained models, in the form in which they are published."""

import torch
from safetensors.torch import load_file, save_file
from tiny_sizes import WAVLM

from emojudge.nn.encoders import EcapaTdnn, HuggingFaceEncoder, WhisperEncoder
from emojudge.nn.encoders.ecapa.speechbrain import their_name

WHISPER = {
    "model_type": "whisper",
    "d_model": 16,
    "encoder_layers": 2,
    "encoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "num_mel_bins": 20,
    "max_source_positions": 50,
}


def write_whisper(folder):
    WhisperEncoder(WHISPER, pretrained=False).model.save_pretrained(folder)
    # a file of the whole model names its encoder's weights so
    weights = load_file(folder / "model.safetensors")
    save_file({f"model.encoder.{name}": value for name, value in weights.items()}, folder / "model.safetensors", {"format": "pt"})


def write_ecapa(folder):
    folder.mkdir()
    weights = EcapaTdnn(channels=16, features=24, embedding=12, bottleneck=8, scale=4).state_dict()
    torch.save({their_name(name): value for name, value in weights.items()}, folder / "embedding_model.ckpt")


def write_wavlm(folder):
    HuggingFaceEncoder(WAVLM, pretrained=False).model.save_pretrained(folder)
