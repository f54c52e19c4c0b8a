"""The catalogue: one file a fault, found by where it stands.

``rules/<kind>/<code>.py`` exports ``RULE``, and may export a ``NOTICE`` and an ``ESTIMATE`` beside
it or instead; there is no list to add them to. The folder names the kind they belong to, ``any``
for several; the file is named by the code of its rule, which is what site files, topics and
operators call it, or else by its event, or by its estimate's name.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import MappingProxyType, ModuleType

from gateway.faults.rule import Catalogue, Entry, Estimate, Notice, Rule

_HERE = Path(__file__).parent


def load_rules(*folders: Path) -> Catalogue:
    """Everything there is to judge by: what came with the gateway, then what ``folders`` have.

    Raises TypeError for a file that exports nothing of it, ValueError for one that is not named by
    what it exports and for two of one name.
    """
    found: dict[str, Entry] = {}
    for folder in (_HERE, *folders):
        for file in sorted(folder.glob("*/[a-z]*.py")):
            names = _exports(_load(file), file)
            if file.stem != next(iter(names)):
                raise ValueError(f"{file} must be named {next(iter(names))}.py, by its code")
            for name, entry in names.items():
                if name in found:
                    raise ValueError(f"{file}: there is a rule {name} already")
                found[name] = entry
    return MappingProxyType(found)


def _exports(module: ModuleType, file: Path) -> dict[str, Entry]:
    """What a file exports, by name; the one the file is named by comes first."""
    found: dict[str, Entry] = {}
    for export in ("RULE", "NOTICE", "ESTIMATE"):
        match getattr(module, export, None):
            case Rule(code=name) | Notice(event=name) | Estimate(name=name) as entry:
                found[name] = entry
    if not found:
        raise TypeError(f"{file} exports no RULE, no NOTICE and no ESTIMATE")
    return found


def _load(file: Path) -> ModuleType:
    """Import a rule's file: one of ours by its module's name, any other by its path."""
    place = f"{file.parent.name}.{file.stem}"
    if file.parent.parent == _HERE:
        return importlib.import_module(f"{__name__}.{place}")
    name = f"site_rules.{place}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
