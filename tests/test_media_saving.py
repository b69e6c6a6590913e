"""Files that are kept in a folder as they come in, and for how long."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
import os
from pathlib import Path
import shutil
from typing import Any

from freezegun import freeze_time
from homeassistant.core import Event, HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events, async_fire_time_changed

from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, CARLOS, FAMILY, OWNER, Simulator
from tests.support.entry import load, make_entry, scripted_entry
from tests.support.incoming import JPEG, MP4, PDF, receive_file, send_file
from tests.support.scripted_account import BOB, STRANGER, fail
from tests.support.scripted_bridge import ORIGIN, TOKEN, ScriptedBridge, never
from tests.support.scripted_files import ScriptedFiles, http, offer
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

SAVED = "whatsapp_media_saved"
MEDIA = {
    "mime": "image/jpeg",
    "size": len(JPEG),
    "file_name": None,
    "seconds": None,
    "width": None,
    "height": None,
    "voice": False,
    "gif": False,
    "animated": False,
}

pytestmark = pytest.mark.usefixtures("hass_storage")


@pytest.fixture
def keeping(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return the folder of the options. It is not there yet."""
    hass.config.allowlist_external_dirs = {str(tmp_path / "media")}
    return tmp_path / "media" / "whatsapp"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def _delete(path: str) -> None:
    Path(path).unlink()


def _link(path: Path, there: Path) -> None:
    path.symlink_to(there)


def _move(path: Path, there: Path) -> Path:
    return path.rename(there)


def _content(path: str | Path) -> bytes:
    return Path(path).read_bytes()


async def _kept(
    hass: HomeAssistant, house: SharedHouse, keeping: Path, chats: dict[str, str] | None = None, **options: Any
) -> MockConfigEntry:
    """Return the loaded entry of an account that keeps files."""
    entry = await house.entry(chats or {BEA: "Bea"})
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, options={"media_folder": str(keeping), **options})
    await load_again(hass, entry)
    return entry


async def load_again(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await hass.config_entries.async_setup(entry.entry_id), entry.reason
    await hass.async_block_till_done()


async def _save(hass: HomeAssistant, whatsapp: Simulator, content: bytes = JPEG, **more: Any) -> Path:
    """Have a phone send a file, and return where it was saved."""
    saved = async_capture_events(hass, SAVED)
    message_id = await send_file(whatsapp, content, **more)
    await until(lambda: message_id in [event.data["id"] for event in saved])
    return Path(saved[-1].data["path"])


@pytest.fixture
async def for_a_week(hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, keeping: Path) -> Path:
    """Return a file that was saved, to be kept for so long."""
    await _kept(hass, house, keeping, media_folder_days=7)
    return await _save(hass, whatsapp)


class Calendar:
    """Lets days pass, in no time. In between the clock is right, since others live by it."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._passed = timedelta()

    @contextmanager
    def later(self, days: float) -> Generator[datetime]:
        """Have it be so many days later."""
        self._passed += timedelta(days=days)
        now = dt_util.utcnow() + self._passed
        with freeze_time(now, tick=True, real_asyncio=True):
            yield now

    async def after(self, days: float) -> None:
        """Return when what is done every day was done, so many days later."""
        with self.later(days) as now:
            # By the clock that is late already, the timers are due in the time that has passed.
            async_fire_time_changed(self._hass, now + timedelta(days=days))
            await self.tidied()

    async def tidied(self) -> None:
        """Return when what is due is gone."""
        tasks = [task for task in asyncio.all_tasks() if task.get_name() == "WhatsApp media retention"]
        await asyncio.gather(*tasks)


@pytest.fixture
def calendar(hass: HomeAssistant) -> Calendar:
    return Calendar(hass)


async def test_saves_what_comes_in(hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, keeping: Path) -> None:
    entry = await _kept(hass, house, keeping)
    received = async_capture_events(hass, "whatsapp_message_received")
    saved: list[Event[Any]] = async_capture_events(hass, SAVED)
    message_id = await receive_file(hass, whatsapp, PDF, "document", file_name="../../Plan of the house.exe")
    await until(lambda: saved)
    (event,) = saved
    message = next(each for each in received if each.data["id"] == message_id)
    path = event.data["path"]
    assert event.data == {
        "id": message_id,
        "chat": message.data["from"],
        "path": path,
        "mimetype": "application/pdf",
        "size": len(PDF),
        "entry_id": entry.entry_id,
        "timestamp": message.data["timestamp"],
    }
    assert event.context.parent_id == message.context.id
    assert _content(path) == PDF
    assert Path(path).parent == keeping
    assert _names(keeping) == [Path(path).name]
    assert Path(path).name.startswith("Plan_of_the_house_exe_")


async def test_saves_no_more_than_that(
    hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, keeping: Path
) -> None:
    await _kept(hass, house, keeping, reach="everyone")
    saved = async_capture_events(hass, SAVED)
    heard = async_capture_events(hass, "whatsapp_message_received")
    await send_file(whatsapp, JPEG, number=CARLOS)
    await send_file(whatsapp, JPEG, to=FAMILY)
    await send_file(whatsapp, JPEG, view_once=True)
    await send_file(whatsapp, JPEG, number=OWNER, to=BEA)
    await whatsapp.do("phone.say", number=BEA, to=OWNER, text="no file")
    await until(lambda: len(heard) == 4)
    path = await _save(hass, whatsapp, MP4, kind="video")
    assert len(saved) == 1
    assert _names(keeping) == [path.name]


async def test_own_files_where_they_count(
    hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, keeping: Path
) -> None:
    await _kept(hass, house, keeping, own_messages=True)
    assert _content(await _save(hass, whatsapp, JPEG, number=OWNER, to=BEA)) == JPEG


async def test_action_and_option_are_one_file(
    hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, keeping: Path
) -> None:
    """As in an automation that fetches what has just come."""
    await _kept(hass, house, keeping)
    saved = async_capture_events(hass, SAVED)
    message_id = await receive_file(hass, whatsapp, JPEG)
    response = await hass.services.async_call(
        DOMAIN, "download_media", {"message_id": message_id}, blocking=True, return_response=True
    )
    await until(lambda: saved)
    assert response
    assert response["path"] == saved[0].data["path"]
    assert _names(keeping) == [response["file_name"]]
    _delete(str(response["path"]))
    again = await hass.services.async_call(
        DOMAIN, "download_media", {"message_id": message_id}, blocking=True, return_response=True
    )
    assert again == response, "it was gone, so it is fetched once more"
    assert _content(str(response["path"])) == JPEG


async def test_deletes_what_is_due_and_ours(
    hass: HomeAssistant,
    house: SharedHouse,
    whatsapp: Simulator,
    keeping: Path,
    *,
    tmp_path: Path,
    calendar: Calendar,
) -> None:
    await _kept(hass, house, keeping, media_folder_days=7)
    paths = {name: await _save(hass, whatsapp) for name in ("ours", "edited", "replaced", "same", "moved", "linked")}
    foreign = keeping / "mine.jpg"
    foreign.write_bytes(JPEG)
    paths["edited"].write_bytes(JPEG + b"and a note")
    paths["replaced"].unlink()
    paths["replaced"].write_bytes(JPEG)
    # Of the same size and age, but another file.
    before = paths["same"].stat()
    paths["same"].rename(keeping / "aside")
    shutil.copy2(keeping / "aside", paths["same"])
    os.utime(paths["same"], ns=(before.st_atime_ns, before.st_mtime_ns))
    moved = paths["moved"].rename(tmp_path / "moved.jpg")
    # A link to a file that is the saved one, elsewhere.
    aside = paths["linked"].rename(tmp_path / "linked.jpg")
    paths["linked"].symlink_to(aside)

    await calendar.after(6)
    assert paths["ours"].exists()
    await calendar.after(2)
    assert not paths["ours"].exists()
    stay = {foreign, paths["edited"], paths["replaced"], paths["same"], paths["linked"], keeping / "aside"}
    assert _names(keeping) == sorted(path.name for path in stay)
    assert moved.exists()
    assert aside.exists()
    # What is not ours any more will not be later either.
    await calendar.after(100)
    assert _names(keeping) == sorted(path.name for path in stay)


async def test_folder_that_was_exchanged(keeping: Path, for_a_week: Path, tmp_path: Path, calendar: Calendar) -> None:
    elsewhere = _move(keeping, tmp_path / "elsewhere")
    _link(keeping, elsewhere)
    await calendar.after(8)
    assert _names(elsewhere) == [for_a_week.name], "it is outside of the folder now"


async def test_disk_that_is_away_for_a_while(
    keeping: Path, for_a_week: Path, tmp_path: Path, calendar: Calendar
) -> None:
    away = _move(keeping, tmp_path / "away")
    await calendar.after(8)
    assert (away / for_a_week.name).exists()
    away.rename(keeping)
    await calendar.after(1)
    assert not _names(keeping)


async def test_folder_that_cannot_be_looked_into(
    keeping: Path, for_a_week: Path, tmp_path: Path, calendar: Calendar
) -> None:
    away = _move(keeping, tmp_path / "away")
    await asyncio.to_thread(keeping.write_text, "a file where the folder was")
    await calendar.after(8)
    _delete(str(keeping))
    _move(away, keeping)
    assert _names(keeping) == [for_a_week.name]
    await calendar.after(1)
    assert not _names(keeping)


async def test_for_ever(
    hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, keeping: Path, calendar: Calendar
) -> None:
    await _kept(hass, house, keeping, media_folder_days=0)
    path = await _save(hass, whatsapp)
    await calendar.after(10_000)
    assert path.exists()


async def test_another_folder_and_none(
    hass: HomeAssistant,
    house: SharedHouse,
    whatsapp: Simulator,
    keeping: Path,
    calendar: Calendar,
) -> None:
    """Each option reloads the entry: the bookkeeping goes on."""
    entry = await _kept(hass, house, keeping, media_folder_days=7)
    first = await _save(hass, whatsapp)
    another = keeping.parent / "another"
    hass.config_entries.async_update_entry(entry, options={**entry.options, "media_folder": str(another)})
    await hass.async_block_till_done()
    second = await _save(hass, whatsapp)
    assert second.parent == another
    await calendar.after(6)
    hass.config_entries.async_update_entry(entry, options={"media_folder_days": 7})
    await hass.async_block_till_done()
    await receive_file(hass, whatsapp, JPEG)
    assert first.exists()
    await calendar.after(2)
    assert not _names(keeping)
    assert not _names(another)


async def test_due_while_home_assistant_was_off(
    hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, keeping: Path, calendar: Calendar
) -> None:
    entry = await _kept(hass, house, keeping, media_folder_days=7)
    path = await _save(hass, whatsapp)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await calendar.after(8)
    assert path.exists()
    with calendar.later(1):
        await load_again(hass, entry)
        await calendar.tidied()
    assert not path.exists()


async def test_removing_the_account_leaves_the_files(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    scripted_files: ScriptedFiles,
    keeping: Path,
    *,
    hass_storage: dict[str, Any],
    calendar: Calendar,
) -> None:
    entry = await _scripted(hass, scripted_bridge, scripted_files, keeping)
    saved = async_capture_events(hass, SAVED)
    await scripted_bridge.message(1, BOB, **_image())
    await until(lambda: saved)
    assert await hass.config_entries.async_unload(entry.entry_id)
    key = f"{DOMAIN}.media.{entry.entry_id}"
    assert key in hass_storage
    assert await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert key not in hass_storage
    await calendar.after(100)
    assert len(_names(keeping)) == 1


async def test_without_a_folder_nothing_runs(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, hass_storage: dict[str, Any]
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB])
    await load(hass, entry)
    received = async_capture_events(hass, "whatsapp_message_received")
    await scripted_bridge.message(1, BOB, **_image())
    await until(lambda: received)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not scripted_bridge.of("download")
    assert f"{DOMAIN}.media.{entry.entry_id}" not in hass_storage


def _image(**changes: Any) -> dict[str, Any]:
    return {"kind": "image", "text": None, "media": {**MEDIA, **changes}}


async def _scripted(
    hass: HomeAssistant, bridge: ScriptedBridge, files: ScriptedFiles, keeping: Path, **options: Any
) -> MockConfigEntry:
    """Return the loaded entry of a scripted bridge that hands out pictures."""
    bridge.answers["download"] = offer(len(JPEG))
    files.answer = http(200, JPEG)
    entry = make_entry(files.url, TOKEN, bridge.account, [BOB], media_folder=str(keeping), **options)
    await load(hass, entry)
    return entry


async def test_two_at_once(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, scripted_files: ScriptedFiles, keeping: Path
) -> None:
    await _scripted(hass, scripted_bridge, scripted_files, keeping)
    saved = async_capture_events(hass, SAVED)
    go_on = asyncio.Event()

    async def slow(_: dict[str, Any]) -> dict[str, Any]:
        await go_on.wait()
        return offer(len(JPEG))

    scripted_bridge.answers["download"] = slow
    for seq in range(1, 6):
        await scripted_bridge.message(seq, BOB, **_image())
    await until(lambda: scripted_bridge.of("ack")[-1:] and scripted_bridge.of("ack")[-1]["seq"] == 5)
    await until(lambda: len(scripted_bridge.of("download")) == 2)
    go_on.set()
    await until(lambda: len(saved) == 5)
    assert len(_names(keeping)) == 5
    assert len(scripted_bridge.of("download")) == 5


async def test_too_large_is_not_asked_for(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, scripted_files: ScriptedFiles, keeping: Path
) -> None:
    scripted_bridge.answers["configure"] = lambda args: {"settings": args["settings"]}
    await _scripted(hass, scripted_bridge, scripted_files, keeping, media_max_mib=1)
    saved = async_capture_events(hass, SAVED)
    await scripted_bridge.message(1, BOB, **_image(size=1024 * 1024 + 1))
    await scripted_bridge.message(2, STRANGER, **_image())
    await scripted_bridge.message(3, BOB, **_image(), origin=ORIGIN | {"view_once": True})
    await scripted_bridge.message(4, BOB, **_image(size=None))
    await until(lambda: saved)
    assert [args["message_id"] for args in scripted_bridge.of("download")] == ["message-4"]


async def test_tries_again_when_whatsapp_is_back(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    scripted_files: ScriptedFiles,
    keeping: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = await _scripted(hass, scripted_bridge, scripted_files, keeping)
    saved = async_capture_events(hass, SAVED)
    received = async_capture_events(hass, "whatsapp_message_received")
    await scripted_bridge.state("disconnected")
    scripted_bridge.answers["download"] = fail("not_connected")
    await scripted_bridge.message(1, BOB, **_image())
    await scripted_bridge.message(2, BOB, **_image())
    await until(lambda: len(scripted_bridge.of("download")) == 2)
    # Also after a restart.
    assert await hass.config_entries.async_reload(entry.entry_id)
    await until(lambda: len(scripted_bridge.of("download")) == 4)
    assert not saved
    scripted_bridge.answers["download"] = offer(len(JPEG))
    await scripted_bridge.state("connected")
    await until(lambda: len(saved) == 2)
    assert {event.context.parent_id for event in saved} == {event.context.id for event in received}
    complaints = [record for record in caplog.records if "could not be saved" in record.getMessage()]
    assert [record.getMessage().rpartition(": ")[2] for record in complaints] == ["not_connected"] * 2
    await scripted_bridge.state("disconnected")
    await scripted_bridge.state("connected")
    await scripted_bridge.message(3, BOB, **_image())
    await until(lambda: len(saved) == 3)
    assert len(_names(keeping)) == 3


async def test_gives_up_what_will_never_come(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    scripted_files: ScriptedFiles,
    keeping: Path,
    *,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    entry = await _scripted(hass, scripted_bridge, scripted_files, keeping)
    scripted_bridge.answers["download"] = fail("media_unavailable")
    for seq in range(1, 4):
        await scripted_bridge.message(seq, BOB, **_image(file_name="a secret name.jpg"))
    await until(lambda: len(scripted_bridge.of("download")) == 3)
    key = f"{DOMAIN}.media.{entry.entry_id}"
    await until(lambda: key in hass_storage and not hass_storage[key]["data"]["waiting"])
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert len(scripted_bridge.of("download")) == 3
    assert caplog.text.count("could not be saved: received_gone") == 1
    assert "secret name" not in caplog.text


@pytest.mark.usefixtures("impatient")
async def test_line_that_breaks_leaves_nothing(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, scripted_files: ScriptedFiles, keeping: Path
) -> None:
    await _scripted(hass, scripted_bridge, scripted_files, keeping)
    saved = async_capture_events(hass, SAVED)
    scripted_files.answer = http(200, JPEG[:1000], announced=len(JPEG))
    await scripted_bridge.message(1, BOB, **_image())
    await until(lambda: scripted_files.requests)
    await until(lambda: keeping.exists() and not _names(keeping))
    scripted_files.answer = http(200, JPEG)
    await scripted_bridge.state("disconnected")
    await scripted_bridge.state("connected")
    await until(lambda: saved)
    assert [_content(keeping / name) for name in _names(keeping)] == [JPEG]


async def test_unload_while_a_file_comes_in(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, scripted_files: ScriptedFiles, keeping: Path
) -> None:
    entry = await _scripted(hass, scripted_bridge, scripted_files, keeping)
    saved = async_capture_events(hass, SAVED)
    scripted_files.stay = True
    scripted_files.answer = http(200, JPEG[:1000], announced=len(JPEG))
    await scripted_bridge.message(1, BOB, **_image())
    await until(lambda: _names(keeping))
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not _names(keeping), "nothing half is left"
    scripted_files.answer = http(200, JPEG)
    await load_again(hass, entry)
    await until(lambda: saved)
    assert len(_names(keeping)) == 1


async def test_folder_that_is_not_allowed_any_more(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    scripted_files: ScriptedFiles,
    keeping: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await _scripted(hass, scripted_bridge, scripted_files, keeping)
    hass.config.allowlist_external_dirs = set()
    await scripted_bridge.message(1, BOB, **_image())
    await until(lambda: "could not be saved: folder_not_allowed" in caplog.text)
    assert not _names(keeping)
    assert not scripted_bridge.of("download")


async def test_too_many_at_once_are_not_remembered(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    scripted_files: ScriptedFiles,
    keeping: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("custom_components.whatsapp.received.keeper._WAITING_MAX", 3)
    await _scripted(hass, scripted_bridge, scripted_files, keeping)
    scripted_bridge.answers["download"] = never
    for seq in range(1, 6):
        await scripted_bridge.message(seq, BOB, **_image())
    await until(lambda: "could not be saved: too_many" in caplog.text)
