"""Networks, the Lightning modules that train them, and networks on their own: exported, and loaded without Lightning."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .acoustic import AcousticNetwork
    from .attributes import AttributeRegressor
    from .emotion import EmotionClassifier
    from .export import NetworkInfo, export_network, load_network, read_network_info
    from .multitask import MultiTaskLearner
    from .text import TextNetwork

__all__ = [
    "AcousticNetwork",
    "AttributeRegressor",
    "EmotionClassifier",
    "MultiTaskLearner",
    "NetworkInfo",
    "TextNetwork",
    "export_network",
    "load_network",
    "read_network_info",
]

_HOMES = {
    "AcousticNetwork": "acoustic",
    "AttributeRegressor": "attributes",
    "EmotionClassifier": "emotion",
    "MultiTaskLearner": "multitask",
    "NetworkInfo": "export",
    "TextNetwork": "text",
    "export_network": "export",
    "load_network": "export",
    "read_network_info": "export",
}


def __getattr__(name: str) -> Any:
    """Return a public name, importing only what it needs: networks need no Lightning."""
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
