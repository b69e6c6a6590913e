"""What docs/events.md says of events."""

import re

from tests.support.docs import page, rows, sections

SECTIONS = sections(page("events.md"))


def bus_event_keys(event_type: str) -> set[str]:
    """Return the keys that a bus event has by its documentation."""
    return set(rows(SECTIONS[event_type]))


def entity_event_attributes() -> dict[str, set[str]]:
    """Return the attributes of an event entity's events by their documentation, by type."""
    shared = {"timestamp", "replayed", "age"}
    place = {"chat", "chat_id", "chat_name", "is_group", "subentry_id"}
    attributes: dict[str, set[str]] = {}
    for line in SECTIONS["Event entities"].splitlines():
        if not line.startswith("| `"):
            continue
        event_type, _, own = line.split("|")[1:4]
        # What is in brackets are values.
        names = set(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", own)))
        for role in names & {"sender", "voter", "by", "caller"}:
            names |= {f"{role}{part}" for part in ("_name", "_number", "_lid")}
        name = event_type.strip("` ")
        attributes[name] = names | shared | (place if name != "devices_changed" else set())
    return attributes
