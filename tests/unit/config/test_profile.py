"""The profile language: what people write becomes points, derived values and controls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from gateway import registry
from gateway.assets import BinFacts
from gateway.driver import Scaled
from gateway.model import Bad, Uncertain
from gateway.problems import ConfigurationError
from gateway.profile import Profile, load_profile, profile_names, specimen
from tests.parts.toy_driver import Cell, Order, Origin, Traits

pytestmark = pytest.mark.usefixtures("toys")

HEAD = """\
schema = 1
kind = "bin"
vendor = "Toys"
model = "T1"
driver = "toy"
"""


def toml(text: str) -> str:
    return HEAD + dedent(text)


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Profile]:
    def load(text: str) -> Profile:
        (tmp_path / "toy.toml").write_text(toml(text))
        return load_profile("toy.toml", tmp_path)

    return load


@pytest.fixture
def refused(load: Callable[[str], Profile]) -> Callable[[str], dict[str, tuple[str, str]]]:
    def refused(text: str) -> dict[str, tuple[str, str]]:
        with pytest.raises(ConfigurationError) as caught:
            load(text)
        return {p.path: (p.problem, p.hint) for p in caught.value.problems}

    return refused


Load = Callable[[str], Profile]
Refused = Callable[[str], dict[str, tuple[str, str]]]


class TestHead:
    def test_it_says_what_the_device_is_and_what_the_driver_needs(self, load: Load) -> None:
        profile = load(
            """
            most = 8
            origin = [{ cell = 0, equals = "T1" }]
            points = [{ name = "a", cell = 1 }]
            """
        )
        assert (profile.kind, profile.vendor, profile.model) == ("bin", "Toys", "T1")
        assert (profile.name, profile.family) == ("toy.toml", "toy")
        assert profile.traits == Traits(most=8, origin=(Origin(cell=0, equals="T1"),))
        assert profile.file.is_file()

    def test_a_family_is_known_without_any_bus(self) -> None:
        assert load_profile("lamp/generic", Path()).family == "modbus"

    def test_points_are_read_every_ten_seconds_unless_somebody_says_otherwise(
        self, load: Load
    ) -> None:
        points = '[{ name = "a", cell = 1 }, { name = "b", cell = 2, every = "250ms" }]'
        assert [point.every for point in load(f"points = {points}").points] == [10, 0.25]
        changed = load(f'every = "1m"\npoints = {points}')
        assert [point.every for point in changed.points] == [60, 0.25]


class TestPoints:
    def test_a_row_carries_the_drivers_own_row_completed(self, load: Load) -> None:
        (point,) = load('first = 1\npoints = [{ name = "a", cell = 5, unit = "V" }]').points
        assert point.source == Cell(cell=4)
        assert (point.name, point.unit, point.convert) == ("a", "V", None)

    def test_generic_keys_become_the_conversion(self, load: Load) -> None:
        (point,) = load(
            'points = [{ name = "a", cell = 1, scale = 0.1, invalid = [0],'
            " max = 20, clamp = true }]"
        ).points
        assert point.convert is not None
        assert point.convert(105) == 10.5
        assert point.convert(0) == Bad("no value (0)")
        assert point.convert(300) == Uncertain(20.0)

    def test_reporting_keys_are_kept(self, load: Load) -> None:
        (point,) = load(
            """
            points = [{ name = "a", cell = 1, deadband = 0.5, on_change = true, alone = true,
                        rollover = 1000 }]
            """.replace("\n                ", " ")
        ).points
        assert (point.deadband, point.on_change, point.alone) == (0.5, True, True)
        assert point.counter is not None
        assert (point.counter.low, point.counter.size) == (0, 1000)

    def test_the_drivers_row_says_what_kind_of_value_it_is(self, load: Load) -> None:
        points = load(
            """
            points = [
              { name = "a", cell = 1 },
              { name = "b", cell = 2, type = "bool" },
              { name = "c", cell = 3, bit = 4 },
              { name = "d", cell = 4, type = "string" },
              { name = "e", cell = 5, enum = { 0 = "off", 1 = "on", 2 = "on" } },
            ]
            """
        ).points
        assert [p.type for p in points] == ["number", "bool", "bool", "string", "string"]
        assert points[4].codes == {"off": 0, "on": 1}

    def test_count_repeats_a_row(self, load: Load) -> None:
        points = load('points = [{ name = "group", cell = 5, count = 3, scale = 2 }]').points
        assert [point.name for point in points] == ["group_1", "group_2", "group_3"]
        assert [point.source.cell for point in points] == [5, 6, 7]
        assert {point.convert for point in points} == {points[0].convert}

    def test_one_is_a_count_too(self, load: Load) -> None:
        assert load('points = [{ name = "a", cell = 5, count = 1 }]').points[0].name == "a_1"

    def test_flags_are_as_many_bools(self, load: Load) -> None:
        points = load(
            'points = [{ name = "status", cell = 5, flags = { 0 = "door", 7 = "tilt" } }]'
        ).points
        assert [point.name for point in points] == ["status_door", "status_tilt"]
        assert [point.source.bit for point in points] == [0, 7]
        assert {point.type for point in points} == {"bool"}

    def test_flags_of_every_element(self, load: Load) -> None:
        text = 'points = [{ name = "s", cell = 5, count = 2, flags = { 1 = "up" } }]'
        assert [(p.name, p.source.cell) for p in load(text).points] == [
            ("s_1_up", 5),
            ("s_2_up", 6),
        ]


class TestScaleRegister:
    """A key of the Modbus driver; what becomes of number and exponent is the gateway's affair."""

    HEAD = """\
schema = 1
kind = "other"
vendor = "V"
model = "M"
driver = "modbus"
points = [{ name = "p", table = "holding", address = 4, ROW }]
"""

    def load(self, row: str, folder: Path) -> Profile:
        (folder / "meter.toml").write_text(self.HEAD.replace("ROW", row))
        return load_profile("meter.toml", folder)

    def test_it_is_applied_before_the_scale_and_after_the_sentinels(self, tmp_path: Path) -> None:
        row = 'type = "int16", invalid = [-32768], scale = 2, scale_register = { address = 6 }'
        (point,) = self.load(row, tmp_path).points
        assert point.convert is not None
        assert point.convert(Scaled(15, -1)) == 3  # type: ignore[arg-type]  # a Raw of this point
        assert point.convert(Scaled(-32768, 0)) == Bad("no value (-32768)")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("row", "says"),
        [
            ('enum = { 0 = "a" }, scale_register = { address = 6 }', "leave out enum"),
            ('flags = { 0 = "a" }, scale_register = { address = 6 }', "not for a single bit"),
            ("scale_register = 6", "expected a table"),
            ("scale_register = { adress = 6 }", '"address" is missing'),
        ],
    )
    def test_mistakes(self, row: str, says: str, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError) as caught:
            self.load(row, tmp_path)
        found = {problem.path: problem.problem for problem in caught.value.problems}
        assert any(says in text for text in found.values()), found
        places = ("points[0].scale_register", "points[0].flags")
        assert all(path.startswith(places) for path in found), found


class TestDerived:
    TEXT = """
        points = [
          { name = "distance", cell = 1 },
          { name = "fill_level", unit = "%", derive = { from = "distance", linear = LINEAR } },
        ]
    """

    def text(self, *ends: str) -> str:
        return self.TEXT.replace("LINEAR", str(list(ends)))

    def test_a_value_between_two_asset_facts(self, load: Load) -> None:
        profile = load(self.text("empty_distance", "full_distance"))
        (derived,) = profile.derived
        assert (derived.name, derived.source, derived.unit) == ("fill_level", "distance", "%")
        facts = BinFacts(empty_distance=1000, full_distance=200)
        assert derived.compute(600, facts) == 50
        assert profile.ends == {"fill_level": ("empty_distance", "full_distance")}

    def test_a_fact_the_kind_does_not_have(self, refused: Refused) -> None:
        found = refused(self.text("empty_distanc", "stand"))
        assert found == {
            "points[1].derive.linear[0]": (
                'no number among the asset facts of a bin is called "empty_distanc"',
                'did you mean "empty_distance"?',
            ),
            "points[1].derive.linear[1]": (
                'no number among the asset facts of a bin is called "stand"',
                "known here: capacity, dead_band, empty_distance, full_distance",
            ),
        }

    def test_a_source_that_is_not_there(self, refused: Refused) -> None:
        text = self.text("empty_distance", "full_distance").replace('from = "d', 'from = "D')
        assert set(refused(text)) == {"points[1].derive.from"}
        text = self.text("empty_distance", "full_distance").replace('from = "d', 'from = "dd')
        assert refused(text) == {
            "points[1].derive.from": (
                'no point is called "ddistance"',
                'did you mean "distance"?',
            )
        }

    def test_a_source_is_something_that_is_read(self, refused: Refused) -> None:
        text = self.text("empty_distance", "full_distance")
        assert set(refused(text.replace('from = "distance"', 'from = "fill_level"'))) == {
            "points[1].derive.from"
        }

    def test_it_takes_no_other_keys(self, refused: Refused) -> None:
        text = self.text("empty_distance", "full_distance").replace("unit", "cell = 3, unit")
        assert set(refused(text)) == {"points[1].cell"}


class TestAtomic:
    POINTS = 'points = [{ name = "group", cell = 1, count = 4 }, { name = "far", cell = 50 }]\n'

    def test_patterns_become_names(self, load: Load) -> None:
        profile = load(f'atomic = [["group_[12]", "group_3"]]\n{self.POINTS}')
        assert profile.atomic == (("group_1", "group_2", "group_3"),)

    def test_a_pattern_that_means_no_point(self, refused: Refused) -> None:
        assert refused(f'atomic = [["group_*", "grup_1"]]\n{self.POINTS}') == {
            "atomic[0][1]": ('no point is called "grup_1"', 'did you mean "group_1"?')
        }

    def test_a_group_that_one_request_cannot_hold(self, refused: Refused) -> None:
        found = refused(f'atomic = [["group_*"], ["group_1", "far"]]\n{self.POINTS}')
        assert set(found) == {"atomic[1]"}
        assert (
            found["atomic[1]"][0] == "these points take 2 requests, so they cannot be read as one"
        )
        assert set(refused(f'most = 3\natomic = [["group_*"]]\n{self.POINTS}')) == {"atomic[0]"}

    def test_a_group_that_is_not_due_together(self, refused: Refused) -> None:
        points = self.POINTS.replace('"far", cell = 50', '"near", cell = 5, every = "1s"')
        found = refused(f'most = 64\natomic = [["group_*", "near"]]\n{points}')
        assert found["atomic[0]"][0] == "these points are not read at the same time"


class TestCommands:
    POINTS = 'points = [{ name = "level", cell = 1 }]\n'

    def test_a_control_has_a_target_and_a_range(self, load: Load) -> None:
        profile = load(
            self.POINTS
            + '[commands.dim]\ncell = 9\npulse = "2s"\nunit = "%"\nmin = 0\nmax = 100\n'
            + 'read_back = "level"\n'
        )
        control = profile.controls["dim"]
        assert control.target == Order(cell=9, pulse=2.0)
        assert (control.unit, control.min, control.max) == ("%", 0, 100)
        assert control.read_back == "level"

    def test_mistakes_of_a_command(self, refused: Refused) -> None:
        found = refused(
            self.POINTS
            + "[commands.a]\ncell = 1\nread_back = 'levl'\n"
            + "[commands.b]\nmin = 5\n"
            + "[commands.c]\ncell = 1\nmin = 5\nmax = 1\n"
            + "[commands.D]\ncell = 1\n"
        )
        assert found["commands.a.read_back"] == (
            'no point is called "levl"',
            'did you mean "level"?',
        )
        assert found["commands.b.cell"][0] == '"cell" is missing'
        assert found["commands.c.min"][0] == "min is above max"
        assert "lower" in found["commands.D"][0] or "a-z" in found["commands.D"][0]
        assert len(found) == 4


class TestMistakes:
    def test_each_is_reported_with_the_profiles_own_file_and_line(
        self, load: Load, tmp_path: Path
    ) -> None:
        with pytest.raises(ConfigurationError) as caught:
            load('mots = 5\npoints = [\n  { name = "a", cell = 100 },\n]\n[commands.x]\ncel = 1')
        assert [(p.file, p.line, p.path) for p in caught.value.problems] == [
            (str(tmp_path / "toy.toml"), 6, "mots"),
            (str(tmp_path / "toy.toml"), 8, "points[0].cell"),
            (str(tmp_path / "toy.toml"), 10, "commands.x.cell"),
            (str(tmp_path / "toy.toml"), 11, "commands.x.cel"),
        ]

    @pytest.mark.parametrize(
        ("row", "path", "problem"),
        [
            ('name = "A"', "name", "a name is 1 to 64 of a-z"),
            ('name = "a", scale = 0', "scale", "scale 0 would lose the value"),
            ('name = "a", min = 2, max = 1', "min", "min is above max"),
            ('name = "a", clamp = true', "clamp", "clamp needs a min or a max"),
            ('name = "a", every = "0s"', "every", "must be more than 0"),
            ('name = "a", enum = { 0 = "x" }, scale = 2', "enum", "enum gives no number"),
            ('name = "a", rollover = true', "rollover", "how far these rows count is not known"),
            ('name = "a", flags = { 0 = "x" }, max = 2', "flags", "flags gives no number"),
            ('name = "a", flags = { 0 = "x" }, enum = { 0 = "y" }', "flags", "one or the other"),
            (
                'name = "a", type = "bool", scale = 2',
                "scale",
                "scale is for numbers, not for a bool",
            ),
            ('name = "a", type = "string", enum = { 0 = "x" }', "enum", "not for a string"),
            ('name = "a", count = 0', "count", "0 is out of range"),
            ('name = "a", count = 200', "cell", "cell 100 is not there"),
            ('name = "a", enum = { x = "y" }', "enum.x", '"x" is not a whole number'),
            ('name = "a", flags = { 0 = "X" }', "flags.0", "a name is 1 to 64 of a-z"),
            ('name = "a", invalid = 5', "invalid", "expected a list in brackets, found 5"),
            (f'name = "{"a" * 63}", count = 9', "name", "is longer than 64 letters"),
        ],
        ids=str,
    )
    def test_of_a_row(self, row: str, path: str, problem: str, refused: Refused) -> None:
        found = refused(f"points = [{{ cell = 1, {row} }}]")
        assert set(found) == {f"points[0].{path}"}
        assert problem in found[f"points[0].{path}"][0]

    def test_names_may_not_meet(self, refused: Refused) -> None:
        found = refused(
            'points = [{ name = "a_2", cell = 1 }, { name = "a", count = 3, cell = 2 },'
            '{ name = "a_2", cel = 1 }]'
        )
        assert found["points[1].name"][0] == 'a second point is called "a_2"'
        assert found["points[2].name"][0] == 'a second point is called "a_2"'

    def test_further_mistakes_of_a_row_are_found_beside_a_misspelt_key(
        self, refused: Refused
    ) -> None:
        assert set(refused('points = [{ name = "a", cell = 100, scal = 2 }]')) == {
            "points[0].scal",
            "points[0].cell",
        }

    def test_but_nothing_is_blamed_for_another_keys_mistake(self, refused: Refused) -> None:
        assert set(refused('points = [{ name = "a", cell = "x", count = 2 }]')) == {
            "points[0].cell"
        }

    def test_a_profile_without_points(self, refused: Refused) -> None:
        assert refused("points = []")["points"][0] == "a profile needs at least one point"
        assert refused("points = 5")["points"][0] == "expected a list in brackets, found 5"
        assert refused("")["points"][0] == '"points" is missing'

    def test_more_points_than_anybody_means(self, refused: Refused) -> None:
        rows = ", ".join(f'{{ name = "p{i}", cell = 1, count = 90 }}' for i in range(60))
        assert "more than 5000 points" in str(refused(f"points = [{rows}]"))

    def test_rows_of_a_driver_that_cannot_repeat_or_split_them(self, tmp_path: Path) -> None:
        file = tmp_path / "plain.toml"
        row = '{ name = "a", count = 2 }, { name = "b", flags = { 0 = "x" } }'
        file.write_text(HEAD.replace('"toy"', '"plain"') + f"points = [{row}]\n")
        with pytest.raises(ConfigurationError) as caught:
            load_profile("plain.toml", tmp_path)
        assert [(p.path, p.problem) for p in caught.value.problems] == [
            ("points[0].count", "count: this driver's rows cannot be repeated"),
            ("points[1].flags", "flags: this driver's rows have no bits"),
        ]

    def test_an_unknown_family_leaves_the_generic_keys_judged(self, tmp_path: Path) -> None:
        file = tmp_path / "odd.toml"
        file.write_text(HEAD.replace('"toy"', '"toi"') + 'points = [{ name = "A", x = 1 }]\n')
        with pytest.raises(ConfigurationError) as caught:
            load_profile("odd.toml", tmp_path)
        assert [(p.path, p.hint) for p in caught.value.problems] == [
            ("driver", 'did you mean "toy"?'),
            ("points[0].name", ""),
        ]


class TestLibrary:
    def test_it_is_listed(self) -> None:
        names = profile_names()
        assert {"lamp/generic", "signal/generic", "bin/maxbotix-mb7389"} <= set(names)
        assert list(names) == sorted(names)

    @pytest.mark.parametrize(
        "ref", ["lamp/genric", "", "lamp", "../lamp/generic", "/etc/passwd", "lamp/"]
    )
    def test_what_is_not_there(self, ref: str) -> None:
        with pytest.raises(ConfigurationError, match=f'no profile is called "{ref}"'):
            load_profile(ref, Path())

    def test_a_path_starts_at_the_file_that_names_it(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError) as caught:
            load_profile("maps/none.toml", tmp_path)
        assert caught.value.problems[0].file == str(tmp_path / "maps" / "none.toml")


@pytest.mark.parametrize("name", profile_names())
def test_every_shipped_profile_can_be_used(name: str) -> None:
    """Instantiated and planned: what each promises, it can read."""
    profile = load_profile(name, Path())
    driver = registry.driver_of(profile.family)
    device = specimen(profile, driver)
    assert device is not None
    assert profile.name == name
    assert name.startswith(f"{profile.kind}/")
    blocks = driver.plan(device, profile.points)
    read = [point for block in blocks for point in block.points]
    assert sorted(p.name for p in read) == sorted(p.name for p in profile.points)
    for group in profile.atomic:
        assert any(set(group) <= {p.name for p in block.points} for block in blocks)
    for control in profile.controls.values():
        assert control.read_back in {point.name for point in profile.points}
