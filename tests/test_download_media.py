"""The action that saves the file of a message."""

import asyncio
from pathlib import Path
import stat
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import voluptuous as vol

from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, CARLOS, FAMILY, OWNER, Simulator
from tests.support.entry import load, make_entry, scripted_entry
from tests.support.incoming import HTML, JPEG, MP4, OGG, PDF, receive_file, send_file
from tests.support.scripted_account import BOB, fail
from tests.support.scripted_bridge import TOKEN, ScriptedBridge
from tests.support.scripted_files import ScriptedFiles, http, offer
from tests.support.shared_house import SharedHouse
from tests.support.wait import until


@pytest.fixture
def folder(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return a folder that Home Assistant may write to; `tmp_path` beside it is none."""
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    hass.config.allowlist_external_dirs = {str(allowed)}
    return allowed


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _content(path: str) -> bytes:
    return Path(path).read_bytes()


def _mode(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


async def _download(hass: HomeAssistant, message_id: str, **data: Any) -> Any:
    return await hass.services.async_call(
        DOMAIN, "download_media", {"message_id": message_id, **data}, blocking=True, return_response=True
    )


async def _refused(hass: HomeAssistant, message_id: str, **data: Any) -> str | None:
    with pytest.raises(HomeAssistantError) as caught:
        await _download(hass, message_id, **data)
    return caught.value.translation_key


async def test_response(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    whatsapp: Simulator,
    folder: Path,
    hass_client: ClientSessionGenerator,
) -> None:
    client = await hass_client()
    message_id = await receive_file(hass, whatsapp, JPEG, file_name="ignored")
    response = await _download(hass, message_id, folder=str(folder))
    path, url = response.pop("path"), response.pop("url")
    assert _content(path) == JPEG
    assert Path(path).parent == folder
    assert _mode(path) == 0o644
    assert response == {
        "message_id": message_id,
        "mimetype": "image/jpeg",
        "size": len(JPEG),
        "file_name": Path(path).name,
    }
    assert await (await client.get(url)).read() == JPEG
    # Nobody has to want the response.
    data = {"message_id": message_id, "folder": str(folder)}
    await hass.services.async_call(DOMAIN, "download_media", data, blocking=True)
    assert len(_names(folder)) == 2


@pytest.mark.parametrize(
    ("said", "begins"),
    [
        ("../../etc/passwd", "passwd_"),
        ("..\\..\\windows\\win.ini", "win_ini_"),
        ("a.jpg.exe", "a_jpg_exe_"),
        ("photo.JPEG", "photo_"),
        ("photo\u202egpj.exe", "photogpj_exe_"),
        ("x" * 300, "x" * 120 + "_"),
        ("\U0001f4a9" * 20 + ".jpg", "image_"),
        ("日本語の名前" * 30, "日本語の名前"),
        ("é" * 200, "é" * 60 + "_"),
        ("CON", "_CON_"),
        ("con.jpg", "_con_"),
        ("LPT1", "_LPT1_"),
        (".htaccess", "htaccess_"),
        ("\uff0e\uff0e\uff0f\uff0e\uff0e\uff0fsecret", "secret_"),
        ("{{ states('x') }}.jpg", "states_x_"),
        ("a\nb\x00c;rm -rf $HOME", "ab"),
        ("   ", "image_"),
        ("…", "image_"),
    ],
)
async def test_what_a_sender_calls_a_file(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, folder: Path, *, said: str, begins: str
) -> None:
    message_id = await receive_file(hass, whatsapp, JPEG, "document", file_name=said, mime="text/html")
    path = Path((await _download(hass, message_id, folder=str(folder)))["path"])
    assert _names(folder) == [path.name]
    assert path.name.startswith(begins)
    assert path.suffixes == [".jpg"], "the bytes decide, and nothing else looks like an extension"
    assert len(path.name.encode()) < 150
    assert path.name.isprintable()
    assert not set(path.name) & set("/\\ '\"{}$;")


@pytest.mark.parametrize(
    ("content", "kind", "extension"),
    [
        (JPEG, "image", ".jpg"),
        (MP4, "video", ".mp4"),
        (OGG, "voice", ".ogg"),
        (PDF, "document", ".pdf"),
        (HTML, "image", ".bin"),
        (b"#!/bin/sh\nrm -rf /\n", "document", ".bin"),
        (b"MZ" + b"\0" * 100, "document", ".bin"),
    ],
)
async def test_extension_is_of_what_it_is(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    whatsapp: Simulator,
    folder: Path,
    *,
    content: bytes,
    kind: str,
    extension: str,
) -> None:
    message_id = await receive_file(hass, whatsapp, content, kind, mime="image/jpeg", file_name="run.exe")
    path = (await _download(hass, message_id, folder=str(folder)))["path"]
    assert Path(path).suffix == extension
    assert _content(path) == content


async def test_names_that_the_user_chooses(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, folder: Path
) -> None:
    first = await receive_file(hass, whatsapp, JPEG)
    second = await receive_file(hass, whatsapp, JPEG + b"more")
    here = {"folder": str(folder), "file_name": "Front door"}
    response = await _download(hass, first, **here)
    assert response["file_name"] == "Front_door.jpg"
    assert await _refused(hass, second, **here) == "file_exists"
    assert (folder / "Front_door.jpg").read_bytes() == JPEG
    await _download(hass, second, **here, overwrite=True)
    assert (folder / "Front_door.jpg").read_bytes() == JPEG + b"more"
    await _download(hass, first, folder=str(folder), file_name="../../nul.jpg")
    assert _names(folder) == ["Front_door.jpg", "_nul.jpg"]
    assert await _refused(hass, first, folder=str(folder), file_name="nul") == "file_exists"
    for nothing in ("", "  ", "x" * 300):
        with pytest.raises(vol.Invalid):
            await _download(hass, first, folder=str(folder), file_name=nothing)


async def test_same_message_again(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, folder: Path
) -> None:
    message_id = await receive_file(hass, whatsapp, PDF, "document", file_name="plan.pdf")
    first = await _download(hass, message_id, folder=str(folder))
    again = await _download(hass, message_id, folder=str(folder))
    assert Path(again["path"]).stem == f"{Path(first['path']).stem}_2"
    replaced = await _download(hass, message_id, folder=str(folder), overwrite=True)
    assert replaced["path"] == first["path"]
    assert len(_names(folder)) == 2


async def test_folders(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, folder: Path, tmp_path: Path
) -> None:
    message_id = await receive_file(hass, whatsapp, JPEG)
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "link").symlink_to(outside)
    (folder / "file").write_text("mine")
    (tmp_path / "allowed too").mkdir()
    for where in (outside, folder / "link", folder / "link" / "deeper", folder / ".." / "outside", tmp_path, "/"):
        assert await _refused(hass, message_id, folder=str(where)) == "folder_not_allowed"
    assert await _refused(hass, message_id, folder=f"{tmp_path}/allowed too") == "folder_not_allowed"
    assert await _refused(hass, message_id, folder="a\x00b") == "folder_invalid"
    assert await _refused(hass, message_id, folder=str(folder / "file")) == "file_not_written"
    assert not _names(outside)
    made = await _download(hass, message_id, folder=str(folder / "new" / "er"))
    assert Path(made["path"]).parent == folder / "new" / "er"
    assert (folder / "file").read_text() == "mine"


async def test_relative_folder_is_in_the_configuration(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, folder: Path
) -> None:
    message_id = await receive_file(hass, whatsapp, JPEG)
    hass.config.config_dir = str(folder)
    response = await _download(hass, message_id, folder="www/whatsapp")
    assert Path(response["path"]).parent == folder / "www" / "whatsapp"


async def test_does_not_write_through_a_link(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, folder: Path, tmp_path: Path
) -> None:
    message_id = await receive_file(hass, whatsapp, JPEG)
    precious = tmp_path / "precious"
    precious.write_text("mine")
    (folder / "door.jpg").symlink_to(precious)
    assert await _refused(hass, message_id, folder=str(folder), file_name="door") == "file_exists"
    await _download(hass, message_id, folder=str(folder), file_name="door", overwrite=True)
    assert precious.read_text() == "mine"
    assert (folder / "door.jpg").read_bytes() == JPEG
    assert not (folder / "door.jpg").is_symlink()


async def test_folder_that_cannot_be_overwritten(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, folder: Path
) -> None:
    message_id = await receive_file(hass, whatsapp, JPEG)
    (folder / "door.jpg").mkdir()
    data = {"folder": str(folder), "file_name": "door", "overwrite": True}
    assert await _refused(hass, message_id, **data) == "file_not_written"
    assert _names(folder) == ["door.jpg"], "nothing half of it is left"


async def test_last(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, folder: Path) -> None:
    here = {"folder": str(folder)}
    await receive_file(hass, whatsapp, PDF, "document")
    newest = await receive_file(hass, whatsapp, JPEG)
    await receive_file(hass, whatsapp, MP4, "video", view_once=True)
    in_family = await receive_file(hass, whatsapp, MP4, "video", to=FAMILY)
    # What the owner sends is not what came in, and a text is no file.
    await send_file(whatsapp, OGG, "voice", number=OWNER, to=BEA)
    await whatsapp.do("phone.say", number=BEA, to=OWNER, text="and?")
    assert (await _download(hass, "last", target="Bea", **here))["message_id"] == newest
    assert (await _download(hass, "last", entity_id="notify.family", **here))["message_id"] == in_family
    assert (await _download(hass, newest, target="Bea", **here))["message_id"] == newest
    assert await _refused(hass, "last", **here) == "target_required"
    assert await _refused(hass, "last", target=["Bea", "Family"], **here) == "one_chat"
    assert await _refused(hass, "last", target="Nobody", **here) == "unknown_chat"


async def test_last_of_a_chat_without_files(
    hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, folder: Path
) -> None:
    group = await whatsapp.do("group.create", subject="Quiet", members=[OWNER, CARLOS])
    await whatsapp.do("phone.say", number=CARLOS, to=group["id"], text="nothing to see")
    await load(hass, await house.entry({group["id"]: "Quiet"}))
    assert await _refused(hass, "last", target="Quiet", folder=str(folder)) == "no_media_in_chat"


async def test_what_cannot_be_had(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, folder: Path
) -> None:
    here = {"folder": str(folder)}
    text = await whatsapp.do("phone.say", number=BEA, to=OWNER, text="no file")
    image = await receive_file(hass, whatsapp, JPEG)
    assert await _refused(hass, "no-such-message", **here) == "message_not_found"
    assert await _refused(hass, text["id"], **here) == "received_gone"
    assert await _refused(hass, image) == "no_media_folder"
    assert await _refused(hass, image, file_name="x") == "no_media_folder"
    assert not _names(folder)


async def test_larger_than_the_option(hass: HomeAssistant, scripted_bridge: ScriptedBridge, folder: Path) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    scripted_bridge.answers["download"] = fail("media_too_large")
    await load(hass, entry)
    with pytest.raises(HomeAssistantError, match="larger than 64 MiB"):
        await _download(hass, "m", folder=str(folder))


async def test_file_that_is_taken_away_while_it_comes_in(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, scripted_files: ScriptedFiles, folder: Path
) -> None:
    scripted_bridge.answers["download"] = offer(len(JPEG))
    scripted_files.answer = http(200, JPEG[:1000], announced=len(JPEG))
    scripted_files.rest = asyncio.get_running_loop().create_future()
    await load(hass, make_entry(scripted_files.url, TOKEN, scripted_bridge.account, [BOB]))
    download = asyncio.create_task(_refused(hass, "m", folder=str(folder)))
    (part,) = await until(lambda: _names(folder))
    (folder / part).unlink()
    scripted_files.rest.set_result(JPEG[1000:])
    assert await download == "file_not_written"
    assert not _names(folder)


async def test_accounts(hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, folder: Path) -> None:
    alex = await house.entry({BEA: "Bea"})
    carlos = await house.entry({BEA: "Bea of Carlos"}, await house.second_account(whatsapp), title="Carlos")
    await load(hass, alex)
    await load(hass, carlos)
    message_id = await receive_file(hass, whatsapp, JPEG, to=CARLOS)
    here = {"folder": str(folder)}
    with pytest.raises(ServiceValidationError) as caught:
        await _download(hass, message_id, **here)
    assert caught.value.translation_key == "several_accounts"
    assert await _refused(hass, message_id, account="Alex", **here) == "message_not_found"
    response = await _download(hass, message_id, account="Carlos", **here)
    assert carlos.entry_id in response["url"]
    assert (await _download(hass, "last", entity_id="notify.bea_of_carlos", **here))["message_id"] == message_id
