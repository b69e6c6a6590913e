"""`notify.whatsapp` and the notify entities, up to the phones that they reach."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.whatsapp.bridge.protocol import LIMIT_TEXT_CHARS
from demo.simulator import BEA, CARLOS, FAMILY, NEIGHBOURS, Simulator
from tests.support.entry import load, make_entry, scripted_entry
from tests.support.phone import inbox
from tests.support.scripted_bridge import TOKEN, Fail, ScriptedBridge, account, chat
from tests.support.shared_house import SharedHouse

NOBODY = "15559999999"


async def _notify(hass: HomeAssistant, **data: Any) -> None:
    await hass.services.async_call("notify", "whatsapp", {"message": "hello", **data}, blocking=True)


async def _refused(hass: HomeAssistant, **data: Any) -> ServiceValidationError:
    with pytest.raises(ServiceValidationError) as caught:
        await _notify(hass, **data)
    assert caught.value.translation_key
    return caught.value


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (BEA, "by number"),
        (int(BEA), "by number that YAML took for one"),
        ("+1 (555) 000-0002", "by number as people write it"),
        (f"{BEA}@s.whatsapp.net", "by address"),
        ("Bea", "by name"),
        (" bEA ", "by name, more or less"),
        ([BEA], "in a list"),
    ],
)
async def test_reaches_a_person(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, target: Any, message: str
) -> None:
    box = await inbox(whatsapp, BEA)
    await _notify(hass, target=target, message=message)
    assert await box.texts() == [message]


@pytest.mark.parametrize("target", [NEIGHBOURS, "neighbours", "Neighbours"])
async def test_reaches_a_group_that_was_not_added(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator, target: str
) -> None:
    box = await inbox(whatsapp, CARLOS)
    await _notify(hass, target=target, message=f"to {target}")
    (message,) = await box.look()
    assert (message["chat"], message["text"], message["copies"]) == (NEIGHBOURS, f"to {target}", 1)


async def test_title_is_a_bold_first_line(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    await _notify(hass, target="Bea", title="Front door\n is open ", message="since\n*ten*")
    await _notify(hass, target="Bea", title=" ", message="no title")
    assert await box.texts() == ["*Front door is open*\nsince\n*ten*", "no title"]


async def test_one_bad_target_does_not_stop_the_others(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    bea, carlos = await inbox(whatsapp, BEA), await inbox(whatsapp, CARLOS)
    error = await _refused(
        hass, target=["+1 555 999-9999", "No\nSuch {{ name }}", BEA, CARLOS, "bea"], message="to all"
    )
    assert await bea.texts() == ["to all"], "once, by whatever name"
    assert await carlos.texts() == ["to all"]
    assert error.translation_key == "some_failed"
    assert str(error) == (
        "2 of 4 targets failed. +• ••• •••-•999: This number is not on WhatsApp;"
        " No Such {{ name }}: No chat has this name. Use a phone number, an id, the name of a chat that was added,"
        " or the name of a group"
    )


async def test_single_failure_is_told_as_it_is(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert (await _refused(hass, target=NOBODY)).translation_key == "not_on_whatsapp"
    assert (await _refused(hass, target="Nobody")).translation_key == "unknown_chat"
    assert (await _refused(hass, target="120363000000000999@g.us")).translation_key == "chat_not_found"
    for too_long in (20, 200):
        assert (await _refused(hass, target="41" * too_long)).translation_key == "country_code_required"
    hass.config.country = "CH"
    assert (await _refused(hass, target="079 123")).translation_key == "invalid_number"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"target": BEA, "message": " \n"}, "empty_message"),
        ({"target": BEA, "message": "x" * (LIMIT_TEXT_CHARS + 1)}, "message_too_long"),
        ({}, "target_required"),
        ({"target": []}, "target_required"),
        ({"target": BEA, "data": {"account": "nobody"}}, "unknown_account"),
    ],
)
async def test_bad_input(hass: HomeAssistant, entry: MockConfigEntry, data: dict[str, Any], key: str) -> None:
    assert (await _refused(hass, **data)).translation_key == key


async def test_unknown_keys_of_data(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    error = await _refused(hass, target=BEA, data={"imgae": "https://example.org/a.png", "account": "Alex", 5: 6})
    assert error.translation_key == "unsupported_data"
    assert error.translation_placeholders == {"keys": "imgae, 5"}
    assert not await box.look()


async def test_which_account_sends(hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator) -> None:
    alex = await house.entry({BEA: "Bea"})
    carlos = await house.entry({BEA: "Bea"}, await house.second_account(whatsapp), title="Carlos")
    await load(hass, alex)
    await load(hass, carlos)
    assert (await _refused(hass, target=BEA)).translation_key == "several_accounts"
    box = await inbox(whatsapp, BEA)
    for called in (carlos.entry_id, CARLOS, int(CARLOS), "+1 555 000 0003", "carlos"):
        await _notify(hass, target=BEA, data={"account": called})
    await _notify(hass, target=BEA, data={"account": "Alex"})
    senders = [message["from"] for message in await box.look()]
    assert senders == [CARLOS] * 5 + [house.account["phone"]]
    assert [name for name in hass.services.async_services_for_domain("notify") if "whatsapp" in name] == ["whatsapp"]

    assert await hass.config_entries.async_unload(carlos.entry_id)
    assert (await _refused(hass, target=BEA, data={"account": "Carlos"})).translation_key == "account_not_loaded"
    await _notify(hass, target=BEA)
    hass.config_entries.async_update_entry(alex, title="Carlos")
    assert (await _refused(hass, target=BEA, data={"account": "Carlos"})).translation_key == "several_accounts"
    await hass.async_block_till_done()
    assert await hass.config_entries.async_unload(alex.entry_id)
    assert (await _refused(hass, target=BEA)).translation_key == "no_account"


async def test_names_that_are_not_unique(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    bob, rob = chat("15550000002@s.whatsapp.net", "Bob"), chat("15550000003@s.whatsapp.net", "Rob")
    stranger = chat("15550000004@s.whatsapp.net", "Mallory")
    impostor = chat("120363000000000009@g.us", "Bob")
    twins = [chat("120363000000000001@g.us", "Twins"), chat("120363000000000002@g.us", "twins")]
    scripted_bridge.chats = [bob, rob, stranger, impostor, *twins]
    scripted_bridge.answers["send"] = {"message_id": "m", "chat_id": "c", "status": "sent", "timestamp": 1}
    await load(hass, scripted_entry(scripted_bridge, [bob, rob, {**chat("120363000000000005@g.us"), "name": "ROB"}]))
    assert (await _refused(hass, target="rob")).translation_key == "ambiguous_chat"
    assert (await _refused(hass, target="Twins")).translation_key == "ambiguous_chat"
    assert (await _refused(hass, target="Mallory")).translation_key == "unknown_chat", "that is what she says"
    await _notify(hass, target="Bob")
    await _notify(hass, target=stranger["id"])
    assert [args["chat"] for args in scripted_bridge.of("send")] == [bob["id"], stranger["id"]]


@pytest.mark.parametrize(
    ("failure", "error", "key"),
    [
        (Fail("account_not_found"), HomeAssistantError, "account_not_found"),
        (Fail("expired"), HomeAssistantError, "expired"),
        (Fail("internal"), HomeAssistantError, "internal"),
        (Fail("invalid_request"), ServiceValidationError, "invalid_request"),
        (Fail("invalid_request", field="/quote"), ServiceValidationError, "quote_not_possible"),
        (Fail("media_too_large"), ServiceValidationError, "file_too_large"),
        (Fail("media_too_large", limit=16_777_216), ServiceValidationError, "media_too_large"),
        (Fail("media_unavailable"), HomeAssistantError, "file_unavailable"),
        (Fail("message_not_found"), ServiceValidationError, "message_not_found"),
        (Fail("not_linked"), HomeAssistantError, "not_linked"),
        (Fail("not_connected"), HomeAssistantError, "not_connected"),
        (Fail("rate_limited"), HomeAssistantError, "rate_limited"),
        (Fail("rejected"), HomeAssistantError, "rejected"),
        (Fail("restricted"), HomeAssistantError, "restricted"),
        (Fail("restricted", until=1_800_000_000), HomeAssistantError, "restricted_until"),
        (Fail("storage_corrupt"), HomeAssistantError, "storage_corrupt"),
        (Fail("storage_full"), HomeAssistantError, "storage_full"),
        (Fail("storage_read_only"), HomeAssistantError, "storage_read_only"),
        (Fail("timeout"), HomeAssistantError, "timeout"),
        (Fail("unsupported"), ServiceValidationError, "unsupported"),
        (Fail("from_the_future"), HomeAssistantError, "bridge_error"),
    ],
)
async def test_errors_of_the_bridge_are_told(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, failure: Fail, error: type[HomeAssistantError], key: str
) -> None:
    def fail(_: dict[str, Any]) -> dict[str, Any]:
        raise failure

    scripted_bridge.answers["send"] = scripted_bridge.answers["resolve"] = fail
    await load(hass, scripted_entry(scripted_bridge, [chat("15550000002@s.whatsapp.net", "Bob")]))
    with pytest.raises(HomeAssistantError) as caught:
        await _notify(hass, target="Bob")
    assert (type(caught.value), caught.value.translation_key) == (error, key)
    with pytest.raises(HomeAssistantError) as caught:
        await _notify(hass, target=["Bob", "Nobody", "15550000003"])
    assert type(caught.value) is (error if error is ServiceValidationError else HomeAssistantError)
    assert caught.value.translation_key == "some_failed"


async def test_notify_entity(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    box = await inbox(whatsapp, BEA)
    state = hass.states.get("notify.bea")
    assert state
    assert state.state == "unknown"
    call = {"entity_id": ["notify.bea"], "message": "from the entity", "title": "Hey"}
    await hass.services.async_call("notify", "send_message", call, blocking=True)
    assert await box.texts() == ["*Hey*\nfrom the entity"]
    state = hass.states.get("notify.bea")
    assert state
    assert state.state != "unknown"
    with pytest.raises(ServiceValidationError) as caught:
        await hass.services.async_call("notify", "send_message", call | {"message": " "}, blocking=True)
    assert caught.value.translation_key == "empty_message"
    with pytest.raises(vol.Invalid):
        await hass.services.async_call("notify", "send_message", call | {"data": {}}, blocking=True)


async def test_yaml_sets_up_nothing(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    from custom_components.whatsapp.notify import async_get_service  # noqa: PLC0415

    assert await async_get_service(hass, {}) is None


async def test_entry_without_a_phone_number(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> None:
    scripted_bridge.answers["send"] = {"message_id": "m", "chat_id": "c", "status": "sent", "timestamp": 1}
    numberless = account()
    numberless["phone"] = None
    entry = make_entry(scripted_bridge.url, TOKEN, numberless)
    await load(hass, entry)
    assert (await _refused(hass, target=FAMILY, data={"account": "15550000001"})).translation_key == "unknown_account"
    await _notify(hass, target=FAMILY, data={"account": entry.entry_id})
