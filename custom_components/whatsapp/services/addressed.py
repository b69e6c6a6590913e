"""Actions in which chats are addressed, and nothing is sent to them."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from homeassistant.core import ServiceCall
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.target import TargetSelection
import voluptuous as vol

from ..errors import invalid
from ..failures import raise_failures
from ..targets import ATTR_CHATS, ATTR_TARGET, Place, async_find_targets
from .common import TARGET_FIELDS

ADDRESSED_SCHEMA: Final = vol.Schema(TARGET_FIELDS)


def addresses_chats(call: ServiceCall) -> bool:
    """Return whether a call addresses anything, be it there or not."""
    selections = (call.data, call.data.get(ATTR_CHATS, {}))
    return any(TargetSelection(each).has_any_target for each in selections) or bool(call.data.get(ATTR_TARGET))


async def async_one_chat(call: ServiceCall) -> Place:
    """Return the only chat that a call addresses, by whatever and however many names.

    Raises:
        ServiceValidationError: there is none, or more than one, or no such chat.

    """
    found = await async_find_targets(call.hass, call.data)
    if errors := [place for place in found.values() if isinstance(place, HomeAssistantError)]:
        raise errors[0]
    place, *others = {place for place in found.values() if not isinstance(place, HomeAssistantError)}
    if others:
        raise invalid("one_chat")
    return place


async def async_for_each(call: ServiceCall, work: Callable[[Place], Awaitable[Any]]) -> dict[str, Any]:
    """Do the same for every chat that a call addresses, each once.

    Returns `{results: [{target, chat_id} | {target, error, error_code}]}`.

    Raises:
        HomeAssistantError: it did not work for some, and nobody asked for the response, or it worked for none.

    """
    results: list[dict[str, Any]] = []
    failures: dict[str, HomeAssistantError] = {}
    done: set[Place] = set()
    for target, found in (await async_find_targets(call.hass, call.data)).items():
        try:
            if isinstance(found, HomeAssistantError):
                raise found
            if found in done:
                continue
            await work(found)
        except HomeAssistantError as err:
            failures[target] = err
            results.append({"target": target, "error": str(err), "error_code": err.translation_key})
        else:
            done.add(found)
            results.append({"target": target, "chat_id": found.chat})
    raise_failures(failures, succeeded=len(done), told=call.return_response)
    return {"results": results}
