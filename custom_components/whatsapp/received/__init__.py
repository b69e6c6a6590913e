"""What others have sent: fetching it from the bridge, and keeping it in a folder."""

from .disk import SavedFile, async_write, checked_folder
from .fetch import PASSING, ReceivedFile, open_received
from .keeper import EVENT_MEDIA_SAVED, Keeper, async_remove, async_setup_keeper, keeper_of
from .listing import async_files
from .names import made_name, named_by_user, shown_type

__all__ = [
    "EVENT_MEDIA_SAVED",
    "PASSING",
    "Keeper",
    "ReceivedFile",
    "SavedFile",
    "async_files",
    "async_remove",
    "async_setup_keeper",
    "async_write",
    "checked_folder",
    "keeper_of",
    "made_name",
    "named_by_user",
    "open_received",
    "shown_type",
]
