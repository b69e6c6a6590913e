"""What happens to an account while Home Assistant runs, in figures."""

from collections import Counter, deque
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import median
from time import time
from typing import Final, Literal

from homeassistant.core import CALLBACK_TYPE, callback

from .bridge import BridgeError
from .bridge.protocol import JournalEvent, SendResult

# How many of the newest are looked at.
TIMED_SENDS: Final = 100
REMEMBERED_ERRORS: Final = 20

type Figure = Literal["sent", "failed", "received"]


# The end of the year 9999, with a day to spare for every time zone.
_LATEST: Final = 253402214400.0


def as_time(seconds: float) -> datetime:
    """Return a time in UTC. What others say is not always a time that there is: then the first or the last."""
    return datetime.fromtimestamp(max(0.0, min(seconds, _LATEST)), UTC)


class Figures:
    """Counts, of every chat.

    `counts`: messages that WhatsApp has confirmed, that were given up, and that came in. `last`: when the newest of
    each was, in seconds since 1970. `errors`: the newest errors of the bridge, as `(when, code)`.
    """

    def __init__(self) -> None:
        self.counts: Counter[Figure] = Counter()
        self.last: dict[Figure, float] = {}
        self.errors: deque[tuple[float, str]] = deque(maxlen=REMEMBERED_ERRORS)
        self._seconds: deque[float] = deque(maxlen=TIMED_SENDS)
        self._listeners: list[CALLBACK_TYPE] = []

    @property
    def seconds_to_confirm(self) -> float | None:
        """The median of what it took WhatsApp to confirm, None before the first. What had to wait does not count."""
        return median(self._seconds) if self._seconds else None

    @callback
    def on_change(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call back when a figure has changed. Returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def note(self, event: JournalEvent) -> None:
        """Count an event of the journal."""
        figure: Figure
        if event["type"] == "message" and not event["from_me"]:
            figure = "received"
        elif event["type"] == "receipt" and (event["status"] == "sent" or event["status"] == "failed"):
            figure = event["status"]
        else:
            return
        self.counts[figure] += 1
        # Whose clock is ahead does not make it the future.
        self.last[figure] = max(self.last.get(figure, 0.0), min(event["timestamp"], time()))
        self._tell()

    @callback
    def answered(self, result: SendResult, seconds: float) -> None:
        """Note how long a message took from the action to the bridge's answer, if it is WhatsApp's confirmation."""
        if result["status"] == "sent":
            self._seconds.append(seconds)
            self._tell()

    @contextmanager
    def noting_errors(self) -> Generator[None]:
        """Note the bridge's errors that pass by."""
        try:
            yield
        except BridgeError as err:
            self.note_error(err)
            raise

    @callback
    def note_error(self, err: BridgeError) -> None:
        """Note an error of the bridge."""
        self.errors.append((time(), err.code))

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()
