"""What the actions do not take, and whether the text helps."""

from typing import Any

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.whatsapp.bridge.protocol import LIMIT_TEXT_CHARS
from demo.simulator import BEA, Simulator
from tests.support.actions import call, refused
from tests.support.phone import inbox

WELL: dict[str, dict[str, Any]] = {
    "send_message": {"message": "x"},
    "send_image": {"file": "/a.jpg"},
    "send_video": {"file": "/a.mp4"},
    "send_audio": {"file": "/a.mp3"},
    "send_document": {"file": "/a.pdf"},
    "send_location": {"latitude": 1, "longitude": 2},
    "send_contact": {"name": "Plumber", "contact_number": "+15550000003"},
    "send_poll": {"question": "?", "options": ["a", "b"]},
    "send_buttons": {"message": "?", "buttons": ["a", "b"]},
    "send_list": {"text": "?", "sections": [{"rows": ["a", "b"]}]},
    "send_reaction": {"message_id": "last", "reaction": "👍"},
    "edit_message": {"message_id": "last", "message": "x"},
    "revoke_message": {"message_id": "last"},
    "forward_message": {"message_id": "last", "destination": "Bea"},
    "pin_message": {"message_id": "last"},
}
MANY = [str(number) for number in range(33)]
BAD: list[tuple[str, dict[str, Any], str]] = [
    ("send_message", {"message": ["x"]}, "should be a string"),
    ("send_message", {"message": None}, "None"),
    ("send_message", {"text": "x"}, "text"),
    ("send_message", {"mentions": ["x"] * 257}, "256"),
    ("send_message", {"quote": " "}, "at least 1"),
    ("send_message", {"expiration": -1}, "positive"),
    ("send_message", {"expiration": "tomorrow"}, "expiration"),
    ("send_message", {"expiration": {"days": 366}}, "at most"),
    ("send_message", {"ttl": {"days": 2}}, "at most"),
    ("send_message", {"ttl": float("inf")}, "so long"),
    ("send_message", {"expiration": "1e999"}, "so long"),
    ("send_message", {"timeout": "inf"}, "so long"),
    ("pin_message", {"duration": float("inf")}, "1d"),
    ("send_message", {"priority": "urgent"}, "high"),
    ("send_message", {"wait_for": "played"}, "delivered"),
    ("send_message", {"timeout": "soon"}, "timeout"),
    ("send_message", {"request_id": "x" * 201}, "200"),
    ("send_message", {"request_id": ""}, "at least 1"),
    ("send_message", {"typing": "perhaps"}, "boolean"),
    ("send_message", {"degrade": "lossy"}, "degrade"),
    ("send_image", {"authentication": "magic"}, "basic"),
    ("send_image", {"headers": "X-A: b"}, "mapping"),
    ("send_image", {"view_once": "perhaps"}, "boolean"),
    ("send_image", {"media": {"id": "x"}}, "media"),
    ("send_image", {"degrade": "somehow"}, "lossless"),
    ("send_video", {"seconds": 90_000}, "at most"),
    ("send_audio", {"caption": "x"}, "caption"),
    ("send_document", {"mimetype": ""}, "at least 1"),
    ("send_location", {"latitude": 91}, "latitude"),
    ("send_location", {"longitude": "east"}, "longitude"),
    ("send_location", {"name": "x" * 257}, "256"),
    ("send_contact", {"contact_number": []}, "at least 1"),
    ("send_contact", {"contact_number": ["1"] * 17}, "16"),
    ("send_contact", {"name": ""}, "at least 1"),
    ("send_poll", {"options": [True, False]}, "quotation marks"),
    ("send_buttons", {"buttons": []}, "at least 1"),
    ("send_buttons", {"buttons": ["a", "a"]}, "same id"),
    ("send_buttons", {"buttons": [{"id": "a"}]}, "text"),
    ("send_buttons", {"buttons": [{"text": "a", "color": "red"}]}, "color"),
    ("send_buttons", {"buttons": MANY}, "32"),
    ("send_list", {"sections": [{"title": "a"}]}, "rows"),
    ("send_list", {"sections": [{"rows": MANY[:20]}, {"rows": MANY[20:]}]}, "32"),
    ("send_list", {"sections": [{"rows": ["a"]}, {"rows": ["a"]}]}, "same id"),
    ("send_list", {"sections": ["a"]}, "mapping"),
    ("send_reaction", {"reaction": "👍" * 65}, "64"),
    ("send_reaction", {"quote": "last"}, "quote"),
    ("edit_message", {"message_id": ""}, "at least 1"),
    ("revoke_message", {"message_id": None}, "None"),
    ("forward_message", {"destination": []}, "at least 1"),
    ("pin_message", {"duration": "2d"}, "1d, 7d or 30d"),
    ("pin_message", {"duration": 5}, "1d, 7d or 30d"),
]


@pytest.mark.parametrize(("action", "bad", "help_text"), BAD)
async def test_bad_input(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, bad: dict[str, Any], help_text: str
) -> None:
    with pytest.raises(vol.Invalid) as caught:
        await call(hass, action, target=BEA, **(WELL[action] | bad))
    assert help_text in str(caught.value)


@pytest.mark.parametrize(
    ("action", "field"),
    [(action, field) for action, fields in WELL.items() for field in fields if field not in ("file", "text")],
)
async def test_what_is_required(hass: HomeAssistant, entry: MockConfigEntry, action: str, field: str) -> None:
    with pytest.raises(vol.Invalid, match=field):
        await call(hass, action, target=BEA, **{key: value for key, value in WELL[action].items() if key != field})


@pytest.mark.parametrize(
    ("action", "bad", "key"),
    [
        ("send_message", {"message": " "}, "empty_message"),
        ("send_message", {"message": "x" * (LIMIT_TEXT_CHARS + 1)}, "message_too_long"),
        ("send_buttons", {"message": "x" * (LIMIT_TEXT_CHARS + 1)}, "message_too_long"),
        ("send_buttons", {"message": "x" * LIMIT_TEXT_CHARS}, "message_too_long"),
        ("send_list", {"text": " "}, "empty_message"),
        ("edit_message", {"message": ""}, "empty_message"),
        ("edit_message", {"message_id": "nothing"}, "message_not_found"),
        ("pin_message", {"message_id": "nothing"}, "message_not_found"),
    ],
)
@pytest.mark.usefixtures("entry")
async def test_what_cannot_be_sent(
    hass: HomeAssistant, whatsapp: Simulator, action: str, bad: dict[str, Any], key: str
) -> None:
    box = await inbox(whatsapp, BEA)
    assert (await refused(hass, action, target=BEA, **(WELL[action] | bad))).translation_key == key
    assert not await box.look()


async def test_half_a_character_goes_out_as_a_question_mark(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    """Broken JSON of others has such texts, and templates hand them on."""
    box = await inbox(whatsapp, BEA)
    await call(hass, "send_message", entity_id="notify.bea", message="a \ud83d b")
    await call(hass, "send_message", entity_id="notify.bea", message="and on")
    assert await box.texts() == ["a ? b", "and on"]
