"""The first steps of a person who never opened a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agent.identity import welcome

CLOUD = "https://cloud.example/api/"
USUAL = "C:\\Users\\anna\\Pictures\\Backhaul"


class Person:
    """Somebody who answers in turn, and then no more; and what was done for them."""

    def __init__(self, *answers: str, fails: str = "") -> None:
        self._answers = list(answers)
        self._fails = fails
        self.told: list[str] = []
        self.done: list[list[str]] = []

    def set_up(self) -> int:
        return welcome.set_up(self._ask, self.told.append, self._run, USUAL)

    def _ask(self, _question: str) -> str:
        return self._answers.pop(0) if self._answers else ""

    def _run(self, words: Sequence[str]) -> int:
        self.done.append(list(words))
        return 1 if words[0] == self._fails else 0


def test_three_answers_and_it_works() -> None:
    person = Person(CLOUD, "D:\\Photos", "y")

    assert person.set_up() == 0
    assert person.done == [["pair", CLOUD, "--home", "D:\\Photos"], ["install", "--home", "D:\\Photos"]]


def test_enter_takes_the_usual_folder_and_starts_at_logon() -> None:
    person = Person(CLOUD)

    assert person.set_up() == 0
    assert [words[-1] for words in person.done] == [USUAL, USUAL]


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("cloud.example/api", CLOUD),
        ("  https://cloud.example/api ", CLOUD),
        ("http://127.0.0.1:8700", "http://127.0.0.1:8700/"),
    ],
)
def test_an_address_is_understood_as_people_type_it(typed: str, address: str) -> None:
    person = Person(typed)
    person.set_up()

    assert person.done[0][1] == address


def test_an_address_that_would_show_the_key_is_asked_for_again() -> None:
    person = Person("http://cloud.example", CLOUD)
    person.set_up()

    assert "address must begin with https://" in person.told[1]
    assert person.done[0][1] == CLOUD


def test_a_path_pasted_with_its_quotes_is_a_path() -> None:
    person = Person(CLOUD, '"D:\\My Photos"')
    person.set_up()

    assert person.done[0][-1] == "D:\\My Photos"


def test_no_answer_changes_nothing() -> None:
    person = Person()

    assert person.set_up() == 1
    assert (person.done, person.told[-1]) == ([], welcome.NOTHING)


def test_what_is_not_paired_is_not_installed() -> None:
    person = Person(CLOUD, fails="pair")

    assert person.set_up() == 1
    assert [words[0] for words in person.done] == ["pair"]


def test_who_wants_to_start_by_hand_is_told_how() -> None:
    person = Person(CLOUD, "D:\\Photos", "no")

    assert person.set_up() == 0
    assert person.told[-1] == "Then start it when you want it: backhaul run --home D:\\Photos"
