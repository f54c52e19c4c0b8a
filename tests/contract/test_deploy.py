"""What ``deploy/`` promises, as far as a machine without systemd or containers running can tell.

The units are judged by systemd's own tools. Of the compose set-up the broker really runs here, with
its own configuration, access list and secrets; the rest is read and compared with what it names.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from gateway.config import load_centre
from gateway.config.site import BrokerOptions
from gateway.model import Kind
from gateway.mqtt import BrokerDown, Connection, connect
from gateway.profile import load_profile, profile_names
from tests.parts.broker import Broker
from tests.parts.process import free_port, program
from tests.parts.yaml import parse

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
COMPOSE = DEPLOY / "compose"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
GATEWAY = "makati-ayala/gw-017"


def ran(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program's result, its output as text."""
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environment}
    return subprocess.run(
        [program(str(command[0])), *map(str, command[1:])],
        capture_output=True,
        text=True,
        check=False,
        env=env,
        timeout=60,
    )


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
class TestUnit:
    @pytest.fixture
    def here(self, unit: Path, tmp_path: Path) -> Path:
        """The unit, starting this checkout's command: systemd looks whether it is there."""
        copy = tmp_path / unit.name
        ours = program("wayside")
        copy.write_text(unit.read_text().replace("/opt/wayside/bin/wayside", ours))
        return copy

    def test_systemd_has_nothing_to_say_about_it(self, here: Path) -> None:
        verdict = ran("systemd-analyze", "verify", here)
        assert (verdict.returncode, verdict.stderr) == (0, "")

    def test_it_is_well_locked_in(self, here: Path) -> None:
        verdict = ran("systemd-analyze", "security", "--offline=true", "--threshold=20", here)
        assert verdict.returncode == 0, verdict.stdout[-2000:]

    def test_it_starts_a_command_there_is(self, unit: Path) -> None:
        [command] = re.findall(r"ExecStart=/opt/wayside/bin/wayside (\S+)", unit.read_text())
        assert ran("wayside", command, "--help").returncode == 0

    def test_a_mistake_in_the_file_is_not_tried_for_ever(self, unit: Path) -> None:
        text = unit.read_text()
        assert "Restart=on-failure" in text
        assert "RestartPreventExitStatus=2" in text


def test_the_gateway_may_ask_for_the_clock_and_not_set_it() -> None:
    text = (DEPLOY / "systemd" / "wayside.service").read_text()
    assert "ProtectClock=no" in text  # it refuses the question, too
    allowed = re.findall(r"^SystemCallFilter=@system-service (.*)$", text, re.MULTILINE)
    assert allowed == ["adjtimex clock_adjtime clock_adjtime64"]
    assert re.search(r"^CapabilityBoundingSet=$", text, re.MULTILINE)
    assert re.search(r"^AmbientCapabilities=$", text, re.MULTILINE)


def test_the_gateway_is_watched() -> None:
    text = (DEPLOY / "systemd" / "wayside.service").read_text()
    assert "Type=notify" in text
    assert re.search(r"^WatchdogSec=\d+", text, re.MULTILINE)
    for kind in ("ttyUSB", "ttyACM", "ttyAMA"):
        assert f"DeviceAllow=char-{kind} rw" in text


def test_the_users_can_be_made() -> None:
    users = DEPLOY / "systemd" / "wayside.sysusers"
    made = ran("systemd-sysusers", "--dry-run", users)
    assert made.returncode == 0, made.stderr
    for unit in UNITS:
        [user] = re.findall(r"\nUser=(\S+)", unit.read_text())
        assert f"\nu {user} " in users.read_text()


class TestCompose:
    @pytest.fixture
    def compose(self) -> dict[str, Any]:
        document: dict[str, Any] = parse((COMPOSE / "compose.yaml").read_text())
        return document

    def test_every_port_is_on_loopback(self, compose: dict[str, Any]) -> None:
        ports = [port for one in compose["services"].values() for port in one.get("ports", [])]
        assert ports
        assert all(port.startswith("127.0.0.1:") for port in ports)

    def test_every_password_is_a_secret_that_the_script_makes(
        self, compose: dict[str, Any], tmp_path: Path
    ) -> None:
        assert secrets_made(tmp_path).returncode == 0
        named = {name: Path(one["file"]) for name, one in compose["secrets"].items()}
        for file in named.values():
            assert (tmp_path / file).stat().st_size, f"{file} is not made"
        for name, service in compose["services"].items():
            for secret in service.get("secrets", []):
                assert secret in named, name
            for key, value in service.get("environment", {}).items():
                if re.search("PASSWORD|TOKEN|USERNAME", key):
                    assert key.endswith("_FILE"), f"{name}: {key} is in the open"
                    assert value.removeprefix("/run/secrets/") in service["secrets"]

    def test_every_file_and_volume_it_mounts_is_there(self, compose: dict[str, Any]) -> None:
        for service in compose["services"].values():
            for mount in service["volumes"]:
                source = mount.split(":")[0]
                known = (
                    (COMPOSE / source).exists() if "/" in source else source in compose["volumes"]
                )
                assert known, source

    def test_our_services_run_commands_there_are_and_are_locked_in(
        self, compose: dict[str, Any]
    ) -> None:
        for name in ("ingest", "console"):
            service = compose["services"][name]
            assert ran("wayside", service["command"][0], "--help").returncode == 0
            assert service["read_only"]
            assert service["cap_drop"] == ["ALL"]
            assert service["build"]["dockerfile"] == "deploy/compose/Dockerfile"

    def test_the_centres_file_is_valid_and_names_what_compose_gives(
        self, compose: dict[str, Any]
    ) -> None:
        centre = load_centre(COMPOSE / "centre.toml")
        assert centre.influx is not None
        environment = compose["services"]["influxdb"]["environment"]
        assert centre.influx.org == environment["DOCKER_INFLUXDB_INIT_ORG"]
        assert centre.influx.bucket == environment["DOCKER_INFLUXDB_INIT_BUCKET"]
        for file in (centre.influx.token_file, centre.mqtt.password_file):
            assert file is not None
            assert file.name in compose["services"]["ingest"]["secrets"]

    def test_secrets_stay_out_of_git_and_out_of_the_image(self) -> None:
        ignored = subprocess.run(
            ["git", "check-ignore", "-q", "secrets/mqtt-centre"], cwd=COMPOSE, check=False
        )
        assert ignored.returncode == 0
        rules = (COMPOSE / "Dockerfile.dockerignore").read_text().split("\n")
        assert "*" in rules
        assert not any("deploy" in rule for rule in rules)

    def test_the_image_is_made_of_what_there_is(self) -> None:
        text = (COMPOSE / "Dockerfile").read_text()
        allowed = (COMPOSE / "Dockerfile.dockerignore").read_text().split("\n")
        for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
            for source in copied.split():
                assert (DEPLOY.parent / source).exists(), source
                assert f"!{source}" in allowed, source
        assert "--require-hashes" in text
        assert re.search(r"^USER (?!root)", text, re.MULTILINE)
        assert all(":" in image for image in re.findall(r"^FROM (\S+)", text, re.MULTILINE))


class TestGrafana:
    def test_its_dashboard_asks_for_fields_the_gateways_send(self) -> None:
        dashboard = json.loads((COMPOSE / "grafana/dashboards/overview.json").read_text())
        known: dict[str, set[str]] = {"alarm": {"state", "severity", "message"}}
        for kind in get_args(Kind):
            known[kind] = set()
        for name in profile_names():
            profile = load_profile(name, DEPLOY)
            known[profile.kind] |= {point.name for point in profile.points}
            known[profile.kind] |= {derived.name for derived in profile.derived}
        for panel in dashboard["panels"]:
            [target] = panel["targets"]
            [measurement] = re.findall(r'_measurement == "(\w+)"', target["query"])
            fields = re.findall(r'_field == "(\w+)"', target["query"])
            assert measurement in known, panel["title"]
            assert set(fields) <= known[measurement], panel["title"]

    def test_its_panels_use_the_source_that_is_provided(self) -> None:
        sources = parse((COMPOSE / "grafana/provisioning/datasources/wayside.yaml").read_text())
        dashboard = json.loads((COMPOSE / "grafana/dashboards/overview.json").read_text())
        [source] = sources["datasources"]
        assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {source["uid"]}
        assert source["secureJsonData"]["token"] == "$__file{/run/secrets/influx-token}"  # noqa: S105
        parse((COMPOSE / "grafana/provisioning/dashboards/wayside.yaml").read_text())


def secrets_made(folder: Path, *gateways: str) -> subprocess.CompletedProcess[str]:
    """Run the script, its secrets going to ``folder``."""
    script = COMPOSE / "make-secrets.sh"
    return ran("sh", script, *gateways, WAYSIDE_COMPOSE_DIR=str(folder))


def test_secrets_are_made_once_and_kept(tmp_path: Path) -> None:
    assert secrets_made(tmp_path, GATEWAY).returncode == 0
    before = (tmp_path / "secrets/influx-token").read_text()
    assert len(before) == 40
    assert secrets_made(tmp_path).returncode == 0
    assert (tmp_path / "secrets/influx-token").read_text() == before
    assert f"{GATEWAY}:" in (tmp_path / "secrets/mqtt-passwords").read_text()
    assert before not in (tmp_path / "secrets/mqtt-passwords").read_text()
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["gw-017", "../../etc", "a/b/c", "A/B", "/x", "x/", "a/.b"])
def test_secrets_are_made_only_for_gateways(tmp_path: Path, name: str) -> None:
    assert secrets_made(tmp_path, name).returncode == 2


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Compose's mosquitto, on paths and a port of this test."""
    assert secrets_made(tmp_path, GATEWAY, "makati-ayala/gw-018").returncode == 0
    (tmp_path / "data").mkdir()
    port = free_port()
    text = (COMPOSE / "mosquitto/mosquitto.conf").read_text()
    for ours, here in {
        "listener 1883": f"listener {port} 127.0.0.1\nuser root",
        "/run/secrets": str(tmp_path / "secrets"),
        "/mosquitto/config": str(COMPOSE / "mosquitto"),
        "/mosquitto/data": str(tmp_path / "data"),
    }.items():
        assert ours in text
        text = text.replace(ours, here)
    config = tmp_path / "mosquitto.conf"
    config.write_text(text)
    made = Broker([program("mosquitto"), "-c", str(config)], port, tmp_path / "mosquitto.log")
    made.start()
    try:
        yield made
    finally:
        made.stop()


@contextlib.asynccontextmanager
async def signed_in(broker: Broker, name: str, file: Path) -> AsyncIterator[Connection]:
    options = BrokerOptions(url=broker.url, username=name, password_file=file)
    async with connect(options, client_id=name.replace("/", "-")) as connection:
        yield connection


async def test_a_gateway_speaks_below_its_own_root_only(broker: Broker, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    own, other = f"wayside/v1/{GATEWAY}", "wayside/v1/makati-ayala/gw-018"
    async with (
        signed_in(broker, "centre", secrets / "mqtt-centre") as centre,
        signed_in(broker, GATEWAY, secrets / "gateways" / GATEWAY) as gateway,
    ):
        assert await centre.subscribe("wayside/v1/#") == ()
        for topic in (
            f"{other}/telemetry",
            f"{other}/alarm/lamp-1/lamp_failure",
            f"{own}/confirmed",
            f"{own}/command/lamp-1/dim",
            "elsewhere",
            f"{own}/telemetry",
        ):
            await gateway.publish(topic, b"{}")
        heard = await asyncio.wait_for(anext(centre.messages()), 10)
        assert heard.topic == f"{own}/telemetry"


async def test_a_gateway_hears_the_centre_and_nobody_else(broker: Broker, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    own, other = f"wayside/v1/{GATEWAY}", "wayside/v1/makati-ayala/gw-018"
    async with (
        signed_in(broker, "centre", secrets / "mqtt-centre") as centre,
        signed_in(broker, GATEWAY, secrets / "gateways" / GATEWAY) as gateway,
    ):
        await gateway.subscribe(f"{own}/#")
        await gateway.subscribe(f"{other}/#", "#")
        for topic in (f"{other}/confirmed", f"{own}/telemetry", f"{own}/alarm-action/lamp-1/x"):
            await centre.publish(topic, b"{}")
        heard = await asyncio.wait_for(anext(gateway.messages()), 10)
        assert heard.topic == f"{own}/alarm-action/lamp-1/x"


async def test_nobody_comes_in_without_a_password(broker: Broker, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("centre")
    with pytest.raises(BrokerDown):
        async with signed_in(broker, "centre", wrong):
            pass
    with pytest.raises(BrokerDown):
        async with connect(BrokerOptions(url=broker.url), client_id="nobody"):
            pass


async def test_what_it_keeps_outlives_a_restart(broker: Broker, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    topic = f"wayside/v1/{GATEWAY}/status"
    async with signed_in(broker, GATEWAY, secrets / "gateways" / GATEWAY) as gateway:
        await gateway.publish(topic, b"up", retain=True)
    broker.stop()
    broker.start()
    async with signed_in(broker, "centre", secrets / "mqtt-centre") as centre:
        await centre.subscribe("wayside/v1/#")
        heard = await asyncio.wait_for(anext(centre.messages()), 10)
        assert (heard.topic, heard.payload, heard.retain) == (topic, b"up", True)


@pytest.mark.parametrize(
    "text",
    ["a:\tb", "a: b: c", "a: 'b'", "a: b #c", "a:\n   b: c", "a: b\na: c", "- a\nb: c", "a: |"],
)
def test_the_reader_of_plain_yaml_refuses_what_it_does_not_know(text: str) -> None:
    with pytest.raises(ValueError, match="line"):
        parse(text)
