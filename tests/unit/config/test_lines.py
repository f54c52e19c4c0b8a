"""Where things stand in a TOML text: every key has its line, however it was written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from textwrap import dedent
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.tables.lines import Keys, lines_of


def every(value: Any, keys: Keys = ()) -> Iterator[Keys]:
    """The keys of everything in a parsed table."""
    if keys:
        yield keys
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from every(inner, (*keys, key))
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from every(inner, (*keys, i))


def lines(text: str) -> Mapping[Keys, int]:
    text = dedent(text).lstrip("\n")
    found = lines_of(text)
    assert set(found) == set(every(tomllib.loads(text)))
    return found


def test_keys_tables_and_lists_of_tables() -> None:
    found = lines(
        """
        schema = 1

        [gateway]   # who
        id = "gw"
        [[device]]
        id = "a"
        [device.rules.bin_full]
        on_delay = "5m"
        [[device]]
        id = "b"
        """
    )
    assert found["schema",] == 1
    assert found["gateway",] == 3
    assert found["gateway", "id"] == 4
    assert found["device", 0] == 5
    assert found["device", 0, "rules", "bin_full", "on_delay"] == 8
    assert found["device", 1, "id"] == 10


def test_items_of_lists_have_lines_of_their_own() -> None:
    found = lines(
        """
        points = [
          { name = "a", enum = { 0 = "off", 1 = "on" } },

          # a comment with ] and " in it
          { name = "b" }, { name = "c" },
        ]
        atomic = [ ["a"], [
          "b", "c" ] ]
        """
    )
    assert found["points",] == 1
    assert found["points", 0, "enum", "1"] == 2
    assert found["points", 1] == 5
    assert found["points", 2, "name"] == 5
    assert found["atomic", 1] == 7
    assert found["atomic", 1, 1] == 8


def test_strings_hide_what_looks_like_structure() -> None:
    found = lines(
        '''
        a = "x # [y] = { \\" \\\\"
        b = 'c:\\[x]'
        c = """
        [not.a.table]
        k = "v" ""\\"
        """
        d = \'\'\'
        [neither]
        it's\'\'\'
        e = """x"""""
        f = 1
        '''
    )
    assert [found[key,] for key in "abcdef"] == [1, 2, 3, 7, 10, 11]


def test_keys_may_be_quoted_dotted_and_spaced() -> None:
    found = lines(
        """
        "a b".'c.d' . e = 1
        "\\u00e9\\t" = 2
        [ bus . "x.y" ]
        driver = "z"
        1979-05-27 = 1979-05-27 07:32:00
        3.14 = 3.14
        """
    )
    assert found["a b", "c.d", "e"] == 1
    assert found["é\t",] == 2
    assert found["bus", "x.y", "driver"] == 4
    assert found["bus", "x.y", "3", "14"] == 6


def test_a_table_within_a_list_of_tables_belongs_to_the_last_one() -> None:
    found = lines(
        """
        [[a]]
        [[a.b]]
        x = 1
        [[a.b]]
        x = 2
        [[a]]
        [[a.b]]
        x = 3
        [a.c]
        y = 4
        """
    )
    assert [found["a", 0, "b", 0, "x"], found["a", 0, "b", 1, "x"]] == [3, 5]
    assert [found["a", 1, "b", 0, "x"], found["a", 1, "c", "y"]] == [8, 10]


SCALARS = st.sampled_from(["1", "-2.5", "true", '"a]b"', "'c}d'", '"#"', "1979-05-27", "nan"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ",\n ".join(items) + "]"),
        st.lists(inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"k{i} = {v}" for i, v in enumerate(items)) + "}"
        ),
    ),
    max_leaves=8,
).filter(lambda text: "{" not in text or "\n" not in text)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "[t{n}]", "[[list]]", '["q {n}".b]']),
            st.lists(VALUES, max_size=3),
        ),
        max_size=5,
    )
)
def test_every_key_of_any_document_is_found(tables: list[tuple[str, list[str]]]) -> None:
    text = ""
    for n, (header, values) in enumerate(tables):
        text += header.format(n=n) + "\n"
        text += "".join(f"x{n}{i} = {value} # {i}\n" for i, value in enumerate(values))
    found = lines_of(text)
    assert set(found) == set(every(tomllib.loads(text)))
    for keys, line in found.items():
        if isinstance(keys[-1], str) and keys[-1].startswith("x"):
            assert text.splitlines()[line - 1].startswith(keys[-1])
