"""Files between the client and the bridge."""

from collections.abc import AsyncGenerator
from pathlib import Path

from aiohttp import ClientSession
import pytest

from custom_components.whatsapp.bridge import BridgeClient, CannotConnect, CommandFailed, client as module
from custom_components.whatsapp.bridge.protocol import LIMIT_MEDIA_BYTES_MAX
from demo.simulator import BEA, Simulator
from tests.support.incoming import JPEG, send_file
from tests.support.phone import inbox
from tests.support.scripted_bridge import TOKEN, ScriptedBridge
from tests.support.scripted_files import ScriptedFiles, http
from tests.support.shared_house import SharedHouse
from tests.support.wait import TIMEOUT

TICKET = "t" * 43


@pytest.fixture
async def session() -> AsyncGenerator[ClientSession]:
    async with ClientSession() as opened:
        yield opened


@pytest.fixture
async def client(scripted_bridge: ScriptedBridge, scripted_files: ScriptedFiles) -> AsyncGenerator[BridgeClient]:
    scripted_bridge.answers |= {"upload": {"ticket": TICKET, "expires_at": 1.0}}
    async with BridgeClient(scripted_files.url, TOKEN, name="test") as connected:
        yield connected


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(JPEG)
    return path


async def _read(client: BridgeClient, session: ClientSession) -> bytes:
    async with client.open_file(session, TICKET) as response:
        return await response.read()


async def test_brings_a_file(
    client: BridgeClient,
    session: ClientSession,
    file: Path,
    scripted_bridge: ScriptedBridge,
    scripted_files: ScriptedFiles,
) -> None:
    assert await client.upload(session, "a", file, len(JPEG)) == TICKET
    assert scripted_bridge.of("upload") == [{"account_id": "a", "size": len(JPEG)}]
    assert scripted_files.requests == [("PUT", f"/media/{TICKET}", JPEG)]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid_request"),
        (403, "internal"),
        (404, "media_unavailable"),
        (413, "media_too_large"),
        (500, "internal"),
        (507, "storage_full"),
    ],
)
async def test_what_the_bridge_answers(
    client: BridgeClient, session: ClientSession, file: Path, scripted_files: ScriptedFiles, *, status: int, code: str
) -> None:
    scripted_files.answer = http(status)
    with pytest.raises(CommandFailed) as caught:
        await client.upload(session, "a", file, len(JPEG))
    assert caught.value.code == code
    with pytest.raises(CommandFailed) as caught:
        await _read(client, session)
    assert caught.value.code == code
    assert TICKET not in str(caught.value)


async def test_bridge_that_goes_away(
    client: BridgeClient, session: ClientSession, file: Path, scripted_files: ScriptedFiles
) -> None:
    scripted_files.hear = False
    with pytest.raises(CannotConnect) as caught:
        await client.upload(session, "a", file, len(JPEG))
    assert caught.value.code == "connection_lost"
    with pytest.raises(CannotConnect):
        await _read(client, session)
    assert TICKET not in str(caught.value)


async def test_file_that_breaks_off(
    client: BridgeClient, session: ClientSession, scripted_files: ScriptedFiles
) -> None:
    scripted_files.answer = http(200, b"half of it", announced=1000)
    with pytest.raises(CannotConnect):
        await _read(client, session)


async def test_file_that_stands_still(
    client: BridgeClient,
    session: ClientSession,
    scripted_files: ScriptedFiles,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FILE_IDLE_TIMEOUT", 0.05)
    scripted_files.stay = True
    scripted_files.answer = http(200, b"half of it", announced=1000)
    with pytest.raises(CannotConnect):
        await _read(client, session)


async def test_file_that_cannot_be_read(
    client: BridgeClient, session: ClientSession, tmp_path: Path, scripted_files: ScriptedFiles
) -> None:
    with pytest.raises(FileNotFoundError):
        await client.upload(session, "a", tmp_path / "nothing", 5)
    assert not scripted_files.requests


async def test_file_is_not_as_large_as_announced(house: SharedHouse, session: ClientSession, file: Path) -> None:
    async with house.client() as client:
        for size in (len(JPEG) - 1, len(JPEG) + 1):
            with pytest.raises(CommandFailed) as caught:
                await client.upload(session, house.account["account_id"], file, size)
            assert caught.value.code == "media_unavailable"
        with pytest.raises(CommandFailed):
            await client.upload(session, house.account["account_id"], file, LIMIT_MEDIA_BYTES_MAX + 1)


async def test_there_and_back(house: SharedHouse, session: ClientSession, whatsapp: Simulator, file: Path) -> None:
    """By the real bridge, to a phone and from it."""
    account_id = house.account["account_id"]
    box = await inbox(whatsapp, BEA)
    async with house.client() as client:
        ticket = await client.upload(session, account_id, file, len(JPEG))
        sent = await client.send(account_id, BEA, {"kind": "image", "ticket": ticket}, "there")
        got = await whatsapp.do("phone.wait", number=BEA, after=box.seen, kind="image", timeout_ms=TIMEOUT * 1000)
        assert sent["status"] == "sent"
        assert got["media"]["size"] == len(JPEG)
        message_id = await send_file(whatsapp, JPEG)
        await client.listen(account_id, "test-files")
        while True:
            messages = await client.messages(account_id, BEA, 5)
            if message_id in [message["message_id"] for message in messages]:
                break
        offer = await client.download(account_id, message_id)
        assert (offer["mime"], offer["size"]) == ("image/jpeg", len(JPEG))
        async with client.open_file(session, offer["ticket"]) as response:
            assert await response.read() == JPEG
        with pytest.raises(CommandFailed) as caught:
            async with client.open_file(session, offer["ticket"]):
                pytest.fail("a ticket is good once")
        assert caught.value.code == "media_unavailable"
