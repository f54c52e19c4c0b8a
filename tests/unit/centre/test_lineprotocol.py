"""The line-protocol writer against a strict reader of its own reference."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.centre.history import Bundle
from gateway.centre.lineprotocol import alarm_lines, head, line, reading_lines
from gateway.model import Alarm, Reading, Severity, State, Value
from tests.parts.lineprotocol import parse

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
tags = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\t"), min_size=1)
floats = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(-(2**63), 2**64 - 1)
values: st.SearchStrategy[Value] = st.one_of(floats, whole, st.booleans(), text)
names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)


@given(st.dictionaries(names, values, min_size=1), tags, st.integers(0, 2**53))
@example({"s": 'a\nb,c="d"\\ '}, "x\\", 0)
@example({"s": "\\"}, 'a\\,b= c"', 1)
def test_what_is_written_is_read_back(fields: dict[str, Value], tag: str, t: int) -> None:
    (row,) = parse(line(head("lamp", device=tag, site="s"), fields, t))
    kept = tag + " " if tag.endswith("\\") else tag
    assert row.tags == (("device", kept), ("site", "s"))
    assert (row.measurement, row.t) == ("lamp", t)
    assert list(row.fields) == list(fields)
    for name, value in fields.items():
        stored = row.fields[name]
        expected = float(value) if type(value) in {int, float} else value
        assert (stored, type(stored)) == (expected, type(expected))


@given(text.filter(bool))
def test_any_tag_at_all_leaves_one_line_that_can_be_read(tag: str) -> None:
    rows = parse("\n".join(line(head("lamp", device=tag), {"v": n}, n) for n in range(2)))
    assert [row.fields for row in rows] == [{"v": 0.0}, {"v": 1.0}]
    assert rows[0].tags == rows[1].tags


def test_numbers_are_floats_whatever_the_vendor_counts_in() -> None:
    written = line(head("lamp"), {"whole": 70, "half": 0.5, "flag": True, "s": "1"}, 9)
    assert written == 'lamp whole=70,half=0.5,flag=true,s="1" 9'
    assert parse(written)[0].fields["whole"] == 70.0


def test_a_reading_is_one_line_and_silence_is_none() -> None:
    bundle = Bundle(
        "ayala",
        "gw-1",
        [
            Reading("sig-1", "signal", 7, {"group_1": "red"}),
            Reading("lamp-1", "lamp", 8, silent="no response"),
            Reading("lamp-2", "lamp", 9, bad={"power": "not a number"}),
            Reading("lamp-3", "lamp", 10, {"power": 1.5}, frozenset({"power"})),
        ],
        codes={"sig-1": {"group_1": {"red": 1}}},
    )
    assert reading_lines([bundle]) == [
        'signal,device=sig-1,gateway=gw-1,site=ayala group_1_code=1,group_1="red" 7',
        "lamp,device=lamp-3,gateway=gw-1,site=ayala power_q=1,power=1.5 10",
    ]


def test_an_alarm_is_one_line_whatever_its_subject_is_called() -> None:
    alarm = Alarm(
        "feeder:F1, north", "phase_loss", 5, State.UNACKNOWLEDGED, Severity.MAJOR, 'L2 "gone"', 5
    )
    (written,) = alarm_lines([Bundle("ayala", "gw-1", alarms=[alarm])])
    (row,) = parse(written)
    assert row.measurement == "alarm"
    assert dict(row.tags) == {
        "site": "ayala",
        "gateway": "gw-1",
        "device": "feeder:F1, north",
        "code": "phase_loss",
    }
    assert row.fields["message"] == 'L2 "gone"'
    assert row.fields["state_code"] == 1.0
    assert row.t == 5
