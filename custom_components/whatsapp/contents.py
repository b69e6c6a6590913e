"""What can be sent besides files: the fields that describe it, and the content that comes of them."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final, cast

from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .bridge.protocol import (
    LIMIT_CAPTION_CHARS,
    LIMIT_CHOICE_DESCRIPTION_CHARS,
    LIMIT_CHOICE_TITLE_CHARS,
    LIMIT_CHOICES_MAX,
    LIMIT_EMOJI_CHARS,
    LIMIT_MENTIONS_MAX,
    LIMIT_NAME_CHARS,
    LIMIT_POLL_OPTION_CHARS,
    LIMIT_POLL_OPTIONS_MAX,
    LIMIT_POLL_OPTIONS_MIN,
    LIMIT_POLL_QUESTION_CHARS,
    LIMIT_TEXT_CHARS,
    ButtonsContent,
    Choice,
    ListContent,
    ListSection,
    LocationContent,
    PollContent,
    ReactionContent,
    TextContent,
)
from .errors import invalid

type Fields = dict[Any, Any]
type Data = Mapping[str, Any]


def filled(limit: int) -> vol.All:
    """Return the schema of a text that is not empty, and at most so long."""
    return vol.All(_no_boolean, cv.string, vol.Strip, vol.Length(min=1, max=limit))


def seconds(limit: int) -> vol.All:
    """Return the schema of a duration in any form that Home Assistant knows, as seconds, at most so many."""
    return vol.All(period, lambda given: given.total_seconds(), vol.Range(max=limit))


def period(value: Any) -> timedelta:
    """Take a duration in any form that Home Assistant knows."""
    try:
        return cv.positive_time_period(value)
    except OverflowError:
        # A template may come to infinity.
        raise vol.Invalid("so long a time is not possible") from None


def renamed(names: Mapping[str, str]) -> Callable[[Any], Any]:
    """Return the schema that gives keys of a mapping the name that is ours. What has our name already wins."""

    def rename(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        ours = {names[key]: content for key, content in value.items() if key in names}
        return ours | {key: content for key, content in value.items() if key not in names}

    return rename


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise vol.Invalid("YAML takes this for true or false: put quotation marks around the text")
    return value


MENTIONS: Final[Fields] = {
    vol.Optional("mentions"): vol.All(cv.ensure_list, [filled(LIMIT_NAME_CHARS)], vol.Length(max=LIMIT_MENTIONS_MAX))
}
TEXT_FIELDS: Final[Fields] = {vol.Required("message"): cv.string, **MENTIONS}
LOCATION_FIELDS: Final[Fields] = {
    vol.Required("latitude"): cv.latitude,
    vol.Required("longitude"): cv.longitude,
    vol.Optional("name"): filled(LIMIT_NAME_CHARS),
    vol.Optional("address"): filled(LIMIT_CAPTION_CHARS),
}
POLL_FIELDS: Final[Fields] = {
    vol.Required("question"): filled(LIMIT_POLL_QUESTION_CHARS),
    vol.Required("options"): vol.All(
        cv.ensure_list,
        [filled(LIMIT_POLL_OPTION_CHARS)],
        vol.Length(min=LIMIT_POLL_OPTIONS_MIN, max=LIMIT_POLL_OPTIONS_MAX),
        vol.Unique(),
    ),
    vol.Optional("allow_multiple_responses", default=False): cv.boolean,
}
REACTION_FIELDS: Final[Fields] = {
    vol.Required("message_id"): filled(LIMIT_NAME_CHARS),
    vol.Required("reaction"): vol.All(cv.string, vol.Strip, vol.Length(max=LIMIT_EMOJI_CHARS)),
}

_CHOICE: Final = vol.All(
    lambda value: value if isinstance(value, Mapping) else {"text": value},
    renamed({"buttonId": "id", "rowId": "id", "displayText": "text", "title": "text"}),
    vol.Schema(
        {
            vol.Optional("id"): filled(LIMIT_NAME_CHARS),
            vol.Required("text"): filled(LIMIT_CHOICE_TITLE_CHARS),
            vol.Optional("description"): filled(LIMIT_CHOICE_DESCRIPTION_CHARS),
        }
    ),
)


def _choices_differ(choices: list[dict[str, str]]) -> None:
    if len(choices) > LIMIT_CHOICES_MAX:
        raise vol.Invalid(f"there are {len(choices)} choices, and {LIMIT_CHOICES_MAX} are possible")
    if len({_id_of(choice) for choice in choices}) < len(choices):
        raise vol.Invalid("two choices have the same id, so that an answer could mean either")


def _sections_differ(sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    _choices_differ([row for section in sections for row in section["rows"]])
    return sections


def _buttons_differ(buttons: list[dict[str, str]]) -> list[dict[str, str]]:
    _choices_differ(buttons)
    return buttons


BUTTONS_FIELDS: Final[Fields] = {
    vol.Required("message"): cv.string,
    vol.Required("buttons"): vol.All(cv.ensure_list, [_CHOICE], vol.Length(min=1), _buttons_differ),
    vol.Optional("footer"): filled(LIMIT_CAPTION_CHARS),
}
_SECTION: Final = vol.Schema(
    {
        vol.Optional("title"): filled(LIMIT_CHOICE_TITLE_CHARS),
        vol.Required("rows"): vol.All(cv.ensure_list, [_CHOICE], vol.Length(min=1)),
    }
)
LIST_FIELDS: Final[Fields] = {
    vol.Optional("text"): cv.string,
    vol.Optional("title"): filled(LIMIT_CHOICE_TITLE_CHARS),
    vol.Required("sections"): vol.All(cv.ensure_list, [_SECTION], vol.Length(min=1), _sections_differ),
    vol.Optional("footer"): filled(LIMIT_CAPTION_CHARS),
    vol.Optional("button_text"): filled(LIMIT_CHOICE_TITLE_CHARS),
}


def heading_of(title: str | None) -> str:
    """Return a title on one line: WhatsApp's bold ends with the line."""
    return " ".join((title or "").split())


def with_title(message: str, title: str | None) -> str:
    """Return a text with the title as a bold first line."""
    heading = heading_of(title)
    return f"*{heading}*\n{message}" if heading else message


def checked_text(text: str) -> str:
    """Return the text of a message.

    Raises:
        ServiceValidationError: it is empty or too long.

    """
    if not text.strip():
        raise invalid("empty_message")
    if len(text) > LIMIT_TEXT_CHARS:
        raise invalid("message_too_long", limit=str(LIMIT_TEXT_CHARS))
    return text


def text_content(message: str, title: str | None = None) -> TextContent:
    """Return the content of a text message, with the title as a bold first line.

    Raises:
        ServiceValidationError: it is empty or too long.

    """
    checked_text(message)
    return TextContent(kind="text", text=checked_text(with_title(message, title)))


def mentioning[C: Mapping[str, Any]](content: C, data: Data) -> C:
    """Return the content with the people whom it mentions."""
    return cast("C", {**content, "mentions": data["mentions"]}) if data.get("mentions") else content


def text(data: Data) -> TextContent:
    """Return the content of `TEXT_FIELDS`."""
    return mentioning(text_content(data["message"]), data)


def location(data: Data) -> LocationContent:
    """Return the content of `LOCATION_FIELDS`."""
    content = LocationContent(kind="location", latitude=data["latitude"], longitude=data["longitude"])
    return cast("LocationContent", {**content, **{key: data[key] for key in ("name", "address") if key in data}})


def poll(data: Data) -> PollContent:
    """Return the content of `POLL_FIELDS`."""
    selectable = 0 if data["allow_multiple_responses"] else 1
    return PollContent(kind="poll", question=data["question"], options=data["options"], selectable=selectable)


def reaction(data: Data) -> ReactionContent:
    """Return the content of `REACTION_FIELDS`."""
    return ReactionContent(kind="reaction", message_id=data["message_id"], emoji=data["reaction"])


def buttons(data: Data) -> ButtonsContent:
    """Return the content of `BUTTONS_FIELDS`."""
    content = ButtonsContent(
        kind="buttons", text=checked_text(data["message"]), buttons=[_choice(each) for each in data["buttons"]]
    )
    if "footer" in data:
        content["footer"] = data["footer"]
    return content


def choice_list(data: Data) -> ListContent:
    """Return the content of `LIST_FIELDS`.

    Raises:
        ServiceValidationError: there is neither text nor title.

    """
    content = ListContent(
        kind="list",
        text=checked_text(data.get("text") or data.get("title") or ""),
        sections=[_section(each) for each in data["sections"]],
    )
    if data.get("text") and "title" in data:
        content["title"] = data["title"]
    if "footer" in data:
        content["footer"] = data["footer"]
    return content


def _id_of(choice: Data) -> str:
    return str(choice.get("id", choice["text"]))


def _section(data: Data) -> ListSection:
    section = ListSection(rows=[_choice(row) for row in data["rows"]])
    if "title" in data:
        section["title"] = data["title"]
    return section


def _choice(data: Data) -> Choice:
    choice = Choice(id=_id_of(data), title=data["text"])
    if "description" in data:
        choice["description"] = data["description"]
    return choice
