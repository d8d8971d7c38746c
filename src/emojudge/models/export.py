"""A trained network as a folder of weights and JSON, and back: without Lightning, without the hub, and nothing in it is run."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from .. import __version__
from ..errors import ConfigError
from ..files import file_digest, write_folder
from .checkpoint import check_checkpoint, check_local, first_difference
from .network import Network
from .rebuild import build_network, library_class

SCHEMA_VERSION = 1
KIND = "emojudge network"
"""What the config of an exported network says that it is."""

CONFIG, WEIGHTS, TOKENIZER = "config.json", "model.safetensors", "tokenizer.json"
"""The files of an exported network; a network without words has no tokenizer."""

PACKAGES = ("torch", "transformers", "tokenizers")
"""Packages whose versions stand in the config: what the outputs may depend on."""


@dataclass(frozen=True, kw_only=True)
class NetworkInfo:
    """What ``config.json`` says of an exported network."""

    kind: str = KIND
    schema_version: int = SCHEMA_VERSION
    network: dict[str, Any]
    """Class path and arguments, from which the network is built again."""
    tasks: tuple[str, ...]
    """``emotion``, ``attributes``, or both."""
    classes: tuple[str, ...]
    """The class list, in the order of the logits; empty without that task."""
    attributes: tuple[str, ...]
    """The attributes, in the order of the outputs behind the logits; empty without that task."""
    absent_classes: tuple[str, ...]
    """Classes that did not occur in training: their logits mean nothing."""
    absent_attributes: tuple[str, ...]
    """Attributes without a value in training: these outputs mean nothing."""
    source_prior: tuple[float, ...] | None
    """Class distribution that the posterior of the logits assumes; None where it is not known."""
    normalization: dict[str, float] | None
    """Mean and deviation of all training samples, which the network applies itself; None without sound."""
    checkpoint: str
    """Digest of the checkpoint."""
    packages: dict[str, str]
    """Versions that it was exported with, emojudge's own among them."""


def export_network(checkpoint: str | Path, folder: str | Path, classes: Sequence[str] | None = None) -> NetworkInfo:
    """Write the network of a checkpoint to a folder, whole or not at all, and return what its config says.

    ``model.safetensors`` holds the weights, ``config.json`` what :class:`NetworkInfo` has, ``tokenizer.json`` the tokenizer of a
    network on words. An earlier export in the folder gives way.

    Args:
        checkpoint: A file that a training from a config wrote (``emojudge fit``).
        folder: New or empty, or an earlier export.
        classes: The class list that is expected; None takes the checkpoint's.

    Raises:
        ConfigError: If the file is no such checkpoint, has other classes, was trained from Python or with classes that are
            not this library's, or if the folder holds something else.
    """
    from safetensors.torch import save_file

    content = check_checkpoint(checkpoint)
    _check_free(Path(folder))
    network, info = _described(content, Path(checkpoint), classes)
    tokenizer = _data_state(content).get("tokenizer")
    with write_folder(folder) as temporary:
        # a copy of each: safetensors takes no tensors that share their memory, and a checkpoint is mapped from its file
        save_file({name: value.contiguous().clone() for name, value in network.state_dict().items()}, temporary / WEIGHTS)
        if tokenizer is not None:
            (temporary / TOKENIZER).write_text(tokenizer, encoding="utf-8")
        (temporary / CONFIG).write_text(json.dumps(asdict(info), indent=1) + "\n", encoding="utf-8")
        shutil.copymode(temporary / CONFIG, temporary / WEIGHTS)  # safetensors makes a file that only its owner may read
    return info


def load_network(folder: str | Path, classes: Sequence[str] | None = None) -> Network:
    """Return the network of a folder that :func:`export_network` wrote, in evaluation mode, with the outputs that it had.

    ``network(batch)`` takes a :class:`~emojudge.batch.Batch`. Only this library's own classes are built, with values that
    JSON can hold; weights are read by safetensors. Nothing is fetched.

    Args:
        folder: A local folder.
        classes: The class list that is expected, in its order; None takes the network's.

    Raises:
        ConfigError: If the folder is no such export, or is damaged, or has other classes.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    info = read_network_info(folder)
    if classes is not None:
        _check_classes(info.classes, classes, folder)
    try:
        network = build_network(info.network)
        weights = load_file(Path(folder) / WEIGHTS)
    except ConfigError as error:
        raise ConfigError(f"{Path(folder) / CONFIG}: {error}") from error
    except (OSError, SafetensorError) as error:
        raise ConfigError(f"{Path(folder) / WEIGHTS}: cannot be read ({error}); export the checkpoint again") from error
    _take(network, weights, Path(folder) / WEIGHTS)
    return network.eval()


def read_network_info(folder: str | Path) -> NetworkInfo:
    """Return what the config of an exported network says.

    Raises:
        ConfigError: If the folder is no export, or of another schema version.
    """
    check_local(folder)
    path = Path(folder) / CONFIG
    if not path.is_file():
        raise ConfigError(f"{folder}: is no exported network, it has no {CONFIG}; emojudge export CKPT OUT writes one")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw.get("kind") != KIND:
            raise ConfigError(f"{path}: is not of a network exported by emojudge; emojudge export CKPT OUT writes one")
        if raw["schema_version"] != SCHEMA_VERSION:
            raise ConfigError(f"{path}: schema version {raw['schema_version']}, this release reads {SCHEMA_VERSION}; export again")
        if not isinstance(raw["network"], dict):
            raise TypeError("network is no object")
        return NetworkInfo(**{field.name: _tupled(raw[field.name]) for field in fields(NetworkInfo)})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}: is damaged ({type(error).__name__}: {error}); export the checkpoint again") from error


def _described(content: Mapping[str, Any], path: Path, classes: Sequence[str] | None) -> tuple[Network, NetworkInfo]:
    """Return the network of a checkpoint with its weights, and what is to be told of it."""
    arguments: Mapping[str, Any] = content.get("hyper_parameters", {})
    spec, class_path = arguments.get("network"), arguments.get("_class_path")
    if spec is None or class_path is None:
        raise ConfigError(
            f"{path}: was trained from Python, and such a checkpoint holds weights but does not say what its network is made of. "
            "Train it from a config (emojudge fit), or open it with load_from_checkpoint(path, network=...)"
        )
    try:
        network = build_network(spec)
        module: Any = library_class(class_path, "model")(network)
    except ConfigError as error:
        raise ConfigError(f"{path}: cannot be exported: {error}") from error
    _take(
        network,
        {name.removeprefix("network."): value for name, value in content["state_dict"].items() if name.startswith("network.")},
        path,
    )
    module.on_load_checkpoint(content)
    module.load_state_dict(content["state_dict"], strict=False)  # the class weights; what a loss may keep is not of the network
    names = tuple(module.classes or _data_state(content).get("classes") or classes or ()) if network.n_classes else ()
    if len(names) != network.n_classes:
        raise ConfigError(f"{path}: does not name its {network.n_classes} classes; give them: export_network(path, folder, classes=[...])")
    if classes is not None:
        _check_classes(names, classes, path)
    prior = module.source_prior() if names else None
    info = NetworkInfo(
        network=dict(spec),
        tasks=tuple(module.tasks),
        classes=names,
        attributes=network.attributes,
        absent_classes=() if prior is None else tuple(name for name, share in zip(names, prior.tolist(), strict=True) if share == 0),
        absent_attributes=tuple(name for name in network.attributes if name in module.absent_attributes()),
        source_prior=None if prior is None else tuple(prior.tolist()),
        normalization=_normalization(network),
        checkpoint=file_digest(path),
        packages={"emojudge": __version__, **{name: version(name) for name in PACKAGES}},
    )
    return network, info


def _take(network: nn.Module, weights: Mapping[str, Tensor], path: Path) -> None:
    """Load weights into a network, all of them.

    Raises:
        ConfigError: If they are those of another network; the message names the first difference.
    """
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        difference = first_difference(error) or str(error)
        raise ConfigError(f"{path}: its weights do not fit the network that it describes: {difference}") from error


def _check_classes(found: Sequence[str], expected: Sequence[str], where: str | Path) -> None:
    if tuple(found) != tuple(expected):
        same = "the same in another order" if sorted(found) == sorted(expected) else "other ones"
        raise ConfigError(f"{where}: the classes are {', '.join(found) or 'none'}; expected are {', '.join(expected)}, which are {same}")


def _check_free(folder: Path) -> None:
    """Refuse to write over anything but an earlier export."""
    check_local(folder)
    if folder.is_file():
        raise ConfigError(f"{folder}: is a file; name a folder")
    if folder.is_dir() and (names := {path.name for path in folder.iterdir()}):
        if strange := sorted(names - {CONFIG, WEIGHTS, TOKENIZER}):
            raise ConfigError(f"{folder}: holds other files ({strange[0]}), which an export would replace; name a new folder")
        read_network_info(folder)


def _data_state(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the data module keeps in a checkpoint: class list and tokenizer; Lightning files it under the class' name."""
    states = [value for value in content.values() if isinstance(value, Mapping) and {"classes", "tokenizer"} <= value.keys()]
    return states[0] if states else {}


def _normalization(network: nn.Module) -> dict[str, float] | None:
    if not hasattr(network, "waveform_mean"):
        return None
    return {"mean": float(network.waveform_mean), "std": float(network.waveform_std)}  # type: ignore[arg-type]


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
