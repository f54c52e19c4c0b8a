"""A site file and its asset registers become the values the gateway works from."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.assets import BinFacts, LampFacts, SignalFacts
from gateway.config import load_site
from gateway.config.site import Site
from gateway.faults.rule import Settings
from gateway.problems import ConfigurationError
from tests.parts.toy_driver import Nameless, Options, Unit


@dataclass(frozen=True, slots=True)
class LampFailure(Settings):
    share: float = 0.15

    def __post_init__(self) -> None:
        if self.share > 1:
            raise ValueError("share is a part of one; write 0.15 for 15 %")


RULES = {"lamp_failure": LampFailure, "bin_full": Settings}

#: The example of contracts §3, word for word but for the driver nobody has.
CONTRACT = """\
schema = 1

[gateway]
id = "gw-017"
site = "makati-ayala"
latitude = 14.5547
longitude = 121.0244
timezone = "Asia/Manila"
data_dir = "/var/lib/wayside"
devices = ["lamps.csv"]      # optional: asset registers

[mqtt]
url = "mqtts://broker.example:8883"    # mqtt:// or mqtts://
ca = "ca.pem"

[outbox]
max_bytes = "512MB"
flush = "1s"
confirm = "auto"             # see §6

[bus.feeder-1]
driver = "modbus-rtu"
port = "/dev/serial/by-id/usb-FTDI_0001"
baudrate = 19200

[bus.cabinet-12]
driver = "modbus-tcp"
host = "192.0.2.12"

[bus.bins]
driver = "maxbotix"
port = "/dev/serial/by-id/usb-FTDI_0002"

[[device]]
id = "lamp-0001"
profile = "lamp/generic"
bus = "feeder-1"
unit = 1
feeder = "F1"
phase = "L2"
rated_power = 70
latitude = 14.5549
longitude = 121.0241
[device.rules.lamp_failure]  # this device only
on_delay = "20m"

[[device]]
id = "cabinet-12"
profile = "signal/generic"
bus = "cabinet-12"
unit = 1
conflicts = [[1, 3], [1, 4], [2, 3], [2, 4]]
longest_cycle = "120s"

[[device]]
id = "bin-07"
profile = "bin/maxbotix-mb7389"
bus = "bins"
empty_distance = 1800        # mm
full_distance = 400          # the sensor's dead band is 300
stand = "plaza-3"
stream = "glass"

[rules.lamp_failure]         # the whole site
on_delay = "10m"
"""
REGISTER = """\
id,profile,bus,unit,feeder,phase,rated_power,tunnel,latitude,longitude,rules.lamp_failure.on_delay
lamp-0002,lamp/generic,feeder-1,2,F1,L3,70.5,yes,14.555,121.0242,30m
"lamp-0003",lamp/generic,feeder-1,3,F1,,,,,,
"""
SHORT = """\
schema = 1
[gateway]
id = "gw-1"
site = "town"
latitude = 14.5
longitude = 121
data_dir = "data"
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Site]:
    def load(text: str, **files: str) -> Site:
        (tmp_path / "site.toml").write_text(text)
        for name, content in files.items():
            (tmp_path / f"{name}.csv").write_text(content)
        return load_site(tmp_path / "site.toml", RULES)

    return load


@pytest.fixture
def refused(load: Callable[..., Site]) -> Callable[..., dict[str, str]]:
    def refused(text: str, **files: str) -> dict[str, str]:
        with pytest.raises(ConfigurationError) as caught:
            load(text, **files)
        return {problem.path: problem.problem for problem in caught.value.problems}

    return refused


Load = Callable[..., Site]
Refused = Callable[..., dict[str, str]]


class TestTheContractsExample:
    @pytest.fixture
    def site(self, load: Load) -> Site:
        return load(CONTRACT, lamps=REGISTER)

    def test_the_gateway(self, site: Site, tmp_path: Path) -> None:
        assert (site.gateway.id, site.gateway.site) == ("gw-017", "makati-ayala")
        assert (site.gateway.latitude, site.gateway.longitude) == (14.5547, 121.0244)
        assert site.gateway.data_dir == Path("/var/lib/wayside")
        assert site.file == tmp_path / "site.toml"

    def test_what_goes_out(self, site: Site, tmp_path: Path) -> None:
        assert site.mqtt.url == "mqtts://broker.example:8883"
        assert site.mqtt.ca == tmp_path / "ca.pem"
        assert (site.mqtt.batch, site.mqtt.compress) == (1.0, True)
        assert (site.outbox.max_bytes, site.outbox.flush) == (512_000_000, 1.0)
        assert site.outbox.confirm == "auto"

    def test_the_buses_and_their_devices(self, site: Site) -> None:
        assert {name: [d.id for d in bus.devices] for name, bus in site.buses.items()} == {
            "feeder-1": ["lamp-0001", "lamp-0002", "lamp-0003"],
            "cabinet-12": ["cabinet-12"],
            "bins": ["bin-07"],
        }
        assert site.buses["feeder-1"].options.baudrate == 19200
        assert site.buses["cabinet-12"].options.host == "192.0.2.12"
        assert all(bus.driver.name for bus in site.buses.values())

    def test_a_lamp(self, site: Site) -> None:
        lamp = site.devices[0]
        assert (lamp.kind, lamp.bus, lamp.profile) == ("lamp", "feeder-1", "lamp/generic")
        assert lamp.options.unit == 1
        assert lamp.facts == LampFacts(feeder="F1", phase="L2", rated_power=70.0)
        assert (lamp.latitude, lamp.longitude) == (14.5549, 121.0241)
        assert not lamp.allow_commands
        assert {"power", "voltage"} <= {point.name for point in lamp.points}
        assert set(lamp.controls) == {"switch", "dim"}

    def test_a_cabinet_and_a_bin(self, site: Site) -> None:
        cabinet, bin_ = site.devices[3:]
        assert cabinet.facts == SignalFacts(
            conflicts=((1, 3), (1, 4), (2, 3), (2, 4)), longest_cycle=120.0
        )
        assert cabinet.atomic == (("group_1", "group_2", "group_3", "group_4"),)
        assert bin_.facts == BinFacts(
            empty_distance=1800, full_distance=400, stand="plaza-3", stream="glass"
        )
        assert [derived.name for derived in bin_.derived] == ["fill_level"]

    def test_rules_hold_what_was_changed_and_nothing_else(self, site: Site) -> None:
        assert site.rules == {"lamp_failure": {"on_delay": 600.0}}
        assert site.devices[0].rules == {"lamp_failure": {"on_delay": 1200.0}}
        assert site.devices[3].rules == {}

    def test_rows_of_a_register_are_devices_like_any_other(self, site: Site) -> None:
        second, third = site.devices[1:3]
        assert second.facts == LampFacts(feeder="F1", phase="L3", rated_power=70.5, tunnel=True)
        assert (second.latitude, second.longitude) == (14.555, 121.0242)
        assert second.rules == {"lamp_failure": {"on_delay": 1800.0}}
        assert third.facts == LampFacts(feeder="F1")
        assert third.latitude is None

    def test_devices_of_one_profile_share_their_points(self, site: Site) -> None:
        assert site.devices[0].points is site.devices[1].points


class TestSmallSites:
    def test_everything_else_has_its_default(self, load: Load, tmp_path: Path) -> None:
        site = load(SHORT)
        assert site.mqtt.url == "mqtt://127.0.0.1:1883"
        assert site.gateway.timezone == "UTC"
        assert site.gateway.data_dir == tmp_path / "data"
        assert site.devices == ()

    def test_a_bus_may_wait_for_its_devices(self, load: Load) -> None:
        site = load(SHORT + '[bus.a]\ndriver = "modbus-tcp"\nhost = "127.0.0.1"\n')
        assert site.buses["a"].devices == ()

    @pytest.mark.parametrize("confirm", ["true", "false", '"auto"'])
    def test_confirm_is_a_word_or_a_truth(self, confirm: str, load: Load) -> None:
        site = load(SHORT + f"[outbox]\nconfirm = {confirm}\n")
        assert str(site.outbox.confirm).lower() == confirm.strip('"')


@pytest.mark.usefixtures("toys")
class TestDriversOfOtherPeople:
    SITE = (
        SHORT
        + """
[bus.many]
driver = "toy-bus"
port = "nowhere"
patience = "300ms"
buffer = "64KB"
log = "toy.log"
[bus.one]
driver = "toy-line"
port = "/dev/one"
[[device]]
id = "a"
profile = "toy.toml"
bus = "many"
unit = 9
delay = "10ms"
[[device]]
id = "b"
profile = "toy.toml"
bus = "one"
"""
    )
    PROFILE = (
        'schema = 1\nkind = "other"\nvendor = "Toys"\nmodel = "T"\ndriver = "toy"\n'
        'points = [{ name = "a", cell = 1 }]\n'
    )

    def test_their_tables_are_checked_like_ours(self, load: Load, tmp_path: Path) -> None:
        (tmp_path / "toy.toml").write_text(self.PROFILE)
        site = load(self.SITE)
        assert site.buses["many"].options == Options(
            port="nowhere", patience=0.3, buffer=64_000, log=tmp_path / "toy.log"
        )
        assert [d.options for d in site.devices] == [Unit(unit=9, delay=0.01), Nameless()]

    def test_and_refused_like_ours(self, refused: Refused, tmp_path: Path) -> None:
        (tmp_path / "toy.toml").write_text(self.PROFILE)
        site = self.SITE.replace("unit = 9", "unit = 10").replace("patience", "patients")
        assert refused(site.replace('bus = "one"', 'bus = "one"\nunit = 1')) == {
            "bus.many.patients": 'unknown key "patients"',
            "device[0].unit": "10 is out of range: 1 to 9",
            "device[1].unit": 'unknown key "unit"',
        }


class TestFilesThatNameFiles:
    def test_a_register_names_profiles_from_where_it_lies(self, tmp_path: Path) -> None:
        district = tmp_path / "district"
        (district / "maps").mkdir(parents=True)
        library = Path(__file__).parents[3] / "drivers" / "profiles" / "lamp" / "generic.toml"
        (district / "maps" / "acme.toml").write_text(library.read_text())
        (district / "lamps.csv").write_text(
            "id,profile,bus,unit\r\nlamp-1,maps/acme.toml,net,1\r\n"
        )
        (tmp_path / "site.toml").write_text(
            SHORT + 'devices = ["district/lamps.csv"]\n'
            '[bus.net]\ndriver = "modbus-tcp"\nhost = "127.0.0.1"\n'
        )
        (lamp,) = load_site(tmp_path / "site.toml", RULES).devices
        assert lamp.profile == "maps/acme.toml"

    def test_a_profile_is_blamed_once_however_many_devices_use_it(
        self, load: Load, tmp_path: Path
    ) -> None:
        (tmp_path / "bad.toml").write_text("schema = 1\n")
        devices = "".join(
            f'[[device]]\nid = "d{i}"\nprofile = "bad.toml"\nbus = "net"\nunit = {i}\n'
            for i in range(5)
        )
        with pytest.raises(ConfigurationError) as caught:
            load(SHORT + '[bus.net]\ndriver = "modbus-tcp"\nhost = "h"\n' + devices)
        files = [Path(problem.file).name for problem in caught.value.problems]
        assert files.count("bad.toml") == len(files) == 5


class TestRules:
    LAMP = (
        '[bus.net]\ndriver = "modbus-tcp"\nhost = "h"\n'
        '[[device]]\nid = "a"\nprofile = "lamp/generic"\nbus = "net"\nunit = 1\n'
    )

    def test_settings_that_make_no_sense_together_are_refused_by_the_rule(
        self, refused: Refused
    ) -> None:
        found = refused(
            SHORT
            + self.LAMP
            + "[device.rules.lamp_failure]\nshare = 15\n[rules.lamp_failure]\nshare = 20\n"
        )
        assert found == {
            "device[0].rules.lamp_failure.share": "share is a part of one",
            "rules.lamp_failure.share": "share is a part of one",
        }

    def test_an_empty_table_changes_nothing(self, load: Load) -> None:
        site = load(SHORT + "[rules.bin_full]\n")
        assert site.rules == {"bin_full": {}}


class TestRegisters:
    SITE = SHORT + 'devices = ["lamps.csv"]\n[bus.net]\ndriver = "modbus-tcp"\nhost = "h"\n'

    def test_one_may_hold_devices_of_every_kind(self, load: Load) -> None:
        site = load(
            self.SITE,
            lamps="\ufeffid,profile,bus,unit,conflicts,dark_ok,rated_power,allow_commands\n"
            "cab-1,signal/generic,net,1,1-3; 2-4,2;4,,true\n"
            " lamp-1 , lamp/generic ,net,2,,,70,\n"
            ",,,,,,,\n"
            "\n",
        )
        cabinet, lamp = site.devices
        assert cabinet.facts == SignalFacts(conflicts=((1, 3), (2, 4)), dark_ok=(2, 4))
        assert cabinet.allow_commands
        assert lamp.facts == LampFacts(rated_power=70.0)

    def test_a_cell_that_its_kind_has_no_use_for_is_refused(self, refused: Refused) -> None:
        found = refused(
            self.SITE,
            lamps="id,profile,bus,unit,conflicts\na,lamp/generic,net,1,\nb,lamp/generic,net,2,1-2\n",
        )
        assert found == {"device[1].conflicts": 'unknown key "conflicts"'}

    def test_text_may_hold_commas_and_lines(self, load: Load) -> None:
        site = load(
            self.SITE,
            lamps='id,profile,bus,unit,feeder\na,lamp/generic,net,1,"F1, north\nside"\n',
        )
        assert site.devices[0].facts.feeder == "F1, north\nside"

    def test_the_line_of_a_row_counts_the_lines_before_it(self, load: Load) -> None:
        with pytest.raises(ConfigurationError) as caught:
            load(
                self.SITE,
                lamps='id,profile,bus,unit,feeder\na,lamp/generic,net,1,"F\n\n1"\n\n'
                "b,lamp/generic,net,x,F1\n",
            )
        assert [(p.line, p.path) for p in caught.value.problems] == [(6, "device[1].unit")]


class TestSize:
    @staticmethod
    def district(count: int) -> tuple[str, str]:
        site = SHORT + 'devices = ["lamps.csv"]\n'
        for bus in range(count // 200 + 1):
            site += f'[bus.b{bus}]\ndriver = "modbus-rtu"\nport = "/dev/tty{bus}"\n'
        rows = [
            f"lamp-{i},lamp/generic,b{i // 200},{i % 200 + 1},F1,L2,70,14.5,121"
            for i in range(count)
        ]
        return site, "\n".join(
            ["id,profile,bus,unit,feeder,phase,rated_power,latitude,longitude", *rows]
        )

    def test_ten_thousand_devices_load_in_seconds(self, load: Load) -> None:
        site, lamps = self.district(10_000)
        start = time.perf_counter()
        assert len(load(site, lamps=lamps).devices) == 10_000
        assert time.perf_counter() - start < 10  # 1.2 s on an idle machine

    def test_a_hundred_devices_load_in_a_blink(self, load: Load) -> None:
        site, lamps = self.district(100)
        load(site, lamps=lamps)
        best = 9.9
        for _ in range(5):
            start = time.perf_counter()
            load(site, lamps=lamps)
            best = min(best, time.perf_counter() - start)
        assert best < 0.2  # 0.02 s on an idle machine

    def test_there_is_an_end_to_it(self, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("gateway.config.devices.MOST_DEVICES", 50)
        site, lamps = self.district(60)
        with pytest.raises(ConfigurationError) as caught:
            load(site, lamps=lamps)
        assert [p.problem for p in caught.value.problems] == ["more than 50 devices"]


def test_a_problem_is_ready_to_be_printed_as_json(refused: Refused, load: Load) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load("schema = 1\n")
    found: dict[str, Any] = asdict(caught.value.problems[0])
    assert list(found) == ["file", "line", "path", "problem", "hint"]
