"""Models of the transformers library: by name, from a local folder, or random from sizes."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError

from ...errors import ConfigError, nearest, some

FOLDER_HOLDS = "config.json and model.safetensors (or its shards with their index, or pytorch_model.bin)"
_FORGOTTEN = ("id2label", "label2id", "dtype", "_name_or_path", "architectures")
_UNDECLARED = {"deberta-v2": ("conv_act", "conv_groups", "conv_kernel_size", "norm_rel_ebd", "position_buckets", "share_att_key")}
"""Sizes that a model reads though its configuration class does not list them."""


def load_config(model: str | Mapping[str, Any]) -> Any:
    """Return the transformers configuration of a name, of a local folder, or of sizes.

    Args:
        model: A name on the Hugging Face hub, a folder, or ``model_type`` and what differs from its defaults.

    Raises:
        ConfigError: If there is no such model, it cannot be reached, or a size does not exist.
    """
    from transformers import AutoConfig

    if isinstance(model, str):
        return reached(AutoConfig.from_pretrained, model, trust_remote_code=False)
    if not isinstance(model, Mapping):
        raise ConfigError(f"a model is a name, a folder, or sizes with 'model_type', found {model!r}")
    sizes = dict(model)
    model_type = sizes.pop("model_type", None)
    if model_type is None:
        raise ConfigError(f"a model given by its sizes needs 'model_type', such as wavlm or roberta (found: {', '.join(sizes)})")
    try:
        config = AutoConfig.for_model(model_type)
    except ValueError as error:
        raise ConfigError(f"transformers has no model_type '{model_type}'.{nearest(model_type, _model_types())}") from error
    # a whole configuration, as plain_config returns it, may hold more than the class knows: pretrained ones do
    known = [*config.to_dict(), *_UNDECLARED.get(model_type, ()), *(sizes if "transformers_version" in sizes else ())]
    for name in sizes:
        if name not in known:
            raise ConfigError(f"'{name}' is no size of a {model_type} model.{nearest(name, known)}")
    try:
        return AutoConfig.for_model(model_type, **sizes)
    except (StrictDataclassError, ValueError) as error:
        raise ConfigError(f"no {model_type} model has these sizes: {_last_line(error)}") from error


def load_model(model: str | Mapping[str, Any], config: Any, pretrained: bool, network: Any = None, **options: Any) -> Any:
    """Return the encoder of a configuration in float32, in training mode, its attention fused where the library offers that.

    Args:
        model: As for :func:`load_config`.
        config: What :func:`load_config` returned, perhaps changed.
        pretrained: Whether to load weights; otherwise they are random.
        network: What offers ``from_config`` and ``from_pretrained``; the library's own choice for the configuration by default.
        **options: Passed to the model's constructor.

    Raises:
        ConfigError: If weights are asked for that a mere list of sizes does not have, that cannot be reached, or of which
            some are missing; or if random ones cannot have such sizes.
    """
    from transformers import AutoModel

    attention = "sdpa" if model_class(config)._supports_sdpa else "eager"
    options |= {"config": config, "attn_implementation": attention, "trust_remote_code": False}
    network = AutoModel if network is None else network
    if not pretrained:
        return _made(network.from_config, options.pop("config"), **options)
    if not isinstance(model, str):
        raise ConfigError("a model given by its sizes has no pretrained weights: set pretrained to false, or give a name or a folder")
    loaded, loading = reached(network.from_pretrained, model, dtype=torch.float32, output_loading_info=True, **options)
    missing = sorted(key for key in loading["missing_keys"] if not key.endswith("masked_spec_embed"))  # only masks in training use that
    if missing:
        raise ConfigError(f"'{model}' has no weights for {some(missing, 3)}, which would stay random; it holds another model's, or a part")
    # transformers hands out pretrained models in evaluation mode, and Lightning leaves modes as they are
    return loaded.train()


def _made(make: Any, config: Any, **options: Any) -> Any:
    """Return a model with random weights; torch and transformers tell of sizes that do not fit by whatever error they run into."""
    try:
        return make(config, dtype=torch.float32, **options)
    except (ArithmeticError, AssertionError, KeyError, RuntimeError, ValueError) as error:
        raise ConfigError(f"no {config.model_type} model has these sizes: {_last_line(error)}") from error


def model_class(config: Any) -> Any:
    """Return the class of the encoder that a configuration makes.

    Raises:
        ConfigError: If there is none.
    """
    from transformers.models.auto.modeling_auto import MODEL_MAPPING

    if type(config) not in MODEL_MAPPING:
        raise ConfigError(f"transformers has no plain encoder of model_type '{config.model_type}'")
    found = MODEL_MAPPING[type(config)]
    return found[0] if isinstance(found, tuple) else found


def plain_config(config: Any) -> dict[str, Any]:
    """Return a configuration as a dict of plain values, from which :func:`load_config` makes it again without the hub."""
    return {name: value for name, value in config.to_dict().items() if name not in _FORGOTTEN}


def reached(load: Any, model: str, *, holds: str = FOLDER_HOLDS, needs: str = "config.json", **options: Any) -> Any:
    """Return ``load(model, **options)`` after a look at the folder, with one clear line where it fails.

    Args:
        load: A ``from_pretrained`` of transformers, or what else opens a folder or a name.
        model: A name on the Hugging Face hub, or a folder.
        holds: What a folder must hold, for messages.
        needs: The file that it is known by.
        **options: Passed on.

    Raises:
        ConfigError: If there is no such folder, the name cannot be reached, or what is there cannot be loaded.
    """
    folder = Path(model).expanduser()
    is_path = model.startswith((".", "/", "~")) or len(folder.parts) > 2
    if folder.is_dir() and not (folder / needs).is_file():
        raise ConfigError(f"folder {model} has no {needs}; a model's folder must hold {holds}")
    if is_path and not folder.is_dir():
        raise ConfigError(f"there is no folder {model}; a model's folder must hold {holds}")
    try:
        return load(str(folder) if folder.is_dir() else model, **options)
    except (OSError, ValueError, SafetensorError, StrictDataclassError, pickle.UnpicklingError) as error:
        reason = str(error).strip().splitlines()[0]
        if folder.is_dir():
            raise ConfigError(f"folder {model} cannot be loaded; it must hold {holds} ({reason})") from error
        if not isinstance(error, OSError):
            raise ConfigError(f"'{model}' cannot be loaded ({reason})") from error
        raise ConfigError(
            f"'{model}' is neither a local folder nor reachable on the Hugging Face hub. Download it where there is a network, "
            f"and give the folder, which must hold {holds}"
        ) from error


def _model_types() -> list[str]:
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    return list(CONFIG_MAPPING_NAMES)


def _last_line(error: Exception) -> str:
    """Return what an error says at its end, where a validator's own words stand."""
    return (str(error).strip() or type(error).__name__).splitlines()[-1].strip()
