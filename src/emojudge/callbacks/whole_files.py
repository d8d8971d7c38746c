"""``WholeFiles``: how checkpoints get to the disk."""

from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from ..files import write_whole


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint beside its place and then renames it: a kill in between leaves the earlier one as it was.

    Lightning's own way makes the file in memory first and then in the system's temporary folder, from where a file is copied if that
    lies on another disk: a kill during the copy leaves half a checkpoint, under the name of the good one that was there.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write the file, whole or not at all."""
        with write_whole(path) as temporary:
            torch.save(checkpoint, temporary)
