"""Prepared audio: a table's utterances as int16 samples in one memory-mapped file, with an index that is verified on opening."""

from .building import StorePlan, build_store, plan_store
from .reading import AudioStore

__all__ = ["AudioStore", "StorePlan", "build_store", "plan_store"]
