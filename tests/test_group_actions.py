"""Actions about groups, up to the WhatsApp that has them."""

from collections.abc import AsyncGenerator
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.whatsapp.const import DOMAIN
from demo.simulator import BEA, CARLOS, FAMILY, NEIGHBOURS, OWNER, Simulator
from tests.support.entry import search_groups
from tests.support.wait import until_told

NOBODY = "15559999999"
BEA_JID = f"{BEA}@s.whatsapp.net"
SHY = "15550000051"


async def _act(hass: HomeAssistant, action: str, **data: Any) -> Any:
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)


async def _refused(hass: HomeAssistant, action: str, **data: Any) -> str | None:
    with pytest.raises(HomeAssistantError) as caught:
        await _act(hass, action, **data)
    return caught.value.translation_key


async def _on_whatsapp(whatsapp: Simulator, group_id: str) -> dict[str, Any]:
    groups = (await whatsapp.do("group.list"))["groups"]
    found: dict[str, Any] = next(group for group in groups if group["id"] == group_id)
    return found


@pytest.fixture
async def group(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> AsyncGenerator[str]:
    """Return the id of a group of the owner's and Bea's. The house is for other tests too: the owner leaves it."""
    made = await _act(hass, "create_group", subject="Garden", participants=BEA)
    yield made["id"]
    if OWNER in (await _on_whatsapp(whatsapp, made["id"]))["members"]:
        await whatsapp.do("group.leave", id=made["id"], number=OWNER)
    await until_told(lambda: search_groups(hass), lambda groups: made["id"] not in {group["id"] for group in groups})


async def test_a_group_is_made(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    await hass.config.async_update(country="US")
    people = ["Bea", "(555) 000-0003", NOBODY, "Nobody", FAMILY]
    made = await _act(hass, "create_group", subject=" Holidays ", participants=people)
    assert (made["name"], made["kind"], made["participants"], made["is_admin"]) == ("Holidays", "group", 3, True)
    assert made["jid"] == made["id"]
    assert [(result["participant"], result["error_code"]) for result in made["results"]] == [
        ("Bea", None),
        ("(555) 000-0003", None),
        (NOBODY, "not_on_whatsapp"),
        ("Nobody", "unknown_chat"),
        (FAMILY, "participant_not_a_person"),
    ]
    assert made["results"][0]["error"] is None
    assert made["results"][2]["error"] == "This number is not on WhatsApp"
    there = await _on_whatsapp(whatsapp, made["id"])
    assert there["subject"] == "Holidays"
    assert sorted(there["members"]) == [OWNER, BEA, CARLOS]
    assert [group["id"] for group in await search_groups(hass, name_filter="holi")] == [made["id"]]
    left = await _act(hass, "leave_group", target="Holidays")
    assert left == {"id": made["id"], "jid": made["id"], "name": "Holidays"}
    assert OWNER not in (await _on_whatsapp(whatsapp, made["id"]))["members"]
    assert await search_groups(hass, name_filter="holi") == []


async def test_a_group_that_nobody_is_told_of_says_what_went_wrong(
    hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator
) -> None:
    data = {"subject": "Silent", "participants": [BEA, NOBODY]}
    with pytest.raises(ServiceValidationError) as caught:
        await hass.services.async_call(DOMAIN, "create_group", data, blocking=True)
    assert caught.value.translation_key == "some_failed"
    assert NOBODY not in str(caught.value), "errors end up in logs"
    assert [group["name"] for group in await search_groups(hass, name_filter="silent")] == ["Silent"]
    await _act(hass, "leave_group", target="Silent")


async def test_a_group_of_nobody(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    assert await _refused(hass, "create_group", subject="Empty", participants=NOBODY) == "not_on_whatsapp"
    assert await _refused(hass, "create_group", subject="Empty", participants=["Nobody"]) == "unknown_chat"
    assert await _refused(hass, "create_group", subject="Empty", participants=["Nobody", "No one"]) == "some_failed"
    assert await search_groups(hass, name_filter="empty") == []
    wrong: list[dict[str, Any]] = [
        {"subject": " ", "participants": BEA},
        {"subject": "x" * 101, "participants": BEA},
        {"subject": "x", "participants": []},
        {"subject": "x", "participants": [""]},
        {"subject": "x", "participants": [BEA] * 1025},
        {"subject": "x"},
    ]
    for data in wrong:
        with pytest.raises(vol.Invalid):
            await _act(hass, "create_group", **data)


async def test_who_does_not_let_others_add_them(
    hass: HomeAssistant, entry: MockConfigEntry, group: str, whatsapp: Simulator
) -> None:
    await whatsapp.do("phone.create", number=SHY, name="Shy")
    await whatsapp.do("fault.set", kind="member_error", code=403, number=SHY)
    added = await _act(hass, "add_group_participant", target="Garden", participants=[SHY, CARLOS])
    assert (added["id"], added["jid"], added["name"]) == (group, group, "Garden")
    shy, carlos = added["results"]
    assert (shy["participant"], shy["error_code"]) == (SHY, "participant_refused")
    assert "may not let others add them" in shy["error"]
    assert carlos == {"participant": CARLOS, "error": None, "error_code": None}
    assert (await _on_whatsapp(whatsapp, group))["members"] == [OWNER, BEA, CARLOS]
    assert await _refused(hass, "add_group_participant", target=group, participants=SHY) == "participant_refused"
    data = {"target": group, "participants": [SHY, CARLOS]}
    with pytest.raises(HomeAssistantError) as caught:
        await hass.services.async_call(DOMAIN, "add_group_participant", data, blocking=True)
    assert caught.value.translation_key == "some_failed"
    await whatsapp.do("fault.clear")
    made = await _act(hass, "create_group", subject="Shy and all", participants=[SHY, BEA])
    assert [result["error_code"] for result in made["results"]] == [None, None]
    await _act(hass, "leave_group", target=made["id"])


async def test_members_are_promoted_demoted_and_removed(hass: HomeAssistant, group: str, whatsapp: Simulator) -> None:
    done = {"id": group, "jid": group, "name": "Garden"}
    done["results"] = [{"participant": "Bea", "error": None, "error_code": None}]  # type: ignore[assignment]
    assert await _act(hass, "promote_group_participant", target=group, participants="Bea") == done
    assert (await _on_whatsapp(whatsapp, group))["admins"] == [OWNER, BEA]
    assert await _act(hass, "demote_group_participant", target=group, participants="Bea") == done
    assert (await _on_whatsapp(whatsapp, group))["admins"] == [OWNER]
    assert await _act(hass, "remove_group_participant", target=group, participants="Bea") == done
    assert (await _on_whatsapp(whatsapp, group))["members"] == [OWNER]
    assert await _refused(hass, "promote_group_participant", target=group, participants="Bea") == "participant_refused"


async def test_a_group_says_what_it_is_about(hass: HomeAssistant, group: str, whatsapp: Simulator) -> None:
    named = {"id": group, "jid": group, "name": "Plants"}
    assert await _act(hass, "update_group_subject", target="Garden", subject="Plants") == named
    about = {"target": group, "description": "Who waters,\nand when."}
    await hass.services.async_call(DOMAIN, "update_group_description", about, blocking=True)
    settings = {"announce": True, "locked": True, "expiration": 86400}
    assert await _act(hass, "update_group_settings", target=group, **settings) == named
    there = await _on_whatsapp(whatsapp, group)
    assert {key: there[key] for key in ("subject", *settings)} == {"subject": "Plants", **settings}
    assert there["description"] == about["description"]

    told = await _act(hass, "get_group", target=group)
    assert {key: told[key] for key in (*named, *settings)} == {**named, **settings}
    assert (told["description"], told["participants"], told["is_admin"]) == (about["description"], 2, True)
    bea, owner = sorted(told["members"], key=lambda member: member["number"], reverse=True)
    assert (bea["id"], bea["jid"], bea["number"], bea["is_admin"]) == (BEA_JID, BEA_JID, BEA, False)
    assert (owner["number"], owner["is_admin"]) == (OWNER, True)

    await _act(hass, "update_group_settings", target=group, announce=False, expiration=0)
    await _act(hass, "update_group_description", target=group, description="")
    told = await _act(hass, "get_group", target=group)
    assert (told["announce"], told["locked"], told["expiration"], told["description"]) == (False, True, 0, None)


@pytest.mark.parametrize(
    ("action", "wrong"),
    [
        ("update_group_settings", {}),
        ("update_group_settings", {"expiration": -1}),
        ("update_group_settings", {"expiration": 31_536_001}),
        ("update_group_settings", {"announce": "perhaps"}),
        ("update_group_subject", {"subject": ""}),
        ("update_group_subject", {"subject": "x" * 101}),
        ("update_group_description", {"description": "x" * 2049}),
        ("update_group_description", {}),
        ("join_group", {"code": " "}),
    ],
)
async def test_changes_that_whatsapp_does_not_have(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, wrong: dict[str, Any]
) -> None:
    target = {} if action == "join_group" else {"target": "Family"}
    with pytest.raises(vol.Invalid):
        await _act(hass, action, **target, **wrong)


async def test_people_are_invited(hass: HomeAssistant, group: str, whatsapp: Simulator) -> None:
    invite = await _act(hass, "get_group_invite", target=group)
    assert set(invite) == {"id", "jid", "name", "code", "url"}
    assert invite["url"] == f"https://chat.whatsapp.com/{invite['code']}"
    assert (await _act(hass, "get_group_invite", target=group))["code"] == invite["code"]
    renewed = await _act(hass, "get_group_invite", target=group, renew=True)
    assert renewed["code"] != invite["code"]
    await whatsapp.do("group.join", id=group, number=CARLOS, code=renewed["code"])
    assert CARLOS in (await _on_whatsapp(whatsapp, group))["members"]
    assert await _refused(hass, "join_group", code=invite["code"]) == "chat_not_found"


async def test_a_group_is_joined_by_its_link(hass: HomeAssistant, entry: MockConfigEntry, whatsapp: Simulator) -> None:
    made = await whatsapp.do("group.create", subject="Choir", members=[CARLOS, BEA])
    code = (await whatsapp.do("group.invite", id=made["id"]))["code"]
    joined = await _act(hass, "join_group", code=f"https://chat.whatsapp.com/{code}")
    assert (joined["id"], joined["name"], joined["participants"], joined["is_admin"]) == (made["id"], "Choir", 3, False)
    assert OWNER in (await _on_whatsapp(whatsapp, made["id"]))["members"]
    assert await _refused(hass, "update_group_settings", target="Choir", locked=True) == "rejected"
    await hass.services.async_call(DOMAIN, "leave_group", {"target": "Choir"}, blocking=True)
    assert OWNER not in (await _on_whatsapp(whatsapp, made["id"]))["members"]
    assert await _refused(hass, "join_group", code="no invitation at all") == "not_an_invitation"


async def test_what_is_no_group_or_not_one(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    for action in ("get_group", "leave_group", "get_group_invite"):
        assert await _refused(hass, action, target="Bea") == "not_a_group"
        assert await _refused(hass, action, entity_id="notify.bea") == "not_a_group"
        assert await _refused(hass, action, target=[FAMILY, NEIGHBOURS]) == "one_chat"
        assert await _refused(hass, action, target="120363999999999999@g.us") == "chat_not_found"
        assert await _refused(hass, action) == "target_required"
    assert (await _act(hass, "get_group", entity_id="notify.family"))["id"] == FAMILY
