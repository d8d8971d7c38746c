"""``WholeFiles``: how checkpoints get to the disk."""

import shutil
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from ..errors import EmojudgeError
from ..files import write_whole


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint beside its place and then renames it: a kill in between leaves the earlier one as it was.

    Lightning's own way makes the file in memory first and then in the system's temporary folder, from where a file is copied if that
    lies on another disk: a kill during the copy leaves half a checkpoint, under the name of the good one that was there.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write the file, whole or not at all.

        Raises:
            EmojudgeError: If torch cannot, which for want of space it tells by an error of its own.
        """
        with write_whole(path) as temporary:
            try:
                torch.save(checkpoint, temporary)
            except RuntimeError as error:
                free_gb = shutil.disk_usage(temporary.parent).free / 1e9
                why = f"the file system has {free_gb:.3f} GB left; torch says: {str(error).splitlines()[0]}"
                raise EmojudgeError(f"{path}: the checkpoint could not be written ({why}). An earlier one is as it was") from error
