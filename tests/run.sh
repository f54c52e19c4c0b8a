#!/bin/sh
# Every test, in three turns: those that need the machine for themselves, then the others side by
# side, then the browser's. Further arguments are pytest's, for the first two: a folder, -k WORD, -x.
#
# Most tests wait for programs, lines and clocks: WORKERS is a number of processes, not of
# processors. Tests are handed out a few at a time, in their order, so that no worker is left with
# the long ones. A turn in which a choice leaves nothing to do is no failure, unless both are.
#
# Python may keep what it compiled, whatever the environment says: five test processes and hundreds
# of daemons would each compile everything again. The first turn is one process, and leaves it to
# the others.
set -eu
unset PYTHONDONTWRITEBYTECODE
workers=${WORKERS:-4}
empty=0

turn() {
    code=0
    "$(dirname "$0")/../.venv/bin/pytest" -q "$@" || code=$?
    case $code in
        0) ;;
        5) empty=$((empty + 1)) ;;
        *) exit "$code" ;;
    esac
}

turn -m alone "$@"
turn -m "not ui and not alone" -n "$workers" --maxschedchunk 4 "$@"
[ "$empty" -lt 2 ] || exit 5
turn -m ui tests/ui
