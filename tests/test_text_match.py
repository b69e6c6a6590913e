"""Regular expressions of automations: which are taken, and that none that is taken can be kept busy by a stranger."""

from time import thread_time

import pytest

from custom_components.whatsapp.text_match import SEARCHED_CHARS, check_pattern, matcher

# Texts that backtracking is worst at.
HOSTILE = ["a" * 5000, "ab" * 2500, " " * 5000, "aA" * 2500, "a b" * 1500, "1" * 5000, "a" * (SEARCHED_CHARS - 1) + "b"]
TAKEN = [
    "lights? off",
    r"turn (on|off) .*",
    r"^set (\d{1,3}) (degrees|°)$",
    r"(\w+) (\w+)",
    r"[]a]*b",
    r"[^]a]*b",
    r"^\[x\]*$",
    r"a.*a.*(?:a|aa)x",
    r"(\w*)(\w*)!",
    r"a*?b*?c",
    r"(?:ab){3}",
    r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}",
    r"^\d{4}-\d{2}-\d{2} (\w+) (\w+)$",
    r"(?:(?:){64}){64}x",
    r"a{2,5}b{,4}",
    "a{",
    "a{x}",
    "{}",
    "((((a))))",
    r"\\1",
    r"a\*\+\?\{3\}\(",
]
REFUSED = [
    ("[", "no regular expression"),
    ("a" * 129, "longer than"),
    (r"(a+)+$", "neither repetitions nor alternatives"),
    (r"(a|a)*$", "neither repetitions nor alternatives"),
    (r"(?:a?b)+", "neither repetitions nor alternatives"),
    (r"(?:|a)+b", "neither repetitions nor alternatives"),
    (r"(a{1,9}){9}", "neither repetitions nor alternatives"),
    (r".*.*.*x", "too many"),
    (r"a{,}b{,}c{,}", "too many"),
    ("a?" * 20 + "a" * 20, "too many"),
    ("(?:a|b)" * 17, "too many"),
    (r"(?:\b){9999999}", "more than"),
    (r"(?:(?:(?:){128}){128}){128}x", "too many"),
    (r"\w*(?:(?:\b){128}){128}x", "too many"),
    (r"(?=a)", "only (?: is supported"),
    (r"(?i)a", "only (?: is supported"),
    (r"(?P<n>a)(?P=n)", "only (?: is supported"),
    (r"(a)\1", "references"),
    ("(" * 60 + "a" + ")" * 60 + "*" * 2, "no regular expression"),
]


@pytest.mark.parametrize("pattern", TAKEN)
def test_taken_and_quick_whatever_comes(pattern: str) -> None:
    check_pattern(pattern)
    matches = matcher([pattern], "regex", case_sensitive=False)
    for text in HOSTILE:
        began = thread_time()
        matches(text)
        assert thread_time() - began < 0.05


@pytest.mark.parametrize(("pattern", "reason"), REFUSED)
def test_refused_with_the_reason(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        check_pattern(pattern)
    assert reason in str(caught.value)


def test_it_is_the_repetition_that_is_refused() -> None:
    """Were it taken, this message alone would keep Home Assistant for longer than anybody waits."""
    slow = matcher([r"(a+)+$"], "regex", case_sensitive=False)
    times = []
    for length in (16, 20):
        began = thread_time()
        slow("a" * length + "b")
        times.append(thread_time() - began)
    assert times[1] > 4 * times[0]


def test_what_is_looked_at() -> None:
    matches = matcher(["x"], "regex", case_sensitive=False)
    assert matches("a" * (SEARCHED_CHARS - 1) + "x")
    assert not matches("a" * SEARCHED_CHARS + "x")
    assert matcher(["x"], "contains", case_sensitive=False)("a" * 60_000 + "X")
