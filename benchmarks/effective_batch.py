"""Memory and time of one training step on 32 utterances, whole and in parts: ``python benchmarks/effective_batch.py``.

A random WavLM of 4 layers on clips of 2 s, forward and backward, each way in processes of its own: at once, by four batches of 8 that
accumulate (whose concordance is another loss), and in four micro-batches of 8. Figures are peak memory and CPU seconds beyond those of a
process that makes network and batch and takes no step; medians of rounds.
"""

from functools import partial
from statistics import median

from measure import in_own_process

N_UTTERANCES, SECONDS, N_ROUNDS = 32, 2, 3
WAVLM = {
    "model_type": "wavlm",
    "conv_dim": [64] * 7,
    "hidden_size": 128,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "intermediate_size": 512,
    "feat_extract_norm": "layer",
}
WAYS = {"no step": (0, 1), "at once": (1, 1), "4 accumulated batches of 8": (1, 4), "4 micro-batches of 8": (4, 1)}


def step(parts: int, accumulated: int) -> float:
    """Return the loss of a step; 0 parts for none."""
    import torch

    from emojudge.batch import Batch
    from emojudge.labels import ATTRIBUTES
    from emojudge.losses import concordance_loss
    from emojudge.models import AcousticNetwork
    from emojudge.nn import in_micro_batches
    from emojudge.nn.encoders import HuggingFaceEncoder

    torch.manual_seed(0)
    network = AcousticNetwork(HuggingFaceEncoder(WAVLM, pretrained=False), len(ATTRIBUTES))
    waveform, target = torch.randn(N_UTTERANCES, SECONDS * 16000), torch.rand(N_UTTERANCES, len(ATTRIBUTES))
    total = 0.0
    for some in torch.arange(N_UTTERANCES).chunk(accumulated) if parts else ():
        batch = Batch(some, [str(k) for k in some], waveform[some], torch.ones(len(some), SECONDS * 16000, dtype=torch.bool))
        loss = concordance_loss(in_micro_batches(network, batch, parts), target[some]) / accumulated
        loss.backward()
        total += float(loss.detach())
    return total


def main() -> None:
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in WAYS}
    for _ in range(N_ROUNDS):
        for name, way in WAYS.items():
            found[name].append(in_own_process(partial(step, *way)))
    medians = {name: [median(values) for values in zip(*rounds, strict=True)] for name, rounds in found.items()}
    base_s, base_mb, _ = medians.pop("no step")
    for name, (seconds, peak_mb, loss) in medians.items():
        print(f"{name}: {peak_mb - base_mb:.0f} MB, {seconds - base_s:.1f} CPU s, loss {loss:.4f}")


if __name__ == "__main__":
    main()
