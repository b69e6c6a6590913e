"""What is told to whoever helps, and what log lines call people."""

import json
import logging
from typing import Any

from homeassistant.components.diagnostics import DOMAIN as DIAGNOSTICS
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.whatsapp.const import CONF_MEMBERS, DOMAIN
from custom_components.whatsapp.issues import async_pseudonym, async_raise
from custom_components.whatsapp.privacy import Privacy
from demo.simulator import BEA, CARLOS, FAMILY, OWNER, Simulator
from tests.support.entry import load, scripted_entry
from tests.support.scripted_account import BOB, FAMILY as SCRIPTED_FAMILY, STRANGER, fail
from tests.support.scripted_bridge import TOKEN, ScriptedBridge, account
from tests.support.shared_house import SharedHouse
from tests.support.wait import until

pytestmark = pytest.mark.usefixtures("impatient")


async def _download(hass: HomeAssistant, hass_client: ClientSessionGenerator, entry: MockConfigEntry) -> Any:
    assert await async_setup_component(hass, DIAGNOSTICS, {})
    return await get_diagnostics_for_config_entry(hass, hass_client, entry)


async def test_house_full_of_secrets(
    hass: HomeAssistant, house: SharedHouse, whatsapp: Simulator, hass_client: ClientSessionGenerator
) -> None:
    bea, family = await house.chat(BEA), await house.chat(FAMILY)
    made = await house.entry({BEA: "Secret-title-of-Bea", FAMILY: "Secret-title-of-family"}, title="Secret-account")
    member = {"id": bea["id"], "phone": bea["phone"], "lid": bea["lid"], "name": "Secret-member"}
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Secret-account",
        data=dict(made.data),
        options={"media_folder": "/media/secret-folder", "pacing_burst": 11},
        unique_id=made.unique_id,
        subentries_data=[
            ConfigSubentryData(
                data={**each.data, CONF_MEMBERS: [member]} if each.unique_id == family["id"] else dict(each.data),
                subentry_type=each.subentry_type,
                title=each.title,
                unique_id=each.unique_id,
            )
            for each in made.subentries.values()
        ],
    )
    await load(hass, entry)
    await hass.services.async_call(
        "whatsapp", "send_message", {"target": "Secret-title-of-Bea", "message": "secret-text-out"}, blocking=True
    )
    with pytest.raises(Exception, match="WhatsApp"):
        await hass.services.async_call(
            "whatsapp", "send_message", {"target": "+15550999999", "message": "secret-text-lost"}, blocking=True
        )
    counted = entry.runtime_data.figures.counts["received"]
    await whatsapp.do("phone.say", number=BEA, to=FAMILY, text="secret-text-in")
    await until(lambda: entry.runtime_data.figures.counts["received"] > counted)

    data = await _download(hass, hass_client, entry)
    house_account = house.account
    secrets = {
        *("secret", "Secret", "Alex", "Bea", "Carlos", "Family", "Neighbours", "s.whatsapp.net", "@lid", "@g.us"),
        *(OWNER, BEA, CARLOS, "15550999999", FAMILY, FAMILY.partition("@")[0]),
        *(entry.data["token"], entry.data["url"], "127.0.0.1", house_account["account_id"], entry.entry_id),
        *(value for value in (house_account["lid"], bea["lid"], bea["id"], family["id"]) if value),
        *(value.partition("@")[0] for value in (house_account["lid"], bea["lid"]) if value),
    }
    assert len(secrets) > 20
    ours = json.dumps(data)
    assert not {secret for secret in secrets if secret in ours}

    assert data["bridge"]["connected"] is True
    assert data["bridge"]["storage"] == "ok"
    assert data["bridge"]["health"]["sent"] >= 1
    assert data["account"]["connection"]["status"] == "connected"
    assert data["account"]["capabilities"]
    assert data["options"]["media_folder"] is True
    assert data["options"]["pacing_burst"] == 11
    assert data["account"]["settings"]["pacing"]["burst"] == 11
    assert [error["code"] for error in data["errors"]] == ["not_on_whatsapp"]
    assert data["figures"]["counts"]["sent"] >= 1
    assert data["chats_by_kind"]["group"] == 2
    person, group = data["added_chats"]
    assert (person["kind"], group["kind"]) == ("person", "group")
    assert group["members"] == [person["chat"]], "the same person is the same everywhere"
    # All of the file, also what Home Assistant puts into it.
    async_raise(hass, "unlink_failed", await async_pseudonym(hass, entry.data["account_id"]))
    async_raise(hass, "replaced", entry.entry_id, name=entry.title)
    client = await hass_client()
    file = await (await client.get(f"/api/diagnostics/config_entry/{entry.entry_id}")).text()
    assert "unlink_failed" in file
    assert not {secret for secret in secrets - {entry.entry_id} if secret in file}
    again = await _download(hass, hass_client, entry)
    assert again["added_chats"] == data["added_chats"]


async def test_device_of_a_chat_tells_of_no_other(
    hass: HomeAssistant,
    scripted_bridge: ScriptedBridge,
    device_registry: dr.DeviceRegistry,
    hass_client: ClientSessionGenerator,
) -> None:
    entry = scripted_entry(scripted_bridge, [BOB, SCRIPTED_FAMILY])
    scripted_bridge.chats = [BOB, STRANGER]
    await load(hass, entry)
    assert await async_setup_component(hass, DIAGNOSTICS, {})
    devices = {device.name: device for device in dr.async_entries_for_config_entry(device_registry, entry.entry_id)}
    found: Any = await get_diagnostics_for_device(hass, hass_client, entry, devices["Bob"])
    [bob] = found["added_chats"]
    assert (bob["kind"], bob["has_phone"], bob["has_lid"], bob["known_to_bridge"]) == ("person", True, False, True)
    whole: Any = await get_diagnostics_for_device(hass, hass_client, entry, devices["Owner"])
    assert [chat["known_to_bridge"] for chat in whole["added_chats"]] == [True, False]


async def test_what_is_known_of_a_bridge_that_does_not_answer(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, hass_client: ClientSessionGenerator
) -> None:
    entry = scripted_entry(scripted_bridge)
    await load(hass, entry)
    scripted_bridge.account = account("disconnected") | {"restriction": {"since": 1.0, "until": None}}
    await scripted_bridge.event({"type": "account", "account": scripted_bridge.account})
    await until(lambda: entry.runtime_data.state["restriction"])
    bridge = (await _download(hass, hass_client, entry))["bridge"]
    assert (bridge["health"], bridge["accounts"]) == (None, 0), "it does not know the account"
    scripted_bridge.answers["health"] = fail("internal")
    found = await _download(hass, hass_client, entry)
    assert found["bridge"]["health"] == "internal"
    assert found["account"]["restriction"] == {"since": 1.0, "until": None}
    await scripted_bridge.stop()
    await until(lambda: entry.runtime_data.fault)
    bridge = (await _download(hass, hass_client, entry))["bridge"]
    assert (bridge["connected"], bridge["health"], bridge["fault"]) == (False, None, "unreachable")


@pytest.mark.parametrize("mask", [True, False])
async def test_log_lines(
    hass: HomeAssistant, scripted_bridge: ScriptedBridge, caplog: pytest.LogCaptureFixture, mask: bool
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components.whatsapp")
    entry = scripted_entry(scripted_bridge, [BOB])
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, options={"mask_logs": mask})
    await load(hass, entry)
    await scripted_bridge.message(1, BOB, "secret-text")
    await scripted_bridge.message(2, STRANGER, "secret-text")
    await until(lambda: {"account_id": "acc-1", "consumer": entry.entry_id, "seq": 2} in scripted_bridge.of("ack"))
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("custom_components.whatsapp")]
    events = [line.rpartition(" ")[2] for line in lines if line.startswith("Event ")]
    assert len(events) == len(set(events)) == 2, "they can be told apart"
    text = "\n".join(lines)
    assert (BOB["id"] in text, STRANGER["id"] in text) == (not mask, not mask)
    assert not {secret for secret in ("secret", "Bob", "Stranger", TOKEN) if secret in text}


def test_pseudonyms() -> None:
    privacy = Privacy("token", mask=True)
    assert privacy.pseudonym(BOB["id"]) == Privacy("token", mask=False).pseudonym(BOB["id"])
    assert privacy.pseudonym(BOB["id"]) != Privacy("other", mask=True).pseudonym(BOB["id"]), "numbers cannot be tried"
    assert privacy.pseudonym(BOB["id"]) != privacy.pseudonym(STRANGER["id"])
    assert Privacy("token", mask=False).shown("a\nb" + "x" * 100) == "a b" + "x" * 61
