"""WavLM's attention by its modules against the transformers library's own."""

import pytest
import tiny_models
import torch
from transformers.models.wavlm.modeling_wavlm import WavLMAttention

from emojudge.nn.encoders.wavlm import use_modules
from emojudge.nn.tuning import LoRA


def both(**options):
    torch.manual_seed(0)
    attention = WavLMAttention(16, 2, num_buckets=8, max_distance=20, **options)
    for parameter in attention.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    other = WavLMAttention(16, 2, num_buckets=8, max_distance=20, **options)
    other.load_state_dict(attention.state_dict())
    layer = torch.nn.Module()
    layer.attention = other
    use_modules([layer])
    return attention, other


def test_it_gives_what_the_library_gives_and_the_same_gradients():
    library, ours = (attention.double() for attention in both())
    frames = torch.randn(3, 30, 16, dtype=torch.float64)
    mask = torch.arange(30) < torch.tensor([[30], [12], [1]])
    out = []
    for attention in (library, ours):
        given = frames.clone().requires_grad_()
        result, _, bias = attention(given, attention_mask=mask)
        second, _, _ = attention(result, attention_mask=mask, position_bias=bias)
        second[mask].square().sum().backward()
        out.append([second[mask], given.grad, *(p.grad for p in attention.parameters())])
    torch.testing.assert_close(out[1], out[0])
    torch.testing.assert_close(ours(frames)[0], library(frames)[0])


def test_dropout_falls_on_the_attention_in_training_alone():
    _, ours = both(dropout=0.5)
    frames = torch.randn(1, 10, 16)
    assert not torch.equal(ours.train()(frames)[0], ours(frames)[0])
    assert torch.equal(ours.eval()(frames)[0], ours(frames)[0])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_it_works_in_half_precision(dtype):
    encoder = tiny_models.speech("wavlm-base").eval()
    given = tiny_models.waveforms([9000, 5001])
    expected, mask = encoder(*given)
    with torch.autocast("cpu", dtype):
        frames, _ = encoder(*given)
    assert (frames.float() - expected)[mask].abs().mean() < 0.05


def test_lora_beside_its_projections_has_an_effect():
    pytest.importorskip("peft")
    encoder = tiny_models.speech("wavlm-base", tuning=LoRA(rank=2)).eval()
    given = tiny_models.waveforms([9000])
    before = encoder(*given)[0]
    torch.testing.assert_close(before, tiny_models.speech("wavlm-base").eval()(*given)[0])
    for name, parameter in encoder.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter)
    assert (encoder(*given)[0] - before).abs().max() > 0.1
