"""Reading a scenario file: strictly, and every mistake at once with file, line, path and hint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from keyword import iskeyword
from pathlib import Path
from typing import Any

from gateway.problems import ConfigurationError, Problem, suggest
from gateway.tables.document import Spot, read_document
from gateway.tables.shape import shape
from simulators.faults import FAULTS, kinds_of
from simulators.scenario.language import ANY, TABLES, Chance, Head, Scenario, Trouble, WorkOrder

SHIPPED = Path(__file__).parents[1] / "scenarios"


def scenario_names() -> tuple[str, ...]:
    """The shipped scenarios."""
    return tuple(sorted(file.stem for file in SHIPPED.glob("*.toml")))


def load(name: str | Path) -> Scenario:
    """A shipped scenario by name, or any by a path ending in ``.toml``.

    Raises:
        ConfigurationError: with everything that is wrong.
    """
    if str(name).endswith(".toml"):
        return read(Path(name))
    if str(name) not in scenario_names():
        problem = f'no scenario is called "{name}"'
        hint = suggest(str(name), scenario_names())
        raise ConfigurationError([Problem(str(name), 0, "", problem, hint)])
    return read(SHIPPED / f"{name}.toml")


def read(file: Path) -> Scenario:
    """The scenario in a file; raises as ``load`` does."""
    document = read_document(file)
    problems: list[Problem] = []
    head = shape(Head).values(document.table, document.spot, problems)
    found: dict[str, Any] = {}
    for table, kind in TABLES.items():
        entries = document.table.get(table, [])
        listed = entries if isinstance(entries, list) else []
        places = [document.spot.at(table, number) for number in range(len(listed))]
        found[table] = [
            one
            for entry, spot in zip(listed, places, strict=True)
            if (one := event_of(kind, entry, spot, problems)) is not None
        ]
    if head is not None and {"devices", "district"} <= head.keys():
        problem = "the district has its sizes already"
        problems.append(document.spot.at("devices").problem(problem, "leave out one of the two"))
    if problems or head is None:
        raise ConfigurationError(problems)
    plain: dict[str, Any] = {
        key: value for key, value in head.items() if key not in {"schema", *TABLES}
    }
    plain |= {key: tuple(some) for key, some in found.items()}
    return Scenario(name=file.stem, **plain)


def event_of(kind: type, entry: object, spot: Spot, problems: list[Problem]) -> object | None:
    """One entry of a ``[[table]]``, or None after adding what is wrong to ``problems``."""
    if not isinstance(entry, Mapping):
        name = spot.keys[0]
        problems.append(spot.problem("must be a table", f"write it as [[{name}]]"))
        return None
    found = list(unknown_faults(kind, entry, spot))
    values = shape(kind).values(entry, spot, found)
    if found or values is None:
        problems.extend(found)
        return None
    event: Any = kind(**{f"{key}_" if iskeyword(key) else key: values[key] for key in values})
    found = list(contradictions(event, entry, spot))
    problems.extend(found)
    return None if found else event


def unknown_faults(kind: type, entry: Mapping[str, Any], spot: Spot) -> Iterator[Problem]:
    """Names of faults nobody can carry out."""
    known = [*FAULTS, ANY] if kind is Chance else [*FAULTS]
    name = entry.get("fault")
    if kind in {Trouble, Chance} and isinstance(name, str) and name not in known:
        problem = f'no fault is called "{name}"'
        yield spot.at("fault").problem(problem, suggest(name, known))
    for key in ("does", "mends") if kind is WorkOrder else ():
        names = entry.get(key, [])
        for number, name in enumerate(names if isinstance(names, list) else []):
            if isinstance(name, str) and name not in FAULTS:
                problem = f'no fault is called "{name}"'
                yield spot.at(key, number).problem(problem, suggest(name, FAULTS))


def contradictions(event: object, entry: Mapping[str, Any], spot: Spot) -> Iterator[Problem]:
    """What the keys of a well-formed table say against each other."""
    if isinstance(event, Trouble):
        yield from whom(event, entry, spot)
    if isinstance(event, Chance) and event.fault != ANY:
        yield from kind_fits(event, spot)
    if isinstance(event, WorkOrder):
        said = [key for key in ("device", "feeder", "kind") if key in entry]
        if len(said) != 1:
            problem = "people work at one device, a feeder or a kind"
            yield spot.at(*said[1:2]).problem(problem, "give one of device, feeder, kind")
    every = getattr(event, "every", None)
    lasts = getattr(event, "for_", None)
    if every is not None and every <= (every if lasts is None else lasts):
        problem = "it must end before it can begin again"
        yield spot.at("every").problem(problem, "give a shorter for = …")


def whom(trouble: Trouble, entry: Mapping[str, Any], spot: Spot) -> Iterator[Problem]:
    """Whether a ``[[fault]]`` says which device to strike, once."""
    kinds = kinds_of(trouble.fault)
    if trouble.device and (trouble.kind or "index" in entry):
        problem = "already says which device"
        yield spot.at("device").problem(problem, "leave out index and kind")
    elif trouble.kind:
        yield from kind_fits(trouble, spot)
    elif len(kinds) > 1 and not trouble.device:
        problem = f"{trouble.fault} is a fault of kind {' or '.join(sorted(kinds))}: which one?"
        yield spot.at("kind").problem(problem, 'add kind = "lamp", or device = …')


def kind_fits(event: Trouble | Chance, spot: Spot) -> Iterator[Problem]:
    """Whether devices of the kind can have the fault."""
    kinds = kinds_of(event.fault)
    if event.kind and event.kind not in kinds:
        problem = f"{event.fault} is a fault of kind {' or '.join(sorted(kinds))}"
        hint = "leave it out" if len(kinds) == 1 else suggest(event.kind, kinds)
        yield spot.at("kind").problem(problem, hint)
