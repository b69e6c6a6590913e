"""The pages that people read, and their tables."""

from pathlib import Path
import re
from typing import Final

from demo.parts import ROOT

DOCS: Final = ROOT / "docs"


def page(name: str) -> str:
    """Return a page of docs; empty where there is none yet."""
    path = DOCS / name
    return path.read_text() if path.exists() else ""


def headings(text: str) -> list[str]:
    """Return the `##` headings of a page, without backticks."""
    return [line.removeprefix("## ").replace("`", "") for line in text.splitlines() if line.startswith("## ")]


def rows(text: str) -> list[str]:
    """Return what the first cells of tables name: `a` of the row "| `a`, `b` | ... |", then `b`."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def sections(text: str) -> dict[str, str]:
    """Return what stands under each `##` heading; what comes before the first is under no name."""
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    found = {"": parts[0]}
    for heading, content in zip(parts[1::2], parts[2::2], strict=True):
        found[heading.replace("`", "")] = content
    return found


def pages() -> list[Path]:
    """Return the pages for users, whose examples are run."""
    return [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
