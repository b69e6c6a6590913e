"""Phone numbers in any usual writing."""

import pytest

from custom_components.whatsapp.phone import normalize_phone

SWISS = "41791234567"
GERMAN = "4915112345678"


@pytest.mark.parametrize("country", [None, "CH", "DE", "US"])
@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("+41 79 123 45 67", SWISS),
        ("+41791234567", SWISS),
        ("\uff0b41-79-123.45.67", SWISS),
        (" +41\u00a079\u202f123\u201145\u201167 ", SWISS),
        ("0041 79 123 45 67", SWISS),
        (SWISS, SWISS),
        ("+49 (0) 151 / 123 456 78", GERMAN),
        ("+\u0664\u0661\u0667\u0669\u0661\u0662\u0663\u0664\u0665\u0666\u0667", SWISS),
        ("+1 (201) 555-0123", "12015550123"),
        # Nobody has it, and yet it looks like a number: WhatsApp is who says so.
        ("+1 (555) 000-0004", "15550000004"),
    ],
)
def test_a_number_with_its_country_code(typed: str, digits: str, country: str | None) -> None:
    assert normalize_phone(typed, country) == digits


@pytest.mark.parametrize(
    ("typed", "country", "digits"),
    [
        ("079 123 45 67", "CH", SWISS),
        ("0791234567", "CH", SWISS),
        ("0151 12345678", "DE", GERMAN),
        ("(0151) 123-456-78", "DE", GERMAN),
        ("(201) 555-0123", "US", "12015550123"),
        ("2015550123", "US", "12015550123"),
        ("1 201 555 0123", "US", "12015550123"),
        ("011 41 79 123 45 67", "US", SWISS),
        ("11 91234-5678", "BR", "5511912345678"),
        ("33 91234-5678", "BR", "5533912345678"),
        ("333 123 4567", "IT", "393331234567"),
        ("06 1234 5678", "IT", "390612345678"),
        ("612 34 56 78", "ES", "34612345678"),
        ("8 912 345-67-89", "RU", "79123456789"),
        ("07911 123456", "GB", "447911123456"),
        ("98765 43210", "IN", "919876543210"),
        ("098765 43210", "IN", "919876543210"),
        ("20 12 34 56", "DK", "4520123456"),
        ("555-000-0004", "US", "15550000004"),
    ],
)
def test_a_number_as_its_country_writes_it(typed: str, country: str, digits: str) -> None:
    assert normalize_phone(typed, country) == digits


@pytest.mark.parametrize(
    ("digits", "country"), [(GERMAN, "CH"), (SWISS, "DE"), ("447911123456", "US"), ("5511912345678", "BR")]
)
def test_digits_with_a_country_code_stay_as_they_are(digits: str, country: str) -> None:
    assert normalize_phone(digits, country) == digits


@pytest.mark.parametrize("typed", ["079 123 45 67", "0151 12345678", "(01) 23 45 67 89"])
def test_a_number_without_country_code_is_none_where_the_country_is_not_known(typed: str) -> None:
    assert normalize_phone(typed, None) is None


@pytest.mark.parametrize("country", [None, "CH", "US"])
@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "+",
        "0",
        "00",
        "123",
        "+12",
        "+999 12345678",
        "555-0001",
        "1" * 400,
        "Bea",
        "1-800-FLOWERS",
        "+41 79 123 45 67 ext. 5",
        "41791234567.0",
        "+41791234567.0",
        "41791234567@s.whatsapp.net",
        "120363000000000001@g.us",
        "+41 79 123 45 67\nx",
        "+41+791234567",
        "{{ states }}",
    ],
)
def test_what_is_no_number(typed: str, country: str | None) -> None:
    assert normalize_phone(typed, country) is None


def test_a_country_that_is_none() -> None:
    assert normalize_phone("079 123 45 67", "XX") is None
    assert normalize_phone("+41 79 123 45 67", "XX") == SWISS
