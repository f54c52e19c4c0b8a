"""The catalogue: one file a fault, found by where it stands.

``rules/<kind>/<code>.py`` exports ``RULE``; there is no list to add it to. The folder names the
kind the fault belongs to, ``any`` for faults of several kinds; the file is named by the code, which
is what site files, topics and operators call it.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType

from gateway.faults.rule import Rule

_HERE = Path(__file__).parent


def load_rules(*folders: Path) -> Mapping[str, Rule]:
    """Every rule by its code: those that came with the gateway, then those of ``folders``.

    Raises TypeError for a file without a ``RULE``, ValueError for one whose code is not its
    file's name and for two files of one code.
    """
    rules: dict[str, Rule] = {}
    for folder in (_HERE, *folders):
        for file in sorted(folder.glob("*/[a-z]*.py")):
            rule = getattr(_load(file), "RULE", None)
            if not isinstance(rule, Rule):
                raise TypeError(f"{file} exports no RULE")
            if rule.code != file.stem:
                raise ValueError(f"{file} must be named {rule.code}.py, by its code")
            if rule.code in rules:
                raise ValueError(f"{file}: there is a rule {rule.code} already")
            rules[rule.code] = rule
    return MappingProxyType(rules)


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
