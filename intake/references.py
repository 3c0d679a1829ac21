"""What people read aloud: the household's reference and the slip's token.

A reference such as ``PNH-26-000427-K`` is a prefix, the year of registration, a serial and a
check character (ISO/IEC 7064 Mod 37,36 over everything before it). A token is 80 random bits in
Crockford's base32 and one check character, in groups: it says nothing about the household.
"""

import re
import secrets
import unicodedata

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from stdnum.iso7064 import mod_37_36

SERIAL_DIGITS = 6
MAX_TEXT = 200

# Cyrillic capitals that look the same as a Latin letter: a keyboard left in Russian or Tajik.
_LOOK_ALIKES = str.maketrans("АВЕКМНОРСТУХІ", "ABEKMHOPCTYXI")
_LETTER_FOR_DIGIT = str.maketrans("01", "OI")
_DIGIT_FOR_LETTER = str.maketrans("OIL", "011")

_PREFIX = re.compile(r"[A-Z]{2,5}")
_BODY = re.compile(r"([A-Z]{2,5})([0-9]{2})([0-9]{6}|[1-9][0-9]{6,8})([0-9A-Z])")


class _CodedError(ValueError):
    """An error with a stable ``code`` and a translatable ``message``; neither repeats the text."""

    messages: dict[str, Promise]

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def message(self) -> Promise:
        """What to tell the person who typed it."""
        return self.messages[self.code]


class InvalidReferenceError(_CodedError):
    """A text that is not a reference (``unreadable``) or was mistyped (``check``).

    ``suggestion`` is the reference that it would be if its last character was only read wrongly
    (O for 0, I for 1): to be confirmed by a person, because that cannot be proved.
    """

    messages = {
        "unreadable": _("This is not a reference. It looks like PNH-26-000427-K."),
        "check": _("One of the characters is wrong. Compare the reference with the slip."),
    }

    def __init__(self, code: str, suggestion: str | None = None) -> None:
        super().__init__(code)
        self.suggestion = suggestion


class InvalidTokenError(_CodedError):
    """A text that is not a token (``unreadable``) or was mistyped (``check``)."""

    messages = {
        "unreadable": _(
            "This is not a slip’s token. It has 17 letters and digits, in groups of four."
        ),
        "check": _("One of the characters is wrong. Compare the token with the slip."),
    }


def format_reference(prefix: str, year: int, serial: int) -> str:
    """The reference of the ``serial``-th household registered in ``year`` (of four digits).

    ``ValueError`` for a prefix that is not two to five capital letters, a year of other than
    four digits, or a serial outside 1 to 999,999,999.
    """
    if not _PREFIX.fullmatch(prefix):
        raise ValueError("a prefix has two to five capital letters")
    if not 1000 <= year <= 9999 or not 1 <= serial <= 999_999_999:
        raise ValueError("the year or the serial is out of range")
    short_year, digits = f"{year % 100:02d}", f"{serial:0{SERIAL_DIGITS}d}"
    check = mod_37_36.calc_check_digit(f"{prefix}{short_year}{digits}")
    return f"{prefix}-{short_year}-{digits}-{check}"


def parse_reference(text: str) -> str:
    """The canonical form of a reference as typed or read aloud.

    Case, spaces, dashes and the script of digits do not matter; O and 0, I, L and 1 are told
    apart by where they stand (letters in the prefix, digits after it) and then proved by the
    check character. Raises ``InvalidReferenceError``.
    """
    plain = _plain(text)
    if not plain.isascii() or not plain.isalnum():
        raise InvalidReferenceError("unreadable")
    found = _BODY.fullmatch(plain) or _BODY.fullmatch(_by_position(plain))
    if found is None:
        raise InvalidReferenceError("unreadable")
    if mod_37_36.is_valid(found.group()):
        return "-".join(found.groups())
    raise InvalidReferenceError("check", _suggestion(found))


def _plain(text: str) -> str:
    """Capitals and ASCII digits, without spaces, dashes and invisible signs."""
    kept: list[str] = []
    for character in unicodedata.normalize("NFKC", text[:MAX_TEXT]).upper():
        if character.isdecimal():
            kept.append(str(unicodedata.decimal(character)))
        elif not character.isspace() and unicodedata.category(character) not in ("Pd", "Cf"):
            kept.append(character)
    return "".join(kept).translate(_LOOK_ALIKES)


def _by_position(plain: str) -> str:
    """Letters where only letters can be, digits where only digits can, in the usual length."""
    start = len(plain) - (2 + SERIAL_DIGITS + 1)
    if start < 2:
        return plain
    prefix, digits = plain[:start], plain[start:-1]
    return f"{prefix.translate(_LETTER_FOR_DIGIT)}{digits.translate(_DIGIT_FOR_LETTER)}{plain[-1]}"


def _suggestion(found: re.Match[str]) -> str | None:
    *body, check = found.groups()
    right = mod_37_36.calc_check_digit("".join(body))
    if {check, right} in ({"O", "0"}, {"I", "1"}, {"L", "1"}, {"I", "L"}):
        return "-".join((*body, right))
    return None


# --- tokens --------------------------------------------------------------------------------------

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TOKEN_BITS = 80
TOKEN_LENGTH = TOKEN_BITS // 5  # without the check character
_VALUES = {character: value for value, character in enumerate(CROCKFORD)}
_GROUP = 4


def _powers() -> list[int]:
    """Powers of the generator of the field of 32 elements (x^5 + x^2 + 1)."""
    powers, value = [], 1
    for _position in range(31):
        powers.append(value)
        value <<= 1
        if value & 32:
            value ^= 0b100101
    return powers


_POWERS = _powers()
_LOGS = {value: exponent for exponent, value in enumerate(_POWERS)}


def _token_check(body: str) -> str:
    """The check character: a sum in the field of 32 elements, each place weighted by its own power.

    Stays within the 32 letters and digits (Crockford's own check needs five signs more, which
    nobody can read aloud) and finds every wrong character and every two that changed places.
    """
    total = 0
    for place, character in enumerate(body, start=1):
        value = _VALUES[character]
        if value:
            total ^= _POWERS[(_LOGS[value] + place) % 31]
    return CROCKFORD[total]


def new_token() -> str:
    """A new token: 80 random bits, as ``XXXX-XXXX-XXXX-XXXX-C``."""
    number = secrets.randbits(TOKEN_BITS)
    body = "".join(CROCKFORD[number >> shift & 31] for shift in range(TOKEN_BITS - 5, -5, -5))
    return _grouped(body + _token_check(body))


def normalise_token(text: str) -> str:
    """The canonical form of a token as typed, read aloud or scanned.

    Case, spaces, dashes and the script of digits do not matter; O is 0, I and L are 1, as
    Crockford has it. Of an address (a scanned code) the last part is taken. Raises
    ``InvalidTokenError``.
    """
    last = text.strip().rstrip("/").rsplit("/", 1)[-1]
    plain = _plain(last).translate(_DIGIT_FOR_LETTER)
    if len(plain) != TOKEN_LENGTH + 1 or any(character not in _VALUES for character in plain):
        raise InvalidTokenError("unreadable")
    if _token_check(plain[:-1]) != plain[-1]:
        raise InvalidTokenError("check")
    return _grouped(plain)


def _grouped(plain: str) -> str:
    return "-".join(plain[start : start + _GROUP] for start in range(0, len(plain), _GROUP))
