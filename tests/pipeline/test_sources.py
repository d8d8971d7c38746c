"""The corpus is read again when a file that its options name has changed, and only then."""

import io
import json

import pytest
from datasets import Dataset, DatasetDict
from rich.console import Console

from emojudge.corpus import Table
from emojudge.errors import ConfigError
from emojudge.pipeline.config import CorpusConfig, RunConfig
from emojudge.pipeline.display import Display
from emojudge.pipeline.sources import read_corpus
from emojudge.pipeline.stages import RunFolder


class Corpus:
    """Reads a corpus into a run's folder and remembers what was said."""

    def __init__(self, folder, reader, **options):
        self.folder, self.reader, self.options, self.said = folder, reader, options, []

    def read(self) -> Table:
        folder = RunFolder(self.folder, {}, self.said.append)
        config = RunConfig(systems={}, corpus=CorpusConfig(self.reader, self.options))
        with folder.locked():
            return read_corpus(folder, config, Display(Console(file=io.StringIO())))


def test_each_file_of_a_manifest_in_several_counts_as_a_source(tmp_path):
    paths = {split: str(tmp_path / f"{split}.jsonl") for split in ("train", "dev")}
    for split, path in paths.items():
        with open(path, "w") as file:
            file.write(json.dumps({"id": f"a-{split}", "emotion": "sad"}) + "\n")
    corpus = Corpus(tmp_path / "run", "manifest", path=paths, audio=False)
    assert corpus.read().column("id") == ["a-train", "a-dev"]
    corpus.read()
    assert corpus.said[1] == "corpus: nothing changed, kept"
    with open(paths["dev"], "a") as file:
        file.write(json.dumps({"id": "b-dev", "emotion": "happy"}) + "\n")
    assert corpus.read().column("id") == ["a-train", "a-dev", "b-dev"]


def test_the_files_of_a_saved_data_set_count_as_sources(tmp_path):
    def save(*ids):
        rows = Dataset.from_dict({"id": list(ids), "emotion": ["sad"] * len(ids)})
        DatasetDict({"train": rows, "dev": Dataset.from_dict({"id": ["d"], "emotion": ["sad"]})}).save_to_disk(str(tmp_path / "data"))

    save("a")
    corpus = Corpus(tmp_path / "run", "hub", name=str(tmp_path / "data"), audio=False)
    assert corpus.read().column("id") == ["a", "d"]
    corpus.read()
    assert corpus.said[1] == "corpus: nothing changed, kept"
    save("a", "b")
    assert corpus.read().column("id") == ["a", "b", "d"]


def test_a_setting_of_loading_among_the_options_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="reader 'manifest' has no option 'progress': it is a setting beside"):
        Corpus(tmp_path / "run", "manifest", path="x.csv", progress="yes").read()
