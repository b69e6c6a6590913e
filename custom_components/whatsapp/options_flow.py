"""The flow for what may be chosen for an account."""

from dataclasses import asdict
import os
from pathlib import Path
from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
import voluptuous as vol

from .bridge.protocol import LIMIT_MEDIA_BYTES_MAX
from .options import MEBIBYTE, Options

CONF_MEDIA_FOLDER: Final = "media_folder"

# As in `Pacing` and `MediaPolicy` of bridge/src/wire/basics.ts.
MAX_BURST: Final = 1000
MAX_A_MINUTE: Final = 6000
MAX_DAYS: Final = 3650
# The wire has no limit; one TiB is more than any disk that this is for.
MAX_KEEP_MIB: Final = 1024 * 1024


def _number(minimum: int, maximum: int, unit: str) -> vol.All:
    config = NumberSelectorConfig(
        min=minimum,
        max=maximum,
        step=1,
        mode=NumberSelectorMode.BOX,
        unit_of_measurement=unit,
        translation_key="amount",
    )
    return vol.All(NumberSelector(config), vol.Coerce(int))


def _choice(options: list[str], key: str) -> SelectSelector:
    return SelectSelector(SelectSelectorConfig(options=options, translation_key=key, mode=SelectSelectorMode.LIST))


MESSAGES: Final = vol.Schema(
    {
        vol.Required("reach"): _choice(["added", "everyone"], "reach"),
        vol.Required("own_messages"): BooleanSelector(),
        vol.Required("mark_as_read"): BooleanSelector(),
        vol.Required("mark_online"): BooleanSelector(),
    }
)
MEDIA: Final = vol.Schema(
    {
        vol.Required("media_download"): _choice(["lazy", "at_once"], "media_download"),
        vol.Required("media_max_mib"): _number(0, LIMIT_MEDIA_BYTES_MAX // MEBIBYTE, "MiB"),
        vol.Required("media_keep_days"): _number(0, MAX_DAYS, "days"),
        vol.Required("media_keep_mib"): _number(0, MAX_KEEP_MIB, "MiB"),
        vol.Optional(CONF_MEDIA_FOLDER): TextSelector(),
        vol.Required("media_folder_days"): _number(0, MAX_DAYS, "days"),
    }
)
SENDING: Final = vol.Schema(
    {
        vol.Required("pacing_burst"): _number(1, MAX_BURST, "messages"),
        vol.Required("pacing_chat"): _number(0, MAX_A_MINUTE, "messages"),
        vol.Required("pacing_account"): _number(0, MAX_A_MINUTE, "messages"),
    }
)
PRIVACY: Final = vol.Schema({vol.Required("mask_logs"): BooleanSelector()})


class AccountOptionsFlow(OptionsFlow):
    """Changes options, one form of them at a time. What is as it is by default is not kept."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Offer the forms."""
        return self.async_show_menu(step_id="init", menu_options=["messages", "media", "sending", "privacy"])

    async def async_step_messages(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what reaches automations, and what others see of it."""
        return self._ask("messages", MESSAGES, user_input)

    async def async_step_media(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what becomes of files that come in."""
        errors = {}
        if user_input and (folder := user_input.get(CONF_MEDIA_FOLDER, "").strip()):
            user_input = {**user_input, CONF_MEDIA_FOLDER: str(Path(folder))}
            if error := await self.hass.async_add_executor_job(check_folder, self.hass, folder):
                errors = {CONF_MEDIA_FOLDER: error}
        return self._ask("media", MEDIA, user_input, errors)

    async def async_step_sending(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask how fast messages go out."""
        return self._ask("sending", SENDING, user_input)

    async def async_step_privacy(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what logs tell."""
        return self._ask("privacy", PRIVACY, user_input)

    def _ask(
        self,
        step_id: str,
        schema: vol.Schema,
        user_input: dict[str, Any] | None,
        errors: dict[str, str] | None = None,
    ) -> ConfigFlowResult:
        """Show a form, or keep what it was filled with."""
        options = self.config_entry.options
        default = asdict(Options())
        # A text that was emptied is not in the input.
        chosen = {str(key): default[str(key)] for key in schema.schema} | user_input if user_input else {}
        if chosen and not errors:
            changed = {key: value for key, value in {**options, **chosen}.items() if default.get(key) != value}
            return self.async_create_entry(data=changed)
        shown = asdict(Options.from_mapping(options)) | chosen
        # Nobody is sent to the folder that everybody can read.
        allowed = self.hass.config.allowlist_external_dirs - {self.hass.config.path("www")}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
            description_placeholders={
                "allowed": ", ".join(sorted(allowed)),
                "example": f"{self.hass.config.media_dirs.get('local', '/media')}/whatsapp",
            },
        )


def check_folder(hass: HomeAssistant, text: str) -> str | None:
    """Make a folder to save files in, unless it is there. Returns the key of what is wrong with it. It blocks."""
    folder = Path(text)
    if not folder.is_absolute():
        return "folder_not_absolute"
    try:
        if not hass.config.is_allowed_path(str(folder.resolve())):
            return "folder_not_allowed"
        folder.mkdir(parents=True, exist_ok=True)
    except OSError, ValueError:
        return "folder_not_writable"
    return None if os.access(folder, os.W_OK | os.X_OK) else "folder_not_writable"
