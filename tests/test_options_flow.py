"""The flow for what may be chosen for an account."""

from collections.abc import Generator
from dataclasses import asdict
import json
from pathlib import Path
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest

from custom_components.whatsapp.options import Options
from demo.simulator import Simulator
from tests.support.dialog import Dialog
from tests.support.entry import load, make_entry, scripted_entry
from tests.support.house import RealBridge
from tests.support.scripted_bridge import ScriptedBridge

TEXTS = json.loads(Path("custom_components/whatsapp/translations/en.json").read_text())
FORMS = ["messages", "media", "sending", "privacy"]
SMALLEST: dict[str, dict[str, Any]] = {
    "messages": {"reach": "everyone", "own_messages": True, "mark_as_read": True, "mark_online": True},
    "media": {
        "media_download": "at_once",
        "media_max_mib": 0,
        "media_keep_days": 0,
        "media_keep_mib": 0,
        "media_folder_days": 0,
    },
    "sending": {"pacing_burst": 1, "pacing_chat": 0, "pacing_account": 0},
    "privacy": {"mask_logs": False},
}
LARGEST: dict[str, dict[str, Any]] = {
    "messages": {"reach": "added", "own_messages": False, "mark_as_read": False, "mark_online": False},
    "media": {
        "media_download": "lazy",
        "media_max_mib": 256,
        "media_keep_days": 3650,
        "media_keep_mib": 1024 * 1024,
        "media_folder_days": 3650,
    },
    "sending": {"pacing_burst": 1000, "pacing_chat": 6000, "pacing_account": 6000},
    "privacy": {"mask_logs": True},
}


@pytest.fixture
def options_dialog(hass: HomeAssistant) -> Generator[Dialog]:
    """Return a dialog for options, not open yet."""
    with Dialog(hass, hass.config_entries.options) as opened:
        yield opened


@pytest.fixture
async def entry(hass: HomeAssistant, scripted_bridge: ScriptedBridge) -> ConfigEntry:
    """Return a loaded entry with the options that there are by default."""

    def configure(args: dict[str, Any]) -> dict[str, Any]:
        scripted_bridge.account["settings"] = args["settings"]
        return {"settings": args["settings"]}

    scripted_bridge.answers["configure"] = configure
    made = scripted_entry(scripted_bridge)
    await load(hass, made)
    return made


@pytest.fixture
def allowed(hass: HomeAssistant, tmp_path: Path) -> Path:
    """Return the one folder that Home Assistant may write to, besides the one that everybody can read."""
    folder = tmp_path / "media"
    folder.mkdir()
    hass.config.allowlist_external_dirs = {str(folder), hass.config.path("www")}
    return folder


async def _open(dialog: Dialog, entry: ConfigEntry, form: str) -> None:
    await dialog.open(entry.entry_id)
    assert dialog.step["menu_options"] == FORMS
    await dialog.choose(form)
    assert dialog.step["step_id"] == form


async def _saved(hass: HomeAssistant, dialog: Dialog, entry: ConfigEntry, options: dict[str, Any]) -> None:
    assert dialog.step["type"] is FlowResultType.CREATE_ENTRY, dialog.step
    await hass.async_block_till_done()
    assert entry.options == options
    assert entry.state is ConfigEntryState.LOADED


def _fields(dialog: Dialog) -> list[str]:
    return [str(key) for key in dialog.step["data_schema"].schema]


async def test_every_option_is_in_one_form_and_explained(
    hass: HomeAssistant, options_dialog: Dialog, entry: ConfigEntry
) -> None:
    default = asdict(Options())
    seen: list[str] = []
    for form in FORMS:
        await _open(options_dialog, entry, form)
        texts = TEXTS["options"]["step"][form]
        fields = _fields(options_dialog)
        assert list(texts["data"]) == list(texts["data_description"]) == fields
        assert all(options_dialog.suggests(field) == default[field] for field in fields)
        seen += fields
    assert sorted(seen) == sorted(default)


@pytest.mark.parametrize("form", FORMS)
async def test_only_what_differs_from_the_default_is_kept(
    hass: HomeAssistant, options_dialog: Dialog, entry: ConfigEntry, form: str
) -> None:
    hass.config_entries.async_update_entry(entry, options={"of_a_later_version": 1})
    await hass.async_block_till_done()
    await _open(options_dialog, entry, form)
    default = {field: options_dialog.suggests(field) for field in _fields(options_dialog)}
    await options_dialog.submit(**SMALLEST[form])
    await _saved(hass, options_dialog, entry, {"of_a_later_version": 1, **SMALLEST[form]})
    assert all(type(value) in (bool, int, str) for value in entry.options.values())

    await _open(options_dialog, entry, form)
    assert all(options_dialog.suggests(field) == value for field, value in SMALLEST[form].items())
    await options_dialog.submit(**default)
    await _saved(hass, options_dialog, entry, {"of_a_later_version": 1})


async def test_a_form_leaves_the_others_as_they_are(
    hass: HomeAssistant, options_dialog: Dialog, entry: ConfigEntry
) -> None:
    await _open(options_dialog, entry, "privacy")
    await options_dialog.submit(mask_logs=False)
    await _open(options_dialog, entry, "sending")
    # A number comes from the browser as it likes.
    await options_dialog.submit(pacing_burst=5.0, pacing_chat=20, pacing_account=30)
    await _saved(hass, options_dialog, entry, {"mask_logs": False, "pacing_burst": 5})
    assert type(entry.options["pacing_burst"]) is int


@pytest.mark.parametrize(("way", "values"), [("smallest", SMALLEST), ("largest", LARGEST)])
async def test_the_bridge_takes_whatever_the_forms_take(
    hass: HomeAssistant,
    options_dialog: Dialog,
    simulator: Simulator,
    bridge: RealBridge,
    *,
    way: str,
    values: dict[str, dict[str, Any]],
) -> None:
    made = make_entry(bridge.url, bridge.token, await bridge.link(simulator))
    await load(hass, made)
    for form in ("messages", "media", "sending"):
        await _open(options_dialog, made, form)
        await options_dialog.submit(**values[form])
        await hass.async_block_till_done()
        assert made.state is ConfigEntryState.LOADED, made.reason
    [account] = (await bridge.accounts()).values()
    assert account["settings"] == Options.from_mapping(made.options).settings()
    assert account["settings"] != Options().settings()


@pytest.mark.parametrize(
    ("form", "field", "value"),
    [
        ("messages", "reach", "nobody"),
        ("media", "media_max_mib", 257),
        ("media", "media_max_mib", -1),
        ("media", "media_keep_days", 3651),
        ("media", "media_keep_mib", 1024 * 1024 + 1),
        ("media", "media_folder_days", 3651),
        ("sending", "pacing_burst", 0),
        ("sending", "pacing_burst", 1001),
        ("sending", "pacing_chat", 6001),
        ("sending", "pacing_account", -1),
    ],
)
async def test_what_the_forms_refuse(
    hass: HomeAssistant, options_dialog: Dialog, entry: ConfigEntry, *, form: str, field: str, value: Any
) -> None:
    await _open(options_dialog, entry, form)
    with pytest.raises(InvalidData) as refused:
        await options_dialog.submit(**SMALLEST[form] | {field: value})
    assert list(refused.value.schema_errors) == [field]
    await options_dialog.submit(**SMALLEST[form])
    await _saved(hass, options_dialog, entry, SMALLEST[form])


async def test_a_folder_that_has_to_be_made(
    hass: HomeAssistant, options_dialog: Dialog, entry: ConfigEntry, allowed: Path
) -> None:
    folder = allowed / "whatsapp" / "family"
    await _open(options_dialog, entry, "media")
    await options_dialog.submit(**LARGEST["media"], media_folder=f" {folder}/ ")
    await _saved(hass, options_dialog, entry, {**_but_default(LARGEST["media"]), "media_folder": str(folder)})
    assert folder.is_dir()

    await _open(options_dialog, entry, "media")
    assert options_dialog.suggests("media_folder") == str(folder)
    await options_dialog.submit(**LARGEST["media"])
    await _saved(hass, options_dialog, entry, _but_default(LARGEST["media"]))
    assert folder.is_dir()


def _but_default(chosen: dict[str, Any]) -> dict[str, Any]:
    default = asdict(Options())
    return {key: value for key, value in chosen.items() if value != default[key]}


def _under(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*")]


@pytest.mark.parametrize(
    ("folder", "error"),
    [
        ("media", "folder_not_absolute"),
        ("~/media", "folder_not_absolute"),
        ("/", "folder_not_allowed"),
        ("/etc/whatsapp", "folder_not_allowed"),
        ("{allowed}/../elsewhere", "folder_not_allowed"),
        ("{allowed}/missing/../../elsewhere", "folder_not_allowed"),
        ("{allowed}/link/whatsapp", "folder_not_allowed"),
        ("{allowed}/file", "folder_not_writable"),
        ("{allowed}/file/whatsapp", "folder_not_writable"),
        ("{allowed}/a\0b", "folder_not_writable"),
        ("{allowed}/" + "n" * 300, "folder_not_writable"),
    ],
)
async def test_a_folder_that_will_not_do(
    hass: HomeAssistant, options_dialog: Dialog, entry: ConfigEntry, allowed: Path, *, folder: str, error: str
) -> None:
    (allowed / "file").write_text("")
    (allowed.parent / "elsewhere").mkdir()
    (allowed / "link").symlink_to(allowed.parent / "elsewhere")
    typed = folder.replace("{allowed}", str(allowed))
    await _open(options_dialog, entry, "media")
    await options_dialog.submit(**LARGEST["media"], media_folder=typed)
    assert options_dialog.step["errors"] == {"media_folder": error}
    assert options_dialog.step["description_placeholders"]["allowed"] == str(allowed)
    assert options_dialog.suggests("media_folder") == typed
    assert options_dialog.suggests("media_keep_days") == LARGEST["media"]["media_keep_days"]
    assert sorted(_under(allowed.parent)) == ["elsewhere", "media", "media/file", "media/link"]
    await options_dialog.submit(**LARGEST["media"], media_folder=str(allowed))
    await _saved(hass, options_dialog, entry, {**_but_default(LARGEST["media"]), "media_folder": str(allowed)})


async def test_options_of_an_account_that_is_not_loaded(
    hass: HomeAssistant, options_dialog: Dialog, entry: ConfigEntry, scripted_bridge: ScriptedBridge
) -> None:
    await scripted_bridge.stop()
    assert await hass.config_entries.async_unload(entry.entry_id)
    await _open(options_dialog, entry, "sending")
    await options_dialog.submit(**SMALLEST["sending"])
    assert options_dialog.step["type"] is FlowResultType.CREATE_ENTRY
    await scripted_bridge.start()
    assert await hass.config_entries.async_setup(entry.entry_id)
    await _saved(hass, options_dialog, entry, SMALLEST["sending"])
    assert scripted_bridge.account["settings"]["pacing"] == {
        "burst": 1,
        "chat_per_minute": 0,
        "account_per_minute": 0,
    }


async def test_a_double_click_and_a_second_tab(hass: HomeAssistant, options_dialog: Dialog, entry: ConfigEntry) -> None:
    await _open(options_dialog, entry, "privacy")
    left_open = options_dialog.step
    await _open(options_dialog, entry, "sending")
    await options_dialog.submit(**SMALLEST["sending"])
    options_dialog.step = left_open
    await options_dialog.submit(mask_logs=False)
    await _saved(hass, options_dialog, entry, {**SMALLEST["sending"], "mask_logs": False})


def test_every_choice_has_a_text() -> None:
    texts = TEXTS["selector"]
    assert list(texts["reach"]["options"]) == ["added", "everyone"]
    assert list(texts["media_download"]["options"]) == ["lazy", "at_once"]
    assert list(texts["whose"]["options"]) == ["everyone", "chosen"]
