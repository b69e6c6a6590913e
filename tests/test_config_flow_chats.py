"""The config flow: which chats to begin with."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, CARLOS, OWNER, Simulator
from tests.support.dialog import Dialog
from tests.support.house import RealBridge
from tests.support.scripted_bridge import ScriptedBridge, chat

DORA = "15550000004"
NOBODY = "15559999999"


async def test_people_are_offered_by_name_and_number(dialog: Dialog, scripted_bridge: ScriptedBridge) -> None:
    scripted_bridge.account["name"] = "Alex"
    scripted_bridge.chats = [
        chat("15550000009@s.whatsapp.net", "zoe"),
        chat("15550000008@s.whatsapp.net", "Bea"),
        chat("15550000007@s.whatsapp.net"),
        chat("77@lid", "Hidden"),
        chat("78@lid"),
        chat("79@lid", "Hidden"),
    ]
    scripted_bridge.answers["groups"] = {"groups": []}
    await dialog.add(scripted_bridge)
    await dialog.choose("existing")
    assert "groups" not in dialog.step["data_schema"].schema
    assert dialog.step["description_placeholders"]["name"] == "Alex"
    assert dialog.offers("people") == [
        "zoe (+15550000009)",
        "Bea (+15550000008)",
        "+15550000007",
        "Hidden (77@lid)",
        "78@lid",
        "Hidden (79@lid)",
    ]
    await dialog.submit(people=["Hidden (79@lid)", "zoe (+15550000009)"])
    entry = dialog.step["result"]
    assert entry.title == "Alex"
    assert {subentry.title: subentry.data["lid"] for subentry in entry.subentries.values()} == {
        "Hidden": "79@lid",
        "zoe": None,
    }


@pytest.mark.parametrize(
    ("number", "error"),
    [(NOBODY, "not_on_whatsapp"), ("079 123 45 67", "country_code_required"), ("Bea", "country_code_required")],
)
async def test_a_number_that_leads_nowhere(
    dialog: Dialog, simulator: Simulator, bridge: RealBridge, number: str, error: str
) -> None:
    await bridge.link(simulator)
    await dialog.add(bridge)
    await dialog.choose("existing")
    await dialog.submit(groups=["Family"], numbers=[BEA, number])
    assert dialog.step["errors"] == {"numbers": error}
    assert dialog.step["description_placeholders"]["number"] == number
    await dialog.submit(groups=["Family"], numbers=[BEA, f"+{BEA}", CARLOS])
    titles = {subentry.title for subentry in dialog.step["result"].subentries.values()}
    assert titles == {"Family", f"+{BEA}", f"+{CARLOS}"}


async def test_a_number_as_the_country_writes_it(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    await hass.config.async_update(country="US")
    await bridge.link(simulator)
    await dialog.add(bridge)
    await dialog.choose("existing")
    await dialog.submit(numbers=["(555) 000-0002", "Carlos"])
    assert dialog.step["errors"] == {"numbers": "invalid_phone"}
    assert dialog.step["description_placeholders"]["number"] == "Carlos"
    await dialog.submit(numbers=["(555) 000-0002", "1 555 000 0003"])
    phones = [subentry.data["phone"] for subentry in dialog.step["result"].subentries.values()]
    assert phones == [BEA, CARLOS]


async def test_a_double_click_adds_one_account(
    hass: HomeAssistant, dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    await bridge.link(simulator)
    await dialog.add(bridge)
    await dialog.choose("existing")
    await dialog.click_twice(numbers=[BEA])
    [entry] = hass.config_entries.async_entries(DOMAIN)
    assert entry.state is ConfigEntryState.LOADED
    assert [subentry.data["phone"] for subentry in entry.subentries.values()] == [BEA]
    assert [known["connection"]["status"] for known in (await bridge.accounts()).values()] == ["connected"]


async def test_whatsapp_is_away_while_a_number_is_looked_up(
    dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    await bridge.link(simulator)
    # After the link: the phone tells a new device whom it knows.
    await simulator.do("phone.create", number=DORA, name="Dora")
    await dialog.add(bridge)
    await dialog.choose("existing")
    away = await simulator.do("fault.set", kind="http_status", code=503)
    await simulator.do("server.disconnect", number=OWNER, reason="drop")
    await bridge.until_account("disconnected")
    await dialog.submit(numbers=[DORA])
    assert dialog.step["errors"] == {"numbers": "not_connected"}
    await simulator.do("fault.clear", id=away["id"])
    await bridge.until_account("connected")
    await dialog.submit(numbers=[DORA])
    assert [subentry.title for subentry in dialog.step["result"].subentries.values()] == [f"+{DORA}"]


async def test_the_bridge_is_away_while_chats_are_listed(
    dialog: Dialog, simulator: Simulator, bridge: RealBridge
) -> None:
    await bridge.link(simulator)
    await dialog.add(bridge)
    await bridge.stop()
    await dialog.choose("existing")
    assert dialog.step["step_id"] == "chats"
    assert dialog.step["errors"] == {"base": "cannot_connect"}
    await bridge.start()
    await dialog.submit(numbers=[BEA])
    assert [subentry.title for subentry in dialog.step["result"].subentries.values()] == [f"+{BEA}"]
