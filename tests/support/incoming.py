"""Files that a phone sends."""

from base64 import b64encode
from typing import Any

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_capture_events

from demo.simulator import BEA, OWNER, Simulator
from tests.support.wait import until

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"a picture" * 30_000
MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + b"a film" * 100
OGG = b"OggS\x00\x02" + b"\x00" * 20 + b"\x01\x13OpusHead" + b"a voice" * 100
PDF = b"%PDF-1.7\n" + b"a plan" * 100
HTML = b"<html><script>alert(1)</script></html>"


async def send_file(whatsapp: Simulator, content: bytes, kind: str = "image", **more: Any) -> str:
    """Have a phone send a file, Bea's unless told, and return the message's id."""
    args = {"number": BEA, "to": OWNER, **more}
    answer = await whatsapp.do("phone.send_media", kind=kind, base64=b64encode(content).decode(), **args)
    return str(answer["id"])


async def receive_file(
    hass: HomeAssistant, whatsapp: Simulator, content: bytes, kind: str = "image", **more: Any
) -> str:
    """Have a phone send a file, and return the message's id as soon as automations have heard of it."""
    received = async_capture_events(hass, "whatsapp_message_received")
    message_id = await send_file(whatsapp, content, kind, **more)
    await until(lambda: message_id in [event.data["id"] for event in received])
    return message_id
