"""Names where Home Assistant shows Markdown: dialogs and notifications. Anybody may have chosen them."""

import re
from typing import Final

_SIGNS: Final = re.compile(r"[^\w\s]")


def escaped(name: str) -> str:
    """Return a name that is shown as it is, and is neither a link nor a picture from somewhere."""
    return _SIGNS.sub(r"\\\g<0>", name)
