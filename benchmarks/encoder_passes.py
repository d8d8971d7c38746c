"""CPU time of WavLM's attention here against the transformers library's, and of exact evaluation against its alternatives.

Process CPU time, one thread; rounds of all ways interleaved; medians, and ratios within this run. Random weights of base sizes.

    python benchmarks/encoder_passes.py
"""

import time
from statistics import median

import torch
from transformers import AutoConfig, AutoModel

from emojudge.nn.encoders import HuggingFaceEncoder

ROUNDS = 3
LAYERS = 2
SIZES = {"num_hidden_layers": LAYERS, "feat_extract_norm": "group", "do_stable_layer_norm": False}


def padded(seconds):
    lengths = torch.tensor([int(s * 16000) for s in seconds])
    mask = torch.arange(int(lengths.max())) < lengths[:, None]
    return torch.randn(mask.shape) * mask, mask


def interleaved(ways):
    """Return the median CPU seconds of each way."""
    found = {name: [] for name in ways}
    for _ in range(ROUNDS + 1):
        for name, run in ways.items():
            start = time.process_time()
            run()
            found[name].append(time.process_time() - start)
    return {name: median(times[1:]) for name, times in found.items()}  # the first round warms up


def shown(title, found):
    reference = next(iter(found.values()))
    print(title)
    for name, seconds in found.items():
        print(f"  {name:36} {seconds:6.2f} s  {seconds / reference:5.2f}")


def step(run):
    run().square().mean().backward()


def attention():
    waveform, mask = padded([8])
    ours = HuggingFaceEncoder({"model_type": "wavlm", **SIZES}, pretrained=False)
    config = AutoConfig.for_model("wavlm", **SIZES, layerdrop=0.0, apply_spec_augment=False)
    library = AutoModel.from_config(config, attn_implementation="eager").train()
    library.feature_extractor._freeze_parameters()
    ways = {
        "the library's attention": lambda: step(lambda: library(waveform, attention_mask=mask.long()).last_hidden_state),
        "ours": lambda: step(lambda: ours(waveform, mask)[0]),
    }
    shown(f"A training step of WavLM, {LAYERS} layers of 768, 1 clip of 8 s", interleaved(ways))


def evaluation():
    waveform, mask = padded([2.0, 1.9, 1.8, 1.5])
    ours = HuggingFaceEncoder({"model_type": "wav2vec2", **SIZES}, pretrained=False).eval()
    hearing_padding = HuggingFaceEncoder({"model_type": "wav2vec2", **SIZES}, pretrained=False, exact=False).eval()
    lengths = mask.sum(dim=1).tolist()
    ways = {
        "padded batch, not exact": lambda: hearing_padding(waveform, mask),
        "exact": lambda: ours(waveform, mask),
        "exact by a batch size of 1": lambda: [ours(waveform[i : i + 1, :n], mask[i : i + 1, :n]) for i, n in enumerate(lengths)],
    }
    with torch.no_grad():
        shown(f"Evaluation of wav2vec 2.0 with a group norm, {LAYERS} layers of 768, 4 clips of 1.5 to 2 s", interleaved(ways))


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.manual_seed(0)
    attention()
    evaluation()
