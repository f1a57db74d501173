"""Which passwords are refused because anybody would try them first."""

import pytest
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from holdfast.accounts.common_passwords import WORDS, is_first_guess

EMAIL = "Ann.Smith@example.com"


def test_the_three_thousand_most_used_that_are_long_enough_are_known() -> None:
    most_used = [each for each in FREQUENCY_LISTS["passwords"] if len(each) >= 8][:3_000]
    assert len(most_used) == 3_000
    assert all(is_first_guess(each, EMAIL) and is_first_guess(each.upper(), EMAIL) for each in most_used)


@pytest.mark.parametrize("word", sorted(WORDS))
def test_a_word_of_ours_is_known_whatever_digits_are_about_it(word: str) -> None:
    assert all(is_first_guess(each, EMAIL) for each in (word, f"{word.title()}2030!", f"123{word}456"))


@pytest.mark.parametrize("password", ["ann.smith", "AnnSmith1", "ann.smith@example.com", "example.com", "Example-2030"])
def test_ones_own_address_is_known(password: str) -> None:
    assert is_first_guess(password, EMAIL)


@pytest.mark.parametrize("password", ["correct horse", "83726159", "holdfast horse", "я люблю чай", "Tr0ub4dor&3"])
def test_what_takes_thought_is_not(password: str) -> None:
    assert not is_first_guess(password, "7@8.org")
