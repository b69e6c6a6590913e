"""The bridge's store in Home Assistant's backups."""

import asyncio
import io
from pathlib import Path
import sqlite3
import stat
import tarfile
from typing import Any

from homeassistant.components.backup import DOMAIN as BACKUP
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.whatsapp import backup as platform
from custom_components.whatsapp.const import CONF_BRIDGE_ID
from demo.simulator import Simulator
from tests.support.entry import load, scripted_entry
from tests.support.repairs import issues
from tests.support.scripted_account import fail
from tests.support.scripted_bridge import ScriptedBridge
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Have a configuration folder of one's own, which can be backed up."""
    return hass_tmp_config_dir


def _copies(hass: HomeAssistant) -> list[Path]:
    return sorted(Path(hass.config.path(".storage")).glob("whatsapp.*"))


async def _backup(hass: HomeAssistant, hass_ws_client: WebSocketGenerator) -> tarfile.TarFile:
    """Make a backup as a person does, and return the part of it that is the configuration."""
    assert await async_setup_component(hass, BACKUP, {})
    await hass.async_block_till_done()
    client: Any = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {"type": "backup/generate", "agent_ids": ["backup.local"], "include_database": False}
    )
    response = await client.receive_json()
    assert response["success"], response
    folder = Path(hass.config.path("backups"))
    async with asyncio.timeout(30):
        while True:
            await client.send_json_auto_id({"type": "backup/info"})
            info = (await client.receive_json())["result"]
            if info["state"] == "idle" and info["backups"]:
                break
    return await hass.async_add_executor_job(_open, folder)


def _open(folder: Path) -> tarfile.TarFile:
    [path] = folder.glob("*.tar")
    with tarfile.open(path) as outer:
        part = outer.extractfile("homeassistant.tar.gz")
        assert part
        return tarfile.open(fileobj=io.BytesIO(part.read()))


async def test_store_is_in_the_backup(
    hass: HomeAssistant,
    house: SharedHouse,
    whatsapp: Simulator,
    hass_ws_client: WebSocketGenerator,
    tmp_path: Path,
) -> None:
    first = await house.entry({})
    await load(hass, first)
    second = await house.entry({}, await house.second_account(whatsapp), "Carlos")
    await load(hass, second)
    with await _backup(hass, hass_ws_client) as saved:
        names = [member.name for member in saved.getmembers() if "whatsapp." in member.name]
        assert names == ["data/.storage/whatsapp.bridge-1.db"], "once, though two accounts share the bridge"
        part = saved.extractfile(names[0])
        assert part
        await hass.async_add_executor_job((copy := tmp_path / "copy.db").write_bytes, part.read())
    assert not _copies(hass), "whoever has it can be this device"
    database = sqlite3.connect(copy)
    try:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        accounts = {account_id for (account_id,) in database.execute("SELECT account_id FROM accounts")}
    finally:
        database.close()
    assert {first.unique_id, second.unique_id} <= accounts


async def test_copy_is_nobody_elses(hass: HomeAssistant, house: SharedHouse) -> None:
    entry = await house.entry({})
    await load(hass, entry)
    await platform.async_pre_backup(hass)
    [copy] = _copies(hass)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    await platform.async_pre_backup(hass)
    assert _copies(hass) == [copy], "also when one was left behind"
    await platform.async_post_backup(hass)
    assert not _copies(hass)
    await platform.async_post_backup(hass)


async def test_backup_without_a_bridge_that_does_not_answer(
    hass: HomeAssistant, house: SharedHouse, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture
) -> None:
    await load(hass, await house.entry({}))
    other = scripted_entry(scripted_bridge)
    other.add_to_hass(hass)
    hass.config_entries.async_update_entry(other, data={**other.data, CONF_BRIDGE_ID: "../other"})
    await load(hass, other)
    scripted_bridge.answers["backup"] = fail("storage_full")
    await platform.async_pre_backup(hass)
    assert [copy.name for copy in _copies(hass)] == ["whatsapp.bridge-1.db"]
    issue = issues(hass)["backup_failed"]
    assert issue.issue_id == f"backup_failed_{other.entry_id}"
    assert issue.severity is ir.IssueSeverity.WARNING
    assert "without the bridge's store" in caplog.text
    await platform.async_post_backup(hass)

    # A ticket that leads nowhere.
    scripted_bridge.answers["backup"] = {"ticket": "t", "expires_at": 1.0, "size": 10}
    await platform.async_pre_backup(hass)
    assert [copy.name for copy in _copies(hass)] == ["whatsapp.bridge-1.db"]
    assert "backup_failed" in issues(hass)

    await scripted_bridge.stop()
    await until(lambda: not other.runtime_data.bridge_connected)
    await platform.async_pre_backup(hass)
    assert "backup_failed" in issues(hass)
    await hass.config_entries.async_unload(other.entry_id)
    await hass.config_entries.async_setup(other.entry_id)
    assert other.state is ConfigEntryState.SETUP_RETRY
    await platform.async_pre_backup(hass)
    assert "backup_failed" in issues(hass)
    await hass.config_entries.async_remove(other.entry_id)
    assert "backup_failed" not in issues(hass)


async def test_disk_of_home_assistant_that_fails(hass: HomeAssistant, house: SharedHouse) -> None:
    entry = await house.entry({})
    await load(hass, entry)
    path = platform.copy_path(hass, entry)
    await hass.async_add_executor_job(lambda: path.mkdir(parents=True))
    await platform.async_pre_backup(hass)
    assert set(issues(hass)) == {"backup_failed"}
    await hass.async_add_executor_job(path.rmdir)
    await platform.async_pre_backup(hass)
    assert not issues(hass)
    await platform.async_post_backup(hass)


async def test_connection_that_is_lost_in_the_middle(
    hass: HomeAssistant, house: SharedHouse, scripted_bridge: ScriptedBridge
) -> None:
    """Half a copy must not be taken for one."""
    cut = await asyncio.start_server(_cut, "127.0.0.1", 0)
    port = cut.sockets[0].getsockname()[1]
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    scripted_bridge.answers["backup"] = {"ticket": "t", "expires_at": 1.0, "size": 10}
    client = entry.runtime_data._connector.client
    client._connection._url = client._connection._url.with_port(port)
    await platform.async_pre_backup(hass)
    assert set(issues(hass)) == {"backup_failed"}
    assert not _copies(hass)
    cut.close()


async def _cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    await writer.drain()
    writer.close()
