"""Readings on the wire: small, joined without parsing, and never believed on the way in."""

from __future__ import annotations

import zlib
from math import inf, nan

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import KINDS, Reading
from gateway.wire import (
    MAX_INFLATED,
    MAX_MESSAGE,
    BadPayload,
    compose_telemetry,
    decode_telemetry,
    telemetry_body,
)

STREAM = "0123456789ab"
POWER = Reading("lamp-0001", "lamp", 1_763_800_000_123, {"power": 68.2, "on": True})

names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
readings = st.builds(
    Reading,
    device=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
    kind=st.sampled_from(KINDS),
    t=st.integers(0, 4_000_000_000_000),
    values=st.dictionaries(names, values, max_size=5),
    uncertain=st.frozensets(names, max_size=3),
    bad=st.dictionaries(names, texts, max_size=3),
    silent=st.none() | texts,
)


def message(**changes: object) -> bytes:
    item = {"d": "lamp-1", "k": "lamp", "t": 1, "v": {"power": 1.5}} | changes
    return compose_telemetry(STREAM, 1, [orjson.dumps(item)], compress=False)


class TestOut:
    def test_is_the_json_of_the_contract(self) -> None:
        troubled = Reading(
            "bin-07", "bin", 5, {"fill_level": 100}, frozenset({"fill_level"}), {"tilt": "absent"}
        )
        silent = Reading("lamp-2", "lamp", 6, silent="no answer")
        payload = compose_telemetry(
            STREAM,
            41,
            [telemetry_body([POWER]), telemetry_body([troubled, silent])],
            compress=False,
        )
        assert orjson.loads(payload) == {
            "stream": STREAM,
            "seq": 41,
            "n": 2,
            "readings": [
                {"d": "lamp-0001", "k": "lamp", "t": 1_763_800_000_123,
                 "v": {"power": 68.2, "on": True}},
                {"d": "bin-07", "k": "bin", "t": 5, "v": {"fill_level": 100},
                 "u": ["fill_level"], "b": {"tilt": "absent"}},
                {"d": "lamp-2", "k": "lamp", "t": 6, "v": {}, "s": "no answer"},
            ],
        }  # fmt: skip

    def test_composed_again_is_byte_for_byte_the_same(self) -> None:
        bodies = [telemetry_body([POWER] * 20)] * 5
        for compress in (True, False):
            assert compose_telemetry(STREAM, 7, bodies, compress) == compose_telemetry(
                STREAM, 7, bodies, compress
            )

    def test_compressed_begins_with_the_promised_byte_and_holds_the_same(self) -> None:
        plain = compose_telemetry(STREAM, 1, [telemetry_body([POWER])], compress=False)
        small = compose_telemetry(STREAM, 1, [telemetry_body([POWER])], compress=True)
        assert (plain[:1], small[:1]) == (b"{", b"\x78")
        assert zlib.decompress(small) == plain

    def test_a_record_without_readings_leaves_no_comma(self) -> None:
        bodies = [telemetry_body([]), telemetry_body([POWER]), telemetry_body([])]
        assert decode_telemetry(compose_telemetry(STREAM, 1, bodies)).readings == (POWER,)

    @pytest.mark.parametrize("value", [nan, inf, -inf, 2**64, "\ud800"])
    def test_a_value_json_cannot_hold_becomes_a_bad_point(self, value: float | str) -> None:
        odd = Reading("a", "lamp", 1, {"x": value, "y": 2}, frozenset({"x"}))
        (back,) = decode_telemetry(compose_telemetry(STREAM, 1, [telemetry_body([odd])])).readings
        assert back == Reading("a", "lamp", 1, {"y": 2}, bad={"x": "not a number JSON can hold"})

    def test_a_text_that_looks_like_null_stays_what_it_is(self) -> None:
        text = Reading("a", "lamp", 1, {"x": '":null'}, bad={"y": ":null"}, silent=":null")
        assert decode_telemetry(
            compose_telemetry(STREAM, 1, [telemetry_body([text])])
        ).readings == (text,)


@given(st.lists(st.lists(readings, max_size=4), min_size=1, max_size=4), st.booleans())
def test_what_goes_out_comes_in(records: list[list[Reading]], compress: bool) -> None:
    payload = compose_telemetry(STREAM, 3, list(map(telemetry_body, records)), compress)
    back = decode_telemetry(payload)
    assert (back.stream, back.seq, back.n) == (STREAM, 3, len(records))
    assert list(back.readings) == [reading for record in records for reading in record]


class TestIn:
    @pytest.mark.parametrize(
        ("payload", "reason"),
        [
            (b"", "not a JSON object"),
            (b"[]", "not a JSON object"),
            (b"{", "not JSON"),
            (b'{"a":NaN}', "not JSON"),
            (b"\x78\x9cnonsense", "cannot be inflated"),
            (zlib.compress(b"{}")[:-1], "cut off"),
            (zlib.compress(b"{}") + b"!", "something after it"),
            (b"{" + b" " * MAX_MESSAGE, "more than"),
            (zlib.compress(b"{" + b" " * MAX_INFLATED), "inflates to more"),
            (b'{"stream":"xyz","seq":1,"n":1,"readings":[]}', "stream"),
            (b'{"stream":"0123456789ab","seq":0,"n":1,"readings":[]}', "seq"),
            (b'{"stream":"0123456789ab","seq":true,"n":1,"readings":[]}', "seq"),
            (b'{"stream":"0123456789ab","seq":1,"n":0,"readings":[]}', "n: 0"),
            (b'{"stream":"0123456789ab","seq":1,"n":1,"readings":{}}', "readings"),
            (b'{"stream":"0123456789ab","seq":1,"n":1,"readings":[1]}', "reading"),
            (message(d="../etc"), "not a device id"),
            (message(d=7), "not a device id"),
            (message(k="tram"), "kind or time"),
            (message(t=1.5), "kind or time"),
            (message(t=-1), "kind or time"),
            (message(t=10**15), "kind or time"),
            (message(v=[]), "no value"),
            (message(v={"power": None}), "no value"),
            (message(v={"power": {"x": 1}}), "no value"),
            (message(v={"Power": 1}), "not a point name"),
            (message(v={"a b": 1}), "not a point name"),
            (message(u="power"), "u: should be a list"),
            (message(u=[1]), "should hold texts"),
            (message(b={"power": 1}), "should hold texts"),
            (message(b={"a,b": "x"}), "not a point name"),
            (message(s=1), "s: should be a text"),
        ],
    )
    def test_what_breaks_the_contract_is_refused_with_the_reason(
        self, payload: bytes, reason: str
    ) -> None:
        with pytest.raises(BadPayload, match=reason):
            decode_telemetry(payload)

    def test_keys_nobody_knows_yet_are_passed_over(self) -> None:
        payload = message(x="later")
        assert decode_telemetry(payload).readings == (Reading("lamp-1", "lamp", 1, {"power": 1.5}),)

    @given(st.binary(max_size=200))
    def test_noise_is_refused_and_breaks_nothing(self, noise: bytes) -> None:
        for payload in (noise, b"{" + noise, b"\x78\x9c" + noise):
            with pytest.raises(BadPayload):
                decode_telemetry(payload)
