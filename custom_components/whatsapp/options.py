"""What may be chosen for an account."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self

from .bridge.protocol import MediaPolicy, Pacing, Settings

MEBIBYTE: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a config entry, each under its own name. What is not there is as here."""

    # Whose messages reach automations: `added` chats only, or `everyone`.
    reach: str = "added"
    # Whether what the owner writes, on the phone or another device, reaches automations as what others write does.
    own_messages: bool = False
    # Whether messages that reached automations are marked as read.
    mark_as_read: bool = False
    # Whether logs tell people and chats by pseudonyms only.
    mask_logs: bool = True
    # Whether contacts see the account online while the bridge is connected.
    mark_online: bool = False
    # `lazy`: when it is asked for. `at_once`: when it comes in.
    media_download: str = "lazy"
    # Larger files are not downloaded; in MiB.
    media_max_mib: int = 64
    # How long, and how much of it in MiB, the bridge keeps what came in. 0 days: not at all.
    media_keep_days: int = 14
    media_keep_mib: int = 512
    # A folder where files of added chats are saved as they come in, and for how many days; empty: nowhere, 0: for ever.
    media_folder: str = ""
    media_folder_days: int = 30
    # How many messages go out at once before the limits a minute count. 0 a minute: without limit.
    pacing_burst: int = 10
    pacing_chat: int = 20
    pacing_account: int = 30

    @classmethod
    def from_mapping(cls, options: Mapping[str, Any]) -> Self:
        """Return the options of an entry; keys that are none are left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in options.items() if key in known})

    def settings(self) -> Settings:
        """Return what of it the bridge does."""
        return Settings(
            pacing=Pacing(
                burst=self.pacing_burst, chat_per_minute=self.pacing_chat, account_per_minute=self.pacing_account
            ),
            media=MediaPolicy(
                download="at_once" if self.media_download == "at_once" else "lazy",
                max_bytes=self.media_max_mib * MEBIBYTE,
                keep_days=self.media_keep_days,
                keep_bytes=self.media_keep_mib * MEBIBYTE,
            ),
            mark_online=self.mark_online,
        )
