"""Prepared audio: a table's utterances as int16 samples in one memory-mapped file, with an index that is verified on opening."""

from .building import StorePlan, build_store, plan_store
from .finding import FILES, find_store, store_beside
from .reading import AudioStore

__all__ = ["FILES", "AudioStore", "StorePlan", "build_store", "find_store", "plan_store", "store_beside"]
