"""Whether a text from a stranger is one that an automation waits for, found out in a time that has a bound."""

from collections.abc import Callable
from math import prod
import re
from typing import Final

MATCHES: Final = ["contains", "equals", "regex"]

PATTERN_CHARS: Final = 128
# A regular expression looks at so much of a text: how long it can take grows with a power of that.
SEARCHED_CHARS: Final = 128
# How many ways there may be to try an expression at all: one repetition at every place, and another in each of those.
_WAYS_MAX: Final = 4 * SEARCHED_CHARS**3

_TOKEN: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?:|\(\?|[*+?]|\{\d+\}|\{\d*,\d*\}|.", re.DOTALL)
_TIMES: Final = re.compile(r"\)\{(\d+)\}")
_REFERENCE: Final = re.compile(r"\\[1-9]")


def matcher(wanted: list[str], match: str, *, case_sensitive: bool) -> Callable[[str], bool]:
    """Return what tells whether a text is one of those wanted. `match` is one of `MATCHES`."""
    if match == "regex":
        flags = re.NOFLAG if case_sensitive else re.IGNORECASE
        patterns = [re.compile(pattern, flags) for pattern in wanted]
        return lambda text: any(pattern.search(text[:SEARCHED_CHARS]) for pattern in patterns)

    def plain(text: str) -> str:
        return text.strip() if case_sensitive else text.strip().casefold()

    texts = [plain(text) for text in wanted]
    if match == "equals":
        return lambda text: plain(text) in texts
    return lambda text: any(part in plain(text) for part in texts)


def check_pattern(pattern: str) -> None:
    """Take a regular expression only if no text of `SEARCHED_CHARS` can keep it busy for long.

    Raises:
        ValueError: it is too long, no regular expression, or takes too long; the message says which.

    """
    if len(pattern) > PATTERN_CHARS:
        raise ValueError(f"the expression is longer than {PATTERN_CHARS} characters")
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as err:
        raise ValueError(f"this is no regular expression: {err}") from err
    if _REFERENCE.search(pattern.replace("\\\\", "")):
        raise ValueError("references to groups are not supported")
    # Groups in groups may be repeated where there is no text that ends it.
    times = prod(max(1, int(number)) for number in _TIMES.findall(pattern))
    if _ways(pattern) * times * SEARCHED_CHARS > _WAYS_MAX:
        raise ValueError("the expression has too many repetitions and alternatives")


def _ways(pattern: str) -> int:
    """Return how many ways there are to try the expression at one place.

    Each group is a list of alternatives, each of them a list of the ways of its parts.
    """
    groups: list[list[list[int]]] = [[[]]]
    for token in _TOKEN.findall(pattern):
        if token == "(?":  # noqa: S105
            raise ValueError("of what begins with (? only (?: is supported")
        if token in ("(", "(?:"):
            groups.append([[]])
        elif token == ")":  # noqa: S105
            ways = _of_group(groups.pop())
            groups[-1][-1].append(ways)
        elif token == "|":  # noqa: S105
            groups[-1].append([])
        elif token in ("*", "+", "?") or (token[0] == "{" and len(token) > 1):
            # The expression is a valid one, so there is something to repeat.
            groups[-1][-1].append(_repeated(groups[-1][-1].pop(), token))
        else:
            groups[-1][-1].append(1)
    return _of_group(groups[0])


def _of_group(alternatives: list[list[int]]) -> int:
    return sum(map(prod, alternatives))


def _repeated(ways: int, repeat: str) -> int:
    """Return how many ways there are when a part is repeated."""
    if repeat == "?":
        return ways + 1
    if ways > 1:
        raise ValueError("what is repeated may have neither repetitions nor alternatives in it")
    numbers = [int(number) for number in re.findall(r"\d+", repeat)]
    if any(number > SEARCHED_CHARS for number in numbers):
        raise ValueError(f"nothing can be repeated more than {SEARCHED_CHARS} times")
    if repeat[0] == "{" and "," not in repeat:
        return 1
    least, most = numbers if len(numbers) > 1 else (0, SEARCHED_CHARS)
    return most - least + 1
