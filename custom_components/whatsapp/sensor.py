"""How the account is doing, and which chats there are."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, get_args, override

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .account import Account, WhatsAppConfigEntry
from .bridge.protocol import ConnectionReason, ConnectionStatus
from .entity import AccountEntity
from .figures import Figure, as_time

PARALLEL_UPDATES = 0

# What the wire says apart from the status, and what it calls null.
RESTRICTED: Final = "restricted"
NO_REASON: Final = "none"


def _state(account: Account) -> str:
    status = account.state["connection"]["status"]
    return RESTRICTED if status == "connected" and account.state["restriction"] else status


@dataclass(frozen=True, kw_only=True)
class StateDescription(SensorEntityDescription):
    """A sensor of what the bridge says of the account."""

    value: Callable[[Account], str | int]


STATES: Final = (
    StateDescription(
        key="state",
        translation_key="state",
        device_class=SensorDeviceClass.ENUM,
        options=[*get_args(ConnectionStatus.__value__), RESTRICTED],
        entity_category=EntityCategory.DIAGNOSTIC,
        value=_state,
    ),
    StateDescription(
        key="reason",
        translation_key="reason",
        device_class=SensorDeviceClass.ENUM,
        options=[NO_REASON, *get_args(ConnectionReason.__value__)],
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda account: account.state["connection"]["reason"] or NO_REASON,
    ),
    StateDescription(
        key="queued",
        translation_key="queued",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda account: account.state["queued"],
    ),
)


@dataclass(frozen=True, kw_only=True)
class FigureDescription(SensorEntityDescription):
    """A sensor of a figure that is kept here."""

    figure: Figure


TIMES: Final = (
    FigureDescription(key="last_received", translation_key="last_received", figure="received"),
    FigureDescription(key="last_sent", translation_key="last_sent", figure="sent"),
)
COUNTS: Final = (
    FigureDescription(key="sent", translation_key="sent", figure="sent"),
    FigureDescription(key="failed", translation_key="failed", figure="failed"),
    FigureDescription(key="received", translation_key="received", figure="received"),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: WhatsAppConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of the account."""
    async_add_entities(
        [
            ChatsSensor(entry, "chats"),
            *(StateSensor(entry, description) for description in STATES),
            *(TimeSensor(entry, description) for description in TIMES),
            *(CountSensor(entry, description) for description in COUNTS),
            ConfirmationSensor(entry, "confirmation_time"),
        ]
    )


class ChatsSensor(AccountEntity, SensorEntity):
    """The number of chats, with the ids of the groups for those who write automations."""

    _attr_translation_key = "chats"
    _unrecorded_attributes = frozenset({"groups"})

    @property
    @override
    def native_value(self) -> int:
        """The number of chats."""
        return len(self.account.chats)

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        """The groups."""
        groups = [chat for chat in self.account.chats.values() if chat["kind"] == "group"]
        return {"groups": [{"id": group["id"], "name": group["name"]} for group in groups]}


class StateSensor(AccountEntity, SensorEntity):
    """What the bridge says of the account, also when it is logged out."""

    _known_without_link = True
    entity_description: StateDescription

    def __init__(self, entry: WhatsAppConfigEntry, description: StateDescription) -> None:
        super().__init__(entry, description.key)
        self.entity_description = description

    @property
    @override
    def native_value(self) -> str | int:
        """As the bridge said last."""
        return self.entity_description.value(self.account)


class FigureSensor(AccountEntity, RestoreSensor):
    """A figure that is kept here. It is written when it has changed, not whenever something happens."""

    _attr_entity_category = EntityCategory.DIAGNOSTIC
    _restored: StateType | date | datetime | Decimal = None

    @override
    async def async_added_to_hass(self) -> None:
        """Go on from where it was, and follow the figures."""
        await super().async_added_to_hass()
        if data := await self.async_get_last_sensor_data():
            self._restored = data.native_value
        self._attr_native_value = self._figure()
        self.async_on_remove(self.account.figures.on_change(self._update))

    @callback
    def _update(self) -> None:
        if (figure := self._figure()) != self._attr_native_value:
            self._attr_native_value = figure
            self.async_write_ha_state()

    @abstractmethod
    def _figure(self) -> StateType | date | datetime | Decimal:
        """Return what it is now."""


class TimeSensor(FigureSensor):
    """When something was last, to the second."""

    _attr_device_class = SensorDeviceClass.TIMESTAMP
    entity_description: FigureDescription

    def __init__(self, entry: WhatsAppConfigEntry, description: FigureDescription) -> None:
        super().__init__(entry, description.key)
        self.entity_description = description

    @override
    def _figure(self) -> StateType | date | datetime | Decimal:
        last = self.account.figures.last.get(self.entity_description.figure)
        return self._restored if last is None else as_time(int(last))


class CountSensor(FigureSensor):
    """How often something was, ever since it is counted."""

    _attr_state_class = SensorStateClass.TOTAL_INCREASING
    _attr_entity_registry_enabled_default = False
    entity_description: FigureDescription

    def __init__(self, entry: WhatsAppConfigEntry, description: FigureDescription) -> None:
        super().__init__(entry, description.key)
        self.entity_description = description

    @override
    def _figure(self) -> int:
        before = self._restored if isinstance(self._restored, int) else 0
        return before + self.account.figures.counts[self.entity_description.figure]


class ConfirmationSensor(FigureSensor):
    """What it takes from an action to WhatsApp's confirmation, mostly."""

    _attr_translation_key = "confirmation_time"
    _attr_device_class = SensorDeviceClass.DURATION
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_native_unit_of_measurement = UnitOfTime.SECONDS
    _attr_suggested_display_precision = 2
    _attr_entity_registry_enabled_default = False

    @override
    def _figure(self) -> float | None:
        seconds = self.account.figures.seconds_to_confirm
        return None if seconds is None else round(seconds, 3)
