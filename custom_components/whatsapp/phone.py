"""Phone numbers as people write them."""

import re
from typing import Final

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    ValidationResult,
    format_number,
    is_possible_number_with_reason,
    is_valid_number,
    normalize_digits_only,
    parse,
)

# As the bridge takes them: digits with spaces, dashes, dots, slashes and brackets, after an optional plus. Not what a
# template makes of a number: 4915112345678.0 would be somebody else's, with one more digit.
_TYPED: Final = re.compile(r"(?!\+?\d+\.0$)\+?[\d\s().\-/\u00a0\u2010-\u2015\u202f]+")
# E.164's greatest length, and the shortest number that any country gives to a phone.
_DIGITS: Final = range(7, 16)


def normalize_phone(text: str, country: str | None) -> str | None:
    """Return a phone number as digits with country code, or None when the text is none.

    `country` (ISO 3166, as `hass.config.country`) says where a number without country code is from; without it such a
    number is none. Digits alone are taken as that country writes its numbers, else as a number with country code.

    The first number of a country reads a small file.
    """
    typed = text.strip().replace("\uff0b", "+")
    if not _TYPED.fullmatch(typed):
        return None
    digits = normalize_digits_only(typed)
    if typed.startswith("+"):
        found = _parse(f"+{digits}")
    elif digits.startswith("00"):
        found = _parse(f"+{digits[2:]}")
    else:
        found = _without_plus(digits, country)
    return _international(found) if found else None


def _without_plus(digits: str, country: str | None) -> PhoneNumber | None:
    national = _parse(digits, country) if country else None
    if digits.startswith("0"):
        return national
    international = _parse(f"+{digits}")
    # As the country itself writes it, which is with a 0 in front where its numbers have one.
    usual = bool(national and normalize_digits_only(format_number(national, PhoneNumberFormat.NATIONAL)) == digits)
    candidates = (national, international) if usual else (international, national)
    found = [number for number in candidates if number]
    return next((number for number in found if is_valid_number(number)), found[0] if found else None)


def _parse(text: str, country: str | None = None) -> PhoneNumber | None:
    try:
        number = parse(text, country)
    except NumberParseException:
        return None
    # Numbers that are good within a town only are none here.
    whole = is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return number if whole and len(_international(number)) in _DIGITS else None


def _international(number: PhoneNumber) -> str:
    return format_number(number, PhoneNumberFormat.E164).removeprefix("+")
