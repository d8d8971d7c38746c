import pytest
import torch

from emojudge.errors import ConfigError
from emojudge.nn.encoders import HuggingFaceTextEncoder

SIZES = {
    "model_type": "roberta",
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 14,
}


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    return HuggingFaceTextEncoder(SIZES, pretrained=False)


def padded(lengths, size):
    mask = torch.arange(size) < torch.tensor(lengths)[:, None]
    return torch.randint(3, 50, mask.shape, generator=torch.Generator().manual_seed(0)), mask


def test_padding_changes_no_utterance_whatever_it_holds(encoder):
    tokens, mask = padded([9, 5, 1], size=12)
    frames, frame_mask = encoder.eval()(tokens, mask)
    for i, n in enumerate([9, 5, 1]):
        single, _ = encoder(tokens[i : i + 1, :n], mask[i : i + 1, :n])
        torch.testing.assert_close(frames[i][frame_mask[i]], single[0], atol=1e-4, rtol=0)


def test_every_parameter_has_a_gradient_and_there_is_no_pooler(encoder):
    frames, mask = encoder.train()(*padded([9, 5], size=9))
    (frames * torch.randn_like(frames))[mask].sum().backward()
    # a bias of the keys shifts all scores of a query alike: its gradient is there, and zero
    assert [name for name, p in encoder.named_parameters() if p.grad is None] == []
    assert not any("pooler" in name for name, _ in encoder.named_parameters())


def test_more_tokens_than_positions_are_refused_with_both_numbers(encoder):
    encoder(*padded([12], size=12))
    with pytest.raises(ConfigError, match="a transcript has 13 tokens, the text encoder takes 12"):
        encoder(*padded([13], size=13))


def test_a_local_folder_gives_its_weights_and_is_not_needed_again(tmp_path, encoder):
    encoder.model.save_pretrained(tmp_path)
    loaded = HuggingFaceTextEncoder(str(tmp_path))
    again = HuggingFaceTextEncoder(**loaded.rebuild_arguments())
    again.load_state_dict(loaded.state_dict())
    batch = padded([9, 5], size=9)
    torch.testing.assert_close(again.eval()(*batch)[0], encoder.eval()(*batch)[0])
