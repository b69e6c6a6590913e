"""The tables of docs/events.md."""

import re
from typing import Final

from demo.parts import ROOT

PAGE: Final = (ROOT / "docs" / "events.md").read_text()


def _rows(text: str) -> list[list[str]]:
    """Return the cells of all rows of tables."""
    return [
        [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]


def section(heading: str) -> str:
    """Return what stands under a heading."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


def bus_event_keys(event_type: str) -> set[str]:
    """Return the keys that a bus event has by its documentation."""
    return {row[0].strip("`") for row in _rows(section(f"`{event_type}`"))}


def entity_event_attributes() -> dict[str, set[str]]:
    """Return the attributes of an event entity's events by their documentation, by type."""
    shared = {"timestamp", "replayed", "age"}
    place = {"chat", "chat_id", "chat_name", "is_group", "subentry_id"}
    attributes: dict[str, set[str]] = {}
    for event_type, _, *own in _rows(section("Event entities")):
        names = set(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", own[0]) if own else ""))
        for role in names & {"sender", "voter", "by", "caller"}:
            names |= {f"{role}{part}" for part in ("_name", "_number", "_lid")}
        name = event_type.strip("`")
        attributes[name] = names | shared | (place if name != "devices_changed" else set())
    return attributes
