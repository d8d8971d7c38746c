"""Weights of SpeechBrain's ECAPA-TDNN, brought to our names."""

import pickle
import re
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from ....errors import ConfigError, plural, some
from ..transformer import reached

FILE = "embedding_model.ckpt"
_FOLDER_HOLDS = f"{FILE}, the file of that name in SpeechBrain's model, such as speechbrain/spkrec-ecapa-voxceleb"
_NAMES: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [  # ours, and theirs; all that match are applied, in this order
    (r"^embedding\.norm\.", "asp_bn.norm."),
    (r"^embedding\.project\.", "fc.conv."),
    (r"^embedding\.score\.", "asp.conv.conv."),
    (r"^embedding\.attention\.", "asp.tdnn."),
    (r"^blocks\.(\d+)\.", lambda match: f"blocks.{int(match[1]) + 1}."),
    (r"^first\.", "blocks.0."),
    (r"^mix\.", "mfa."),
    (r"\.enter\.", ".tdnn1."),
    (r"\.res2\.", ".res2net_block.blocks."),
    (r"\.leave\.", ".tdnn2."),
    (r"\.squeeze\.", ".se_block.conv1.conv."),
    (r"\.excite\.", ".se_block.conv2.conv."),
    (r"\.convolution\.", ".conv.conv."),
    (r"(?<!asp_bn)\.norm\.", ".norm.norm."),
]
_SIZES = {"channels": "blocks.0.conv.conv.bias", "features": "mfa.conv.conv.bias", "embedding": "fc.conv.bias"}
_COUNTER = "num_batches_tracked"  # needed by no batch norm of a fixed momentum


class Weights(dict[str, Tensor]):
    """Tensors by SpeechBrain's names; ``path`` is the file they come from, for messages."""

    def __init__(self, tensors: dict[str, Tensor], path: Path) -> None:
        super().__init__(tensors)
        self.path = path


def read_weights(model: str) -> Weights:
    """Return the weights of a model of SpeechBrain; nothing in the file is run.

    Args:
        model: A name on the Hugging Face hub, or a folder that holds ``embedding_model.ckpt``.

    Raises:
        ConfigError: If there is no such folder or file, the name cannot be reached, or the file holds something else.
    """
    path = reached(_file, model, holds=_FOLDER_HOLDS, needs=FILE)
    try:
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise ConfigError(f"{path} holds no weights, or is damaged ({type(error).__name__}); expected {_FOLDER_HOLDS}") from error
    if not isinstance(tensors, dict) or not all(isinstance(value, Tensor) for value in tensors.values()):
        raise ConfigError(f"{path} does not hold tensors by name; expected {_FOLDER_HOLDS}")
    return Weights({name: value for name, value in tensors.items() if not name.endswith(_COUNTER)}, path)


def sizes_of(weights: Weights) -> dict[str, int]:
    """Return ``channels``, ``features`` and ``embedding`` of the network that weights are of.

    Raises:
        ConfigError: If they are not those of an ECAPA-TDNN.
    """
    missing = [name for name in _SIZES.values() if name not in weights]
    if missing:
        raise ConfigError(f"{weights.path} has no {missing[0]}, so it is no ECAPA-TDNN of SpeechBrain (found: {some(weights, 3)})")
    return {size: len(weights[name]) for size, name in _SIZES.items()}


def load_weights(network: nn.Module, weights: Weights) -> None:
    """Put SpeechBrain's weights into our network, each in its place.

    Raises:
        ConfigError: If one is missing, is left over, or has another shape; the message names the first of each.
    """
    ours = {their_name(name): (name, value.shape) for name, value in network.state_dict().items()}
    misshaped = [
        f"{name} is {tuple(weights[name].shape)}, expected {tuple(shape)}"
        for name, (_, shape) in ours.items()
        if name in weights and weights[name].shape != shape
    ]
    missing, surplus = [name for name in ours if name not in weights], [name for name in weights if name not in ours]
    differences = [
        f"{plural(len(names), noun)} {verb}: {some(names, 2)}"
        for names, noun, verb in (
            (misshaped, "weight", "of another shape"),
            (missing, "weight", "missing"),
            (surplus, "weight", "that the network has not"),
        )
        if names
    ]
    if differences:
        raise ConfigError(
            f"{weights.path} does not fit this ECAPA-TDNN: {'; '.join(differences)}. Its sizes come from the file; leave channels, "
            "features and embedding out, and set kernel, dilations, scale, bottleneck, attention and the mels as it was trained"
        )
    network.load_state_dict({name: weights[theirs].float() for theirs, (name, _) in ours.items()})


def their_name(name: str) -> str:
    """Return SpeechBrain's name of one of our weights.

    >>> their_name("blocks.0.res2.3.convolution.weight")
    'blocks.1.res2net_block.blocks.3.conv.conv.weight'
    """
    for pattern, theirs in _NAMES:
        name = re.sub(pattern, theirs, name)
    return name


def _file(model: str) -> Path:
    """Return the path of the weights' file, fetched where ``model`` is a name on the hub."""
    from huggingface_hub import hf_hub_download

    folder = Path(model)
    return folder / FILE if folder.is_dir() else Path(hf_hub_download(model, FILE))
