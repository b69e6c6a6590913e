"""Files on this machine, documents, and what is refused before anything is looked at."""

import os
from pathlib import Path
from typing import Any

from homeassistant.exceptions import ServiceValidationError
from PIL import Image
import pytest

from custom_components.whatsapp.bridge.protocol import LIMIT_CAPTION_CHARS, LIMIT_NAME_CHARS
from custom_components.whatsapp.media import MediaRequest
from tests.support.media import PICTURE, SOUND, Sender, ffmpeg, noise, picture, thumbnail


async def _key(sender: Sender, source: Path | str) -> str | None:
    error = await sender.refused("document", file=str(source))
    assert isinstance(error, ServiceValidationError)
    return error.translation_key


async def test_file_of_an_allowed_folder(sender: Sender) -> None:
    folder = sender.folder / "reports"
    folder.mkdir()
    source = folder / "2026, März.pdf"
    source.write_bytes(b"%PDF-1.7")
    prepared = await sender.prepare("document", source, caption="Report")
    assert prepared.as_it_is
    assert prepared.content == {"kind": "document", "ticket": "", "file_name": source.name, "caption": "Report"}
    assert (prepared.size, prepared.data) == (8, b"%PDF-1.7")


async def test_file_of_another_folder(sender: Sender, tmp_path: Path) -> None:
    source = tmp_path / "secrets.yaml"
    source.write_text("password: secret")
    error = await sender.refused("document", source)
    assert (type(error), error.translation_key) == (ServiceValidationError, "file_not_allowed")
    assert error.translation_placeholders == {"path": str(source), "folder": str(tmp_path)}
    assert "allowlist_external_dirs" in str(error)
    assert await _key(sender, "/etc/passwd") == "file_not_allowed"
    assert await _key(sender, sender.folder / ".." / "secrets.yaml") == "file_not_allowed"
    # Whether it exists is nobody's business either.
    assert await _key(sender, tmp_path / "nothing.yaml") == "file_not_allowed"


async def test_link_does_not_lead_out_of_an_allowed_folder(sender: Sender, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secrets.yaml").write_text("password: secret")
    (sender.folder / "link.yaml").symlink_to(outside / "secrets.yaml")
    (sender.folder / "folder").symlink_to(outside)
    (sender.folder / "hanging").symlink_to(tmp_path / "nothing")
    for name in ("link.yaml", "folder/secrets.yaml", "folder/nothing", "hanging"):
        assert await _key(sender, sender.folder / name) == "file_not_allowed"


async def test_link_within_an_allowed_folder(sender: Sender) -> None:
    source = picture(sender.folder / "2026-11-22.jpg")
    (sender.folder / "latest.jpg").symlink_to(source)
    prepared = await sender.prepare("document", sender.folder / "latest.jpg")
    assert prepared.as_it_is
    assert prepared.content["file_name"] == "latest.jpg"


async def test_what_is_no_file(sender: Sender) -> None:
    os.mkfifo(sender.folder / "pipe")
    (sender.folder / "loop").symlink_to("loop")
    assert await _key(sender, sender.folder) == "file_not_regular"
    assert await _key(sender, sender.folder / "pipe") == "file_not_regular"
    assert await _key(sender, sender.folder / "nothing") == "file_not_found"
    assert await _key(sender, sender.folder / "loop") == "file_not_found"
    assert await _key(sender, f"{sender.folder}/a\0b") == "file_not_found"
    assert await _key(sender, sender.folder / ("n" * 5000)) == "file_not_found"


async def test_error_is_one_line(sender: Sender) -> None:
    error = await sender.refused("document", file=f"/etc/a\nINFO forged\u202e{'x' * 500}")
    shown = str(error)
    assert "\n" not in shown
    assert "\u202e" not in shown
    assert len(shown) < 600


async def test_empty_file(sender: Sender) -> None:
    (sender.folder / "empty").touch()
    assert await _key(sender, sender.folder / "empty") == "media_empty"


async def test_file_that_is_too_large(sender: Sender) -> None:
    with (sender.folder / "large").open("wb") as file:
        file.truncate(256 * 1024 * 1024 + 1)
    error = await sender.refused("document", sender.folder / "large")
    assert error.translation_key == "media_too_large"
    assert error.translation_placeholders == {"limit": "256"}


@pytest.mark.parametrize(
    "named",
    [
        {},
        {"file": "", "url": ""},
        {"file": "/a", "url": "http://a"},
        {"media": {"media_content_id": "media-source://camera/camera.a"}, "file": "/a"},
    ],
)
async def test_exactly_one_source(sender: Sender, named: dict[str, Any]) -> None:
    assert (await sender.refused("document", **named)).translation_key == "media_one_source"


def test_one_text_for_all_sources() -> None:
    media = "media-source://media_source/local/a.jpg"
    assert MediaRequest.from_reference(media) == MediaRequest(media=media)
    assert MediaRequest.from_reference(" HTTPS://a/b.jpg ", kind="image") == MediaRequest(
        kind="image", url="HTTPS://a/b.jpg"
    )
    assert MediaRequest.from_reference("/media/a.jpg", caption="A") == MediaRequest(file="/media/a.jpg", caption="A")


async def test_kind_is_what_the_bytes_are(sender: Sender) -> None:
    text = sender.folder / "note.jpg"
    text.write_text("This is no picture.")
    utf16 = sender.folder / "note.txt"
    utf16.write_text("Not a song", encoding="utf-16")
    hollow = sender.folder / "hollow.mp4"
    hollow.write_bytes(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
    iphone = sender.folder / "iphone.heic"
    iphone.write_bytes(b"\0\0\0\x24ftypheic\0\0\0\0mif1heic")
    expected = {
        picture(sender.folder / "picture.bin", format="PNG"): "image",
        ffmpeg(sender.folder / "film", *PICTURE, "-t", "1", "-f", "matroska"): "video",
        ffmpeg(sender.folder / "song", *SOUND, "-t", "1", "-f", "mp3"): "audio",
        # In a container of videos.
        ffmpeg(sender.folder / "sound.webm", *SOUND, "-t", "1", "-c:a", "libopus"): "audio",
        **dict.fromkeys((text, utf16, hollow, iphone), "document"),
    }
    for source, kind in expected.items():
        assert (await sender.prepare("auto", source)).content["kind"] == kind, source.name


@pytest.mark.parametrize(
    ("found", "fields", "shown"),
    [
        ("a.txt", {"file_name": "Rechnung März.txt"}, "Rechnung März.txt"),
        ("a.txt", {"file_name": "../../etc/pass\\wd"}, "_.._etc_pass_wd"),
        ("a.txt", {"file_name": "a\u202egpj.exe\n\0"}, "agpj.exe"),
        ("a.txt", {"file_name": " .hidden. "}, "hidden"),
        ("a.txt", {"file_name": 'a<b>:"c|d?*'}, "a_b___c_d__"),
        ("a.txt", {"file_name": "table", "mimetype": "text/csv"}, "table.csv"),
        ("a.txt", {"file_name": "table.xls", "mimetype": "text/csv"}, "table.xls"),
        ("a.txt", {"file_name": "table", "mimetype": "no/such"}, "table"),
        ("...", {}, "document"),
        ("x" * 250 + ".txt", {}, "x" * 250 + ".txt"),
    ],
)
async def test_file_name(sender: Sender, found: str, fields: dict[str, str], shown: str) -> None:
    source = sender.folder / found
    source.write_text("text")
    assert (await sender.prepare("document", source, **fields)).content["file_name"] == shown


@pytest.mark.parametrize(
    ("name", "key"), [("x" * (LIMIT_NAME_CHARS + 1), "file_name_too_long"), (" ..\n", "file_name_invalid")]
)
async def test_file_name_that_is_none(sender: Sender, name: str, key: str) -> None:
    error = await sender.refused("document", picture(sender.folder / "a.jpg"), file_name=name)
    assert (type(error), error.translation_key) == (ServiceValidationError, key)


async def test_long_name_keeps_its_extension(sender: Sender) -> None:
    source = sender.folder / "a"
    source.write_bytes(b"%PDF-1.7")
    name = "x" * LIMIT_NAME_CHARS
    shown = (await sender.prepare("document", source, file_name=name)).content["file_name"]
    assert shown == "x" * (LIMIT_NAME_CHARS - 4) + ".pdf"


@pytest.mark.parametrize("kind", ["image", "document"])
async def test_caption(sender: Sender, kind: str) -> None:
    source = picture(sender.folder / "a.jpg")
    longest = "é" * LIMIT_CAPTION_CHARS
    assert (await sender.prepare(kind, source, caption=longest)).content["caption"] == longest
    assert "caption" not in (await sender.prepare(kind, source, caption=" \n")).content
    error = await sender.refused(kind, source, caption=longest + "!")
    assert (type(error), error.translation_key) == (ServiceValidationError, "caption_too_long")
    assert error.translation_placeholders == {"limit": "1024"}


async def test_thumbnail_of_a_document(sender: Sender) -> None:
    content = (await sender.prepare("document", picture(sender.folder / "plan.png", (1000, 500)))).content
    assert thumbnail(content).size == (160, 80)
    broken = noise(sender.folder / "broken.jpg", (100, 100))
    broken.write_bytes(broken.read_bytes()[:3000])
    bomb = sender.folder / "bomb.png"
    Image.new("1", (9000, 9000)).save(bomb)
    for source in (broken, bomb):
        prepared = await sender.prepare("document", source)
        assert prepared.as_it_is
        assert "thumbnail" not in prepared.content


@pytest.mark.parametrize("kind", ["document", "auto", "sticker"])
async def test_what_cannot_be_seen_once(sender: Sender, kind: str) -> None:
    source = sender.folder / "a.txt"
    source.write_text("text")
    error = await sender.refused(
        kind, picture(sender.folder / "a.png") if kind == "sticker" else source, view_once=True
    )
    assert (type(error), error.translation_key) == (ServiceValidationError, "view_once_not_possible")


async def test_sticker_has_no_caption(sender: Sender) -> None:
    error = await sender.refused("sticker", picture(sender.folder / "a.png"), caption="Ha")
    assert error.translation_key == "caption_not_possible"
