"""Conditions of automations."""

from typing import Final, Unpack, cast, override

from homeassistant.const import CONF_OPTIONS
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConditionErrorMessage, ServiceValidationError
from homeassistant.helpers.condition import Condition, ConditionCheckParams, ConditionConfig
from homeassistant.helpers.typing import ConfigType
import voluptuous as vol

from .targets import ATTR_ACCOUNT, find_account

# Then there is nothing that could be connected, which is an answer; anything else is a mistake of who asks.
_NOT_THERE: Final = {"no_account", "account_not_loaded"}

_SCHEMA: Final = vol.Schema({vol.Optional(CONF_OPTIONS, default=dict): {vol.Optional(ATTR_ACCOUNT): str}})


class IsConnectedCondition(Condition):
    """The bridge is there, and the account is logged in to WhatsApp: what is sent now goes out now."""

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Check the options."""
        return cast("ConfigType", _SCHEMA(config))

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        super().__init__(hass, config)
        self._account: str | None = (config.options or {}).get(ATTR_ACCOUNT)

    @override
    def _async_check(self, **kwargs: Unpack[ConditionCheckParams]) -> bool:
        try:
            account = find_account(self._hass, self._account)
        except ServiceValidationError as err:
            if err.translation_key in _NOT_THERE:
                return False
            raise ConditionErrorMessage("whatsapp.is_connected", str(err)) from err
        return account.bridge_connected and account.state["connection"]["status"] == "connected"


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions by name."""
    return {"is_connected": IsConnectedCondition}
