"""What people write about an SNMP device, and the requests it becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from drivers.ntcip.rows import NTCIP_1202, Combine, Controller, Get, Object, Traits, plan
from gateway.driver import Block, Device, Point
from gateway.profile import load_profile

RED, YELLOW, GREEN = (f"{NTCIP_1202}.1.4.1.{column}.1" for column in (2, 3, 4))


def row(**keys: Any) -> Object:
    return Object(**keys).complete(Traits())


def device(*points: Point, most: int = 16, atomic: tuple[tuple[str, ...], ...] = ()) -> Device:
    return Device(
        id="junction",
        kind="signal",
        bus="b",
        profile="test",
        options=Controller(),
        traits=Traits(max_objects=most),
        points=points,
        atomic=atomic,
    )


def point(name: str, *, alone: bool = False, **keys: Any) -> Point:
    return Point(name, row(**keys), every=1.0, alone=alone)


def asked(block: Block) -> list[str]:
    get: Get = block.request
    return [oid for part in get.parts for oid in part]


class TestRows:
    def test_an_oid_that_begins_with_a_dot_stands_below_the_profiles_base(self) -> None:
        assert row(oid=".3.6.0").oids == ("1.3.6.1.4.1.1206.4.2.1.3.6.0",)
        assert row(oid="1.3.6.1.2.1.1.1.0", type="string").oids == ("1.3.6.1.2.1.1.1.0",)
        other = Object(oid=".1.0").complete(Traits(base="1.3.6.1.4.1.9999"))
        assert other.oids == ("1.3.6.1.4.1.9999.1.0",)

    def test_a_group_of_channels_holds_eight(self) -> None:
        first = row(oid=".2.4.1.2.1", bit=6)
        further = [first.element(i) for i in range(4)]
        assert [(o.oids[0][-8:], o.bit) for o in further] == [
            (".4.1.2.1", 6),
            (".4.1.2.1", 7),
            (".4.1.2.2", 0),
            (".4.1.2.2", 1),
        ]

    def test_an_array_of_objects_goes_down_the_table(self) -> None:
        assert row(oid=".6.2.1.16.1").element(3).oids == (f"{NTCIP_1202}.6.2.1.16.4",)

    def test_an_array_of_combined_bits_moves_every_object(self) -> None:
        ninth = row(combine=Combine(of=(".1.4.1.2.1", ".1.4.1.3.1"))).element(8)
        assert ninth.combine == Combine(
            of=(f"{NTCIP_1202}.1.4.1.2.2", f"{NTCIP_1202}.1.4.1.3.2"), bit=0
        )

    @pytest.mark.parametrize(
        ("keys", "says"),
        [
            ({}, "oid or combine"),
            ({"oid": ".3.6.0", "combine": Combine(of=(".1", ".2"))}, "oid or combine"),
            ({"oid": "3.6.x"}, 'oid "3.6.x" is no object identifier'),
            ({"oid": "."}, "is no object identifier"),
            ({"oid": "5"}, "is no object identifier"),
            ({"oid": "1.3.6.1."}, "is no object identifier"),
            ({"oid": "1.3.6.1.4.1.1206.4.2.1.3.6.\u0660"}, "is no object identifier"),
            ({"oid": ".3.6.0", "bit": 1, "type": "string"}, "bit is for numbers"),
            ({"combine": Combine(of=(".1.4.1.2.1",))}, "two different objects or more"),
            ({"combine": Combine(of=(".1.4", ".1.4"))}, "two different objects or more"),
            ({"combine": Combine(of=(".1.4", ".1.5")), "bit": 0}, "leave out bit and type"),
            ({"combine": Combine(of=tuple(f".1.{i}" for i in range(17)))}, "holds 16 objects"),
        ],
    )
    def test_what_cannot_be_read_is_refused(self, keys: dict[str, Any], says: str) -> None:
        with pytest.raises(ValueError, match=says):
            row(**keys)

    def test_what_a_look_destroys_is_read_only_on_somebodys_word(self) -> None:
        with pytest.raises(ValueError, match=r"loses its bit 2 .* say clears = true"):
            row(oid=".3.9.0", bit=0)
        with pytest.raises(ValueError, match="say clears = true"):
            row(combine=Combine(of=(".3.8.0", ".3.9.0")))
        assert row(oid=".3.9.0", bit=0, clears=True).bit == 0

    def test_an_array_of_bits_begins_in_the_first_eight(self) -> None:
        with pytest.raises(ValueError, match="begin below"):
            row(oid=".3.6.0", bit=12).element(1)


class TestPlan:
    def test_an_object_is_asked_for_once_whatever_is_made_of_it(self) -> None:
        points = [point(f"p{bit}", oid=".3.8.0", bit=bit) for bit in range(8)]
        (block,) = plan(device(*points), points)
        assert asked(block) == [f"{NTCIP_1202}.3.8.0"]
        assert block.points == tuple(points)

    def test_a_request_is_filled_before_the_next_is_begun(self) -> None:
        points = [point(f"p{i}", oid=f".9.{i}") for i in range(10)]
        blocks = plan(device(*points, most=4), points)
        assert [len(asked(block)) for block in blocks] == [4, 4, 2]
        assert [p.name for block in blocks for p in block.points] == [p.name for p in points]

    def test_alone_means_alone(self) -> None:
        points = [
            point("a", oid=".9.1"),
            point("b", oid=".9.2", alone=True),
            point("c", oid=".9.3"),
        ]
        blocks = plan(device(*points), points)
        assert [[p.name for p in block.points] for block in blocks] == [["a"], ["b"], ["c"]]

    def test_an_atomic_group_is_one_part_of_one_request(self) -> None:
        group = [
            point(f"group_{i}", combine=Combine(of=(f".1.{i}", ".2.1", ".3.1"))) for i in (1, 2)
        ]
        points = [point("a", oid=".9.1"), *group, point("b", oid=".9.2")]
        subject = device(*points, most=5, atomic=(("group_1", "group_2"),))
        blocks = plan(subject, points)
        assert [[p.name for p in block.points] for block in blocks] == [
            ["group_1", "group_2", "a"],
            ["b"],
        ]
        assert [len(part) for part in blocks[0].request.parts] == [4, 1]

    def test_nothing_due_is_nothing_asked(self) -> None:
        assert plan(device(), []) == ()


def test_the_profiles_groups_are_one_moment_and_its_bit_is_not_cleared() -> None:
    profile = load_profile("signal/ntcip-1202", Path())
    subject = device(*profile.points, atomic=profile.atomic)
    blocks = plan(subject, profile.points)
    assert len(blocks) == 1
    assert blocks[0].request.parts[0] == (RED, YELLOW, GREEN)
    assert f"{NTCIP_1202}.3.9.0" not in asked(blocks[0])
    assert {p.name: p.type for p in profile.points}["group_8"] == "string"
    assert profile.points[0].codes["green"] == 4
    assert not profile.controls
