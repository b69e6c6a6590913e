"""Fixtures for all tests."""

from collections.abc import AsyncGenerator

import pytest

# Home Assistant finds a custom integration of a test run only when it is imported.
import custom_components.whatsapp  # noqa: F401
from tests.support.blocking import _nothing_blocks  # noqa: F401
from tests.support.dialog import chat_dialog, dialog, other_dialog  # noqa: F401
from tests.support.files import allowed, files, jpeg, others  # noqa: F401
from tests.support.house import _house, bridge, home, linked, simulator  # noqa: F401
from tests.support.household import attentive, camera, household, places  # noqa: F401
from tests.support.media import _nothing_stays, folder, sender  # noqa: F401
from tests.support.scripted_account import impatient  # noqa: F401
from tests.support.scripted_bridge import ScriptedBridge
from tests.support.scripted_files import scripted_files  # noqa: F401
from tests.support.shared_house import entry, house, whatsapp  # noqa: F401
from tests.support.translations import _texts_are_there  # noqa: F401


@pytest.fixture(autouse=True)
def _enable(enable_custom_integrations: None, socket_enabled: None) -> None:
    """Let Home Assistant load the integration, and let tests use loopback: nothing else is reachable."""


@pytest.fixture
async def scripted_bridge() -> AsyncGenerator[ScriptedBridge]:
    """A bridge that does what the test tells it."""
    async with ScriptedBridge() as scripted:
        yield scripted
