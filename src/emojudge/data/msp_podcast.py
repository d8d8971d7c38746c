"""``MSPPodcastDataModule``: the data module by the name of the corpus."""

from typing import Any

from .datamodule import EmotionDataModule


class MSPPodcastDataModule(EmotionDataModule):
    """:class:`EmotionDataModule` over a release of MSP-Podcast.

    Args:
        root: Folder of the release, with ``Labels`` and ``Audios``.
        reader_options: Further options of the reader.
        **options: Of :class:`EmotionDataModule`, all but ``table`` and ``reader``.
    """

    def __init__(self, root: str, reader_options: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(reader="msp_podcast", reader_options={"root": root, **(reader_options or {})}, **options)
