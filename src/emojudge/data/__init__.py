"""Utterances of a table become padded batches: data module, sampler, collation, tokenizer, normalisation."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .datamodule import EmotionDataModule
    from .msp_podcast import MSPPodcastDataModule
    from .sampler import BucketSampler

__all__ = ["BucketSampler", "EmotionDataModule", "MSPPodcastDataModule"]

_HOMES = {"BucketSampler": "sampler", "EmotionDataModule": "datamodule", "MSPPodcastDataModule": "msp_podcast"}


def __getattr__(name: str) -> Any:
    """Return a public name, importing torch and lightning only now."""
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
