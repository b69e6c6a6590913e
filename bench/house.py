"""The house of the demo, with a component in Home Assistant that measures."""

from pathlib import Path
from typing import Any, Final

from demo.house import House

_COMPONENT: Final = Path(__file__).parent / "component" / "whatsapp_bench"
_AUTOMATIONS: Final = """\
- id: bench
  alias: Bench
  mode: parallel
  max: 100000
  triggers:
    - trigger: event
      event_type: whatsapp_message_received
  actions:
    - action: whatsapp_bench.heard
      data:
        text: "{{ trigger.event.data.content }}"
"""
# As in the demo, but without a line in the log for every automation that starts, and with the recorder as it comes.
_CHANGES: Final = {
    "logger:\n  default: info\n": "logger:\n  default: warning\n  logs:\n    homeassistant.bootstrap: info\n",
    "recorder:\n  commit_interval: 1\n": "recorder:\nwhatsapp_bench:\n",
}


class MeasuredHouse(House):
    """A house whose Home Assistant has the component `whatsapp_bench` and an automation for every message."""

    def __init__(self, folder: Path, *, recorder: bool) -> None:
        """Prepare. Without `recorder` Home Assistant keeps no history."""
        super().__init__(folder)
        self._recorder = recorder

    def _prepare_config(self) -> None:
        super()._prepare_config()
        components = self._config / "custom_components"
        # A package: otherwise Home Assistant, which runs in this checkout, would look into its folder only.
        (components / "__init__.py").touch()
        (components / "whatsapp_bench").symlink_to(_COMPONENT)
        (self._config / "automations.yaml").write_text(_AUTOMATIONS)
        configuration = self._config / "configuration.yaml"
        text = configuration.read_text()
        for there, wanted in _CHANGES.items():
            if there not in text:
                raise ValueError("the demo's configuration is another one")
            text = text.replace(there, wanted)
        for component in () if self._recorder else ("recorder", "history", "logbook"):
            text = text.replace(f"{component}:\n", "")
        configuration.write_text(text)


def rss(pid: int) -> float:
    """Return the memory of a process, in MiB."""
    status: dict[str, Any] = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    return int(status["VmRSS"].split()[0]) / 1024
