"""Names that more than one module uses."""

from typing import Final

from homeassistant.const import __version__

DOMAIN: Final = "whatsapp"

# What the bridge sees of us.
CLIENT_NAME: Final = f"Home Assistant {__version__}"

# Data of a config entry, besides Home Assistant's own `url` and `token`.
CONF_ACCOUNT_ID: Final = "account_id"
CONF_BRIDGE_ID: Final = "bridge_id"
CONF_PHONE: Final = "phone"

# A subentry of this type is a chat that was added, with these data.
SUBENTRY_TYPE_CHAT: Final = "chat"
CONF_CHAT_ID: Final = "chat_id"
CONF_KIND: Final = "kind"
CONF_LID: Final = "lid"
# Of a group: the persons whose messages count, each with id, phone, lid and name; everyone's when it is not there.
CONF_MEMBERS: Final = "members"
