"""Latin forms of names for reading aloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.names import latin_form, script_of

DARI = {
    "محمد نبی": "Mohammad Nabi",
    "عبدالله": "Abdullah",
    "عبد الله": "Abdullah",
    "عبدالرحمن": "Abdul Rahman",
    "عبد الکریم": "Abdul Karim",
    "نعمت الله": "Nematullah",
    "صلاح الدین": "Salahuddin",
    "صفی‌الله": "Safiullah",
    "محبوبه": "Mahbuba",
    "گل‌نار": "Gul Nar",
    "بی‌بی عایشه": "Bibi Aisha",
    "زرغونه": "Zarghuna",
    "ميرويس": "Mirwais",  # with Arabic ي
    "مرتضی": "Murtaza",
    "سید علی": "Sayed Ali",
    "احمدجان": "Ahmadjan",
    "غلام حیدر": "Ghulam Haydar",
    "پیمان": "Payman",
    "تورپیکۍ": "Torpekai",
}
# Not in the list of known names: read by rule.
BY_RULE = {
    "احمد": "Ahmad",
    "اسد": "Asad",
    "عارف": "Aref",
    "فرزاد": "Farzad",
    "جعفر": "Jafar",
    "بخت": "Bakht",
    "ناصح": "Nasih",
    "نواز": "Nawaz",
    "ایوان": "Iwan",
    "یما": "Yama",
    "شکیب": "Shakib",
    "چمن": "Chaman",
    "ښکلا": "Shakla",
}
CYRILLIC = {
    "Ҷамшед": "Jamshed",
    "Малика": "Malika",
    "Ғуломҳайдар": "Ghulomhaydar",
    "Раҷабалӣ": "Rajabali",
    "Хуршеда": "Khursheda",
    "Зулайхо": "Zulaykho",
    "Юсуф": "Yusuf",
    "Ёдгор": "Yodgor",
    "Елена": "Yelena",
    "Қӯқанд": "Quqand",
    "Джамиля": "Jamilya",
    "Шерзод Каримов": "Sherzod Karimov",
}


@pytest.mark.parametrize(("name", "said"), [*DARI.items(), *BY_RULE.items(), *CYRILLIC.items()])
def test_names_are_read(name: str, said: str) -> None:
    assert latin_form(name) == said


@pytest.mark.parametrize("name", ["Zarina", "Jamshed Ali", "O'Brien", "", "  ", "—", "123"])
def test_what_is_latin_or_no_name_has_no_other_form(name: str) -> None:
    assert latin_form(name) == ""


def test_words_that_are_latin_stay() -> None:
    assert latin_form("Ali محمد") == "Ali Mohammad"


@given(st.text(alphabet=st.sampled_from("ابپتجچحخدذرزژسشصضطظعغفقکگلمنوهیئءآ \u200c"), max_size=40))
def test_any_text_of_arabic_letters_can_be_said(text: str) -> None:
    said = latin_form(text)
    assert said == "" or script_of(said) in ("latin", "none")


@given(st.text(max_size=400))
def test_no_text_breaks_it(text: str) -> None:
    said = latin_form(text)
    assert all(not "\u0400" <= c <= "\u06ff" for c in said)
