"""The SQL of the embedded history: its tables, and every statement it makes."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS device (
    id INTEGER PRIMARY KEY,
    site TEXT NOT NULL, gateway TEXT NOT NULL, device TEXT NOT NULL, kind TEXT NOT NULL,
    UNIQUE (site, gateway, device, kind)
);
CREATE TABLE IF NOT EXISTS reading (
    device INTEGER NOT NULL REFERENCES device (id),
    t INTEGER NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (device, t)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm (
    site TEXT NOT NULL, gateway TEXT NOT NULL, device TEXT NOT NULL, code TEXT NOT NULL,
    t INTEGER NOT NULL,
    state TEXT NOT NULL, severity TEXT NOT NULL, message TEXT NOT NULL,
    PRIMARY KEY (site, gateway, device, code, t)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS alarm_t ON alarm (t);
CREATE TABLE IF NOT EXISTS event (
    site TEXT NOT NULL, gateway TEXT NOT NULL, device TEXT NOT NULL, event TEXT NOT NULL,
    t INTEGER NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (site, gateway, device, event, t)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS event_t ON event (t);
CREATE VIEW IF NOT EXISTS readings AS
    SELECT site, gateway, device.device AS device, kind, t,
           strftime('%Y-%m-%dT%H:%M:%fZ', t / 1000.0, 'unixepoch') AS utc, fields
    FROM reading JOIN device ON device.id = reading.device;
"""

ADD_DEVICE = "INSERT OR IGNORE INTO device (site, gateway, device, kind) VALUES (?, ?, ?, ?)"
DEVICE = "SELECT id FROM device WHERE site = ? AND gateway = ? AND device = ? AND kind = ?"
INSERT = "INSERT OR IGNORE INTO reading (device, t, fields) VALUES (?, ?, ?)"
MERGE = """UPDATE reading SET fields = json_patch(fields, ?3)
    WHERE device = ?1 AND t = ?2 AND fields <> ?3"""
ALARM = "INSERT OR REPLACE INTO alarm VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
EVENT = "INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?, ?)"

# A part of a scope that is not given is bound as NULL. CROSS JOIN keeps SQLite to this order:
# the few devices first, then their readings by the primary key.
_SCOPE = """
    WHERE (:site IS NULL OR site = :site) AND (:gateway IS NULL OR gateway = :gateway)
    AND (:name IS NULL OR device.device = :name) AND t >= :start AND t < :end"""
_ROWS = " FROM device CROSS JOIN reading ON reading.device = device.id"
_TRANSITIONS = " FROM alarm AS device"
_HAPPENED = " FROM event AS device"
_POINT = _ROWS + _SCOPE + " AND json_type(fields, :path) IS NOT NULL"
_WINDOW = "SELECT :start + (t - :start) / :width * :width AS window, "
# As JSON, not as SQL: SQLite would end a text at its first NUL and hand out true as 1.
_AS_JSON = "fields -> :path"

SERIES_SIZE = (
    "SELECT count(*), count(*) FILTER (WHERE json_type(fields, :path) IN ('integer', 'real'))"
    + _POINT
)
SERIES = "SELECT t, " + _AS_JSON + _POINT + " ORDER BY t"
SERIES_EXTREMES = (
    _WINDOW
    + "min(json_extract(fields, :path)), max(json_extract(fields, :path))"
    + _POINT
    + " GROUP BY window"
)
SERIES_LAST = _WINDOW + _AS_JSON + ", max(t)" + _POINT + " GROUP BY window"
LATEST = (
    "SELECT site, gateway, device.device, kind, field.key, max(t), fields -> field.fullkey"
    + _ROWS
    + " CROSS JOIN json_each(fields) AS field"
    + _SCOPE
    + " GROUP BY device.id, field.key"
)
COUNT = (
    "SELECT site, gateway, device.device AS named, count(*), count(*) - count(DISTINCT t)"
    + _ROWS
    + _SCOPE
    + " GROUP BY site, gateway, named ORDER BY site, gateway, named"
)
ALARMS = (
    "SELECT site, gateway, device.device, code, t, state, severity, message"
    + _TRANSITIONS
    + _SCOPE
    + " ORDER BY t DESC LIMIT :limit"
)
EVENTS = (
    "SELECT site, gateway, device.device, event, t, fields"
    + _HAPPENED
    + _SCOPE
    + " ORDER BY t DESC LIMIT :limit"
)
HOURS = (
    "SELECT site, gateway, device.device AS named, t / 3600000 AS hour,"
    " count(*), count(*) - count(DISTINCT t)"
    + _ROWS
    + _SCOPE
    + " GROUP BY site, gateway, named, hour ORDER BY site, gateway, named, hour"
)

DEVICES = "SELECT id FROM device"
FORGET = """DELETE FROM reading WHERE device = :device AND t IN (
    SELECT t FROM reading WHERE device = :device AND t < :before LIMIT :most)"""
FORGET_ALARMS = "DELETE FROM alarm WHERE t < :before"
FORGET_EVENTS = "DELETE FROM event WHERE t < :before"
