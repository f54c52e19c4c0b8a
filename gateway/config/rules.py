"""``[rules.CODE]`` and ``[device.rules.CODE]``: what a site or a device sets differently.

Only the keys that stand there are kept, parsed; the rest stays what the rule says. The settings
types come from the caller, since the configuration does not know the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from gateway.model import NOTHING
from gateway.problems import Problem, suggest
from gateway.tables.document import Spot
from gateway.tables.shape import shape, told

Overrides: TypeAlias = Mapping[str, Mapping[str, object]]


def read_rules(
    table: object,
    kinds: Mapping[str, type],
    spot: Spot,
    problems: list[Problem],
    under: Overrides = NOTHING,
) -> Overrides:
    """The overridden settings by fault code; ``kinds`` gives each code's settings dataclass.

    ``under`` is what the site sets where this is a device's table: the two must agree.
    """
    if not isinstance(table, Mapping) or not table:
        return NOTHING  # absent, or the check of the table around it says what is wrong
    found: dict[str, Mapping[str, object]] = {}
    for code, settings in table.items():
        here = spot.at(code)
        if code not in kinds:
            problems.append(here.problem(f'no rule is called "{code}"', suggest(code, kinds)))
        elif isinstance(settings, Mapping):
            values = _settings(kinds[code], settings, here, problems, under.get(code, NOTHING))
            if values is not None:
                found[code] = values
    return found


def _settings(
    kind: type,
    table: Mapping[str, Any],
    spot: Spot,
    problems: list[Problem],
    under: Mapping[str, object],
) -> Mapping[str, object] | None:
    wanted = shape(kind, partial=True)
    values = wanted.values(table, spot, problems)
    if values is not None:
        try:
            kind(**{**under, **values})  # a rule may refuse settings that make no sense together
        except ValueError as error:
            problems.append(told(str(error), wanted.keys, spot))
    return values
