"""The ``wayside`` command.

Data goes to stdout, logs to stderr. Exit codes: 0 done · 1 failed at run time · 2 usage or
configuration error · 3 a device did not answer as it should · 130 interrupted · 141 the reader of a
pipe has left.

``commands`` parses with typer, which loads pydantic: 0.2 s and 15 MB that a daemon would pay at
every start for reading one file name. So ``wayside run SITE`` is recognised here; whatever is
written in any other way, mistakes and ``--help`` among it, is typer's.
"""

from __future__ import annotations

import sys

from gateway.cli.daemon import asked, run
from gateway.cli.running import line
from gateway.problems import ConfigurationError


def main() -> None:
    """The console script."""
    try:
        plain = asked(sys.argv[1:])
        if plain is not None:
            run(*plain)
        else:
            from gateway.cli.commands import app

            app()
    except ConfigurationError as error:
        count = len(error.problems)
        line(f"{error}\n{count} problem{'s' if count != 1 else ''}", sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
