"""``python -m gateway`` is ``wayside``."""

from gateway.cli import main

main()
