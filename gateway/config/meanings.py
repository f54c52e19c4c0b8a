"""What each key means, in the words of the configuration reference."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.assets import BinFacts, FeederFacts, LampFacts, SignalFacts
from gateway.config.buses import BusKeys
from gateway.config.devices import DeviceKeys
from gateway.config.load import CentreOptions
from gateway.config.site import (
    BrokerOptions,
    ConsoleOptions,
    GatewayOptions,
    InfluxOptions,
    MaintenanceOptions,
    OutboxOptions,
)
from gateway.profile import Head
from gateway.profile.controls import ControlKeys
from gateway.profile.keys import Derive, DerivedKeys, PointKeys

MEANINGS: Mapping[type, Mapping[str, str]] = {
    GatewayOptions: {
        "id": "This gateway's name in every topic and tag.",
        "site": "The town or district it serves, likewise.",
        "latitude": "Degrees north; the sun of every device that gives no place of its own.",
        "longitude": "Degrees east.",
        "timezone": "For calendars (planned flash, collections); stored times are always UTC.",
        "data_dir": "Where the outbox and the small state live.",
        "devices": "Asset registers: CSV files with one device a row.",
        "metrics": "Serve the gateway's health to Prometheus at this address and port, e.g. "
        "`127.0.0.1:9464`; left out, nothing listens.",
        "clock": "When the system clock is believed: once something shows that it was set "
        '(`"auto"`), or always (`"trust"`), for sites where only people set it.',
    },
    BrokerOptions: {
        "url": "`mqtt://` or `mqtts://`, a host, and a port (1883, 8883).",
        "ca": "Certificates to trust instead of the system's.",
        "certificate": "This client's certificate; `key` belongs to it.",
        "key": "The certificate's private key.",
        "username": "For brokers that ask for one.",
        "password_file": "A file that holds the password and nothing else.",
        "client_id": "The session's name; left out, it is made from site and gateway.",
        "keepalive": "After how much silence the connection is tested.",
        "batch": "How long readings are gathered into one message.",
        "compress": "Telemetry is sent zlib-compressed.",
        "backlog_share": "How much of the uplink's time a backlog may take, 0.01 to 1; what is "
        "live goes ahead of it in any case.",
    },
    MaintenanceOptions: {
        "devices": "Whose alarms are kept quiet: ids, `*` standing for any part of one; "
        "`feeder:F1`, `bus:NAME` too.",
        "codes": "Which of them, likewise. `pole_down`, `leakage`, `neutral_loss`, `bin_fire`, "
        "`conflicting_greens` and `conflict_monitor_fault` only if named in full.",
        "times": 'When, in local time: `"mon-fri 08:00-16:00"`; or once, by `from` and `to`.',
        "from": "From this moment: `2026-03-01T22:00:00+08:00`.",
        "to": "To this one.",
    },
    OutboxOptions: {
        "max_bytes": "The most that may wait on disk; beyond it the oldest telemetry goes first.",
        "flush": "How often what was read is made durable.",
        "confirm": "What frees space: the centre's confirmation (`true`), the broker's "
        'acknowledgement (`false`), or the former once it was seen (`"auto"`).',
    },
    BusKeys: {"driver": "Which driver speaks on this bus; its other keys are below."},
    DeviceKeys: {
        "id": "The device's name; unique in the site.",
        "profile": "Its map: a name of the library, or a path that ends in `.toml`.",
        "bus": "The bus it hangs on.",
        "latitude": "Where it stands, if it matters; with `longitude`.",
        "longitude": "Where it stands, if it matters; with `latitude`.",
        "allow_commands": "Needed before a signal cabinet takes any command.",
        "rules": "Settings of rules for this device only: `[device.rules.CODE]`.",
    },
    LampFacts: {
        "rated_power": "W at full brightness.",
        "nominal_voltage": "V.",
        "standby_power": "W when dark.",
        "technology": "How it makes light; decides warm-up and re-strike times.",
        "supply": "Whether its feeder is switched off by day.",
        "control": "What switches it.",
        "feeder": "The feeder it hangs on.",
        "phase": "The phase it hangs on.",
        "position": "Its place along the feeder, counted from the pillar.",
        "tunnel": "It burns by day, rightly.",
    },
    FeederFacts: {
        "feeder": "The name its lamps refer to.",
        "nominal_voltage": "V.",
        "supply": "Whether it is switched off by day.",
    },
    SignalFacts: {
        "conflicts": "Pairs of signal groups that must never be green together.",
        "yellow_conflicts": "Yellow counts as green in a conflict.",
        "dark_ok": "Groups that may rest dark.",
        "longest_cycle": "The longest cycle any of its plans has.",
        "planned_flash": "When it flashes by plan, in local time: "
        '`"23:00-05:00"`, `"mon-fri 23:00-05:00; sat,sun 00:00-07:00"`; left out, never.',
        "plans": "Which plan runs when, in local time; the first that fits counts: "
        '`"mon-fri 06:30-09:30 2; 22:00-05:30 3; 1"`.',
        "coordinated": "Its neighbours rely on its clock; a `coordinated` point knows better.",
        "advance_detectors": "Detectors well ahead of the stop line.",
        "max_preempt": "How long a pre-emption may last: `30m` at a level crossing.",
        "battery_cells": "Cells of its battery, 2 V each.",
    },
    BinFacts: {
        "empty_distance": "mm from the sensor to the floor of the empty bin: 0 %.",
        "full_distance": "mm from the sensor to the full line: 100 %; at least 50 mm beyond "
        "`dead_band`.",
        "dead_band": "mm below which the sensor sees nothing.",
        "stand": "Bins of one stand are side by side.",
        "stream": "What it collects: paper, glass, residual …",
        "capacity": "Litres.",
        "collection": "When it is emptied.",
    },
    CentreOptions: {
        "data_dir": "Where the centre keeps what it must not lose.",
        "keep": "How long the embedded store keeps its rows, a day at least; left out: for ever.",
    },
    InfluxOptions: {
        "url": "`http://` or `https://`, a host and a port.",
        "api": '`"v2"` for InfluxDB 2 and 3, `"v1"` for 1.x.',
        "org": "v2: the organisation.",
        "bucket": "v2: the bucket.",
        "token_file": "v2: a file that holds the token and nothing else.",
        "database": "v1: the database; created if it is missing.",
        "username": "v1: for servers that ask for one.",
        "password_file": "v1: a file that holds the password and nothing else.",
    },
    ConsoleOptions: {"listen": "The address and port of the web page."},
    Head: {
        "schema": "The version of this format.",
        "kind": "What the device is; decides its asset facts and its rules.",
        "vendor": "Who makes it.",
        "model": "What it is called.",
        "driver": "The family of drivers that can read it, e.g. `modbus` for every `modbus-…`.",
        "every": "The period of points that do not give their own.",
        "atomic": "Groups of points, by name or pattern, that must come from one request.",
        "points": "The rows below.",
        "commands": "The tables below.",
    },
    PointKeys: {
        "name": "Unique in the profile.",
        "unit": "The engineering unit, for people.",
        "every": "Its period.",
        "scale": "The value is `raw * scale + offset`.",
        "offset": "See `scale`.",
        "enum": "Raw value → label; the value is the label. An unknown raw value is its number as "
        "text, uncertain.",
        "flags": "Bit → name: as many points `name_flag`, true or false.",
        "invalid": "Raw values that mean “no value”: the point is bad.",
        "min": "Below it, in engineering units, the point is bad.",
        "max": "Above it, likewise.",
        "clamp": "Outside `min` and `max` the value is the limit, uncertain, instead of bad.",
        "count": "Repeats the row: points `name_1` … `name_n`.",
        "deadband": "Report by exception: a value that moved less, in engineering units, is left "
        "out for up to 15 minutes.",
        "on_change": "Report by exception: a value that did not change is left out, likewise.",
        "alone": "One request for this point.",
        "rollover": "A counter that begins again: `true` at the end of its type's range, a number "
        "at that raw value. What is published goes on counting.",
    },
    DerivedKeys: {
        "name": "Unique in the profile.",
        "unit": "The engineering unit, for people.",
        "derive": "How it is computed, see below.",
        "deadband": "As for a row that is read.",
        "on_change": "As for a row that is read.",
    },
    Derive: {
        "from": "The point it is computed from.",
        "linear": "Two asset facts: where the source stands at the first it is 0, at the second "
        "100. Beyond 100 is 100; below 0 is 0, and uncertain further than 10 below.",
    },
    ControlKeys: {
        "unit": "The engineering unit, for people.",
        "min": "The least that may be asked for.",
        "max": "The most that may be asked for.",
        "read_back": "The point that shows whether it was done.",
        "pulse": "How long the value stands before `rest` is written.",
        "rest": "What a `pulse` leaves behind; left out, 0 or off.",
    },
}
