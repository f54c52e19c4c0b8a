"""What many failed polls come to: told as the symptoms of polls, one letter each.

``s`` silent, ``g`` garbled, ``x`` somebody else, ``2`` two devices, ``r`` refused, ``m`` another
device than its profile's, ``.`` a good poll.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway import diagnosis, registry
from gateway.diagnosis import CLEAN, WORDS, Course, Finding, finding
from gateway.driver import BadResponse, LinkDown, NoResponse, Symptom

LETTERS = {
    "s": Symptom.SILENT,
    "g": Symptom.GARBLED,
    "x": Symptom.STRANGER,
    "2": Symptom.SHARED,
    "r": Symptom.REFUSED,
    "m": Symptom.MISMATCH,
}


def courses(polls: str) -> Iterator[Course | None]:
    """The course after each poll, a second apart from 1000 on; texts say which poll they are of."""
    course: Course | None = None
    for i, letter in enumerate(polls):
        if letter != ".":
            course = diagnosis.failed(course, Finding(LETTERS[letter], f"poll {i}"), 1000 * (i + 1))
        elif course is not None:
            course = diagnosis.answered(course)
        yield course


def after(polls: str) -> Course | None:
    return list(courses(polls))[-1]


@pytest.mark.parametrize(
    ("polls", "symptom"),
    [
        ("s", Symptom.SILENT),
        ("sssgs", Symptom.SILENT),
        ("sssgg", Symptom.SILENT),
        ("sssggg", Symptom.GARBLED),
        ("ssgg", Symptom.SILENT),
        ("ggggx", Symptom.GARBLED),
        ("gggg2", Symptom.SHARED),
        ("2gggg", Symptom.SHARED),
        ("2ggggg", Symptom.GARBLED),
        ("2ssss", Symptom.SILENT),
        ("sg2gs", Symptom.SHARED),
        ("mmm", Symptom.MISMATCH),
        ("mmmss", Symptom.MISMATCH),
        ("mmmsss", Symptom.SILENT),
        ("rrrrr", Symptom.REFUSED),
    ],
)
def test_the_symptom_is_what_most_of_the_latest_failed_polls_show(
    polls: str, symptom: Symptom
) -> None:
    course = after(polls)
    assert course is not None
    assert course.symptom is symptom


def test_it_lasts_from_the_first_failed_poll_and_counts_them() -> None:
    course = after("..sgs")
    assert course is not None
    assert (course.since, course.polls) == (3000, 3)
    assert course.diagnosis({}).since == 3000


@pytest.mark.parametrize("polls", ["s.", "ssss.", "gg.", "mmm.", "rr.", "xx."])
def test_one_good_poll_ends_it(polls: str) -> None:
    assert after(polls) is None


def test_two_devices_answer_well_now_and_then_and_that_ends_nothing() -> None:
    assert after("2" + "." * (CLEAN - 1)) is not None
    assert after("2" + "." * CLEAN) is None
    course = after("2" + "." * (CLEAN - 1) + "g")
    assert course is not None
    assert (course.symptom, course.since, course.good) == (Symptom.SHARED, 1000, 0)


def test_it_is_told_after_three_failed_polls_and_at_once_where_one_is_proof() -> None:
    assert [bool(course and course.sure) for course in courses("sss")] == [False, False, True]
    assert [bool(course and course.sure) for course in courses("ss.s")] == [False] * 4
    assert [bool(course and course.sure) for course in courses("2")] == [True]
    assert [bool(course and course.sure) for course in courses("m")] == [True]


def test_the_text_is_the_latest_one_of_its_symptom_and_the_advice_its_drivers() -> None:
    course = after("sssg")
    assert course is not None
    told = course.diagnosis({Symptom.SILENT: ("Check its supply.",), Symptom.GARBLED: ("No.",)})
    assert told.text == "nothing comes back (poll 2)"
    assert told.advice == ("Check its supply.",)
    assert told.told() == {
        "symptom": "silent",
        "text": "nothing comes back (poll 2)",
        "since": 1000,
        "try": ["Check its supply."],
    }
    assert course.diagnosis({}).advice == ()


def test_a_reading_says_what_it_comes_to_and_what_this_poll_saw() -> None:
    said = [course.sentence for course in courses("2g") if course is not None]
    assert said == [
        "two devices answer as this one (poll 0)",
        "two devices answer as this one (this time: poll 1)",
    ]


def test_an_error_of_a_link_is_a_finding() -> None:
    assert finding(NoResponse("no answer in 1 s")) == (Symptom.SILENT, "no answer in 1 s")
    assert finding(BadResponse()) == (Symptom.GARBLED, "bad response")
    assert finding(LinkDown()) == (Symptom.UNREACHED, "link down")
    shared = BadResponse("unit 5 answered twice", symptom=Symptom.SHARED)
    assert finding(shared).sentence == "two devices answer as this one (unit 5 answered twice)"


def test_every_symptom_has_words() -> None:
    assert set(WORDS) == set(Symptom)


@pytest.mark.parametrize("name", [name for name in registry.driver_names() if name != "replay"])
def test_every_driver_of_a_wire_says_what_to_try(name: str) -> None:
    driver = registry.driver(name)
    assert {Symptom.SILENT, Symptom.GARBLED, Symptom.UNREACHED} <= driver.advice.keys()
    assert driver.verify is None or Symptom.MISMATCH in driver.advice
    for tries in driver.advice.values():
        assert tries
        assert all(one.endswith((".", "?", "by-id")) and len(one) < 100 for one in tries)
