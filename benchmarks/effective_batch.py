"""Memory and time of a training step on 32 utterances, whole and in parts: ``python benchmarks/effective_batch.py``.

A small random WavLM on clips of 3 s, forward and backward, each way in a process of its own: at once, by four batches of 8 that
accumulate (whose concordance is another loss), and in four micro-batches of 8. Figures are peak memory beyond that of a process that
makes network and batch and takes no step, and the median CPU seconds of the steps.
"""

from functools import partial
from statistics import median
from time import process_time

from measure import in_own_process

N_UTTERANCES, SECONDS, N_STEPS = 32, 3, 5
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


def steps(parts: int, accumulated: int) -> list[float]:
    """Return the CPU seconds of each step; 0 parts for none."""
    import torch

    from emojudge.batch import Batch
    from emojudge.labels import ATTRIBUTES
    from emojudge.losses import concordance_loss
    from emojudge.models import AcousticNetwork
    from emojudge.nn import in_micro_batches
    from emojudge.nn.encoders import HuggingFaceEncoder

    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = AcousticNetwork(HuggingFaceEncoder(WAVLM, pretrained=False), len(ATTRIBUTES))
    waveform, target = torch.randn(N_UTTERANCES, SECONDS * 16000), torch.rand(N_UTTERANCES, len(ATTRIBUTES))
    seconds = []
    for _ in range(N_STEPS if parts else 0):
        start = process_time()
        for rows in torch.arange(N_UTTERANCES).chunk(accumulated):
            batch = Batch(rows, [str(k) for k in rows], waveform[rows], torch.ones(len(rows), SECONDS * 16000, dtype=torch.bool))
            (concordance_loss(in_micro_batches(network, batch, parts), target[rows]) / accumulated).backward()
        network.zero_grad()
        seconds.append(process_time() - start)
    return seconds


def main() -> None:
    found = {name: in_own_process(partial(steps, *way)) for name, way in WAYS.items()}
    _, base_mb, _ = found.pop("no step")
    for name, (_, peak_mb, seconds) in found.items():
        print(f"{name}: {peak_mb - base_mb:.0f} MB, {median(seconds):.2f} CPU s")


if __name__ == "__main__":
    main()
