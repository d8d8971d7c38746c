"""What a clip costs: Whisper over its own frames against 30 s, and ECAPA-TDNN with mirrored ends against zeros.

    python benchmarks/encoder_length.py [--rounds 5]

Random weights of published sizes (``openai/whisper-base``, the ECAPA-TDNN of 192 values), batches of two clips,
forward passes in evaluation, in rounds that take turns.
"""

import argparse
from statistics import median

import torch
from measure import interleaved
from torch import nn

from emojudge.nn.encoders import EcapaTdnn, WhisperEncoder

BASE = {
    "model_type": "whisper",
    "d_model": 512,
    "encoder_layers": 6,
    "encoder_attention_heads": 8,
    "encoder_ffn_dim": 2048,
}
SECONDS = (3, 6, 12, 30)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="(default: %(default)s)")
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    _compare(
        rounds,
        {"own frames": WhisperEncoder(BASE, pretrained=False), "30 s": WhisperEncoder(BASE, pretrained=False, padded=True)},
    )
    mirrored = EcapaTdnn(channels=1024, features=3072, embedding=192)
    zeros = EcapaTdnn(channels=1024, features=3072, embedding=192)
    for module in zeros.modules():
        if getattr(module, "n_mirrored", 0):
            module.convolution.padding = (module.n_mirrored,)
            module.n_mirrored = 0
    _compare(rounds, {"mirrored ends": mirrored, "zeros": zeros})


def _compare(rounds: int, encoders: dict[str, nn.Module]) -> None:
    for encoder in encoders.values():
        encoder.eval()
    for seconds in SECONDS:
        waveform = torch.randn(2, seconds * 16_000) / 10
        mask = torch.ones_like(waveform, dtype=torch.bool)

        def encode(encoder: nn.Module, waveform: torch.Tensor = waveform, mask: torch.Tensor = mask) -> None:
            with torch.inference_mode():
                encoder(waveform, mask)

        taken = interleaved({name: (lambda encoder=encoder: encode(encoder)) for name, encoder in encoders.items()}, rounds)
        (first, second) = ({name: median(times) for name, times in taken.items()}).items()
        ratio = first[1] / second[1]
        print(f"{seconds:2} s: {first[0]} {first[1]:.2f}, {second[0]} {second[1]:.2f} CPU s, ratio {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
