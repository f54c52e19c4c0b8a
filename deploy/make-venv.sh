#!/bin/sh
# Create .venv and install Wayside into it from a hash-pinned lock file.
#
#   deploy/make-venv.sh requirements.lock
#
# Works on a plain Debian or Raspberry Pi OS with only python3: where Debian's python3-venv is
# missing, the venv is made without pip, and pip comes from the system's own or from Debian's
# python3-pip-whl package, downloaded as a user and unpacked, not installed.
set -eu

lock=$1
python=${PYTHON:-python3}
venv=.venv
stamp=$venv/.installed-$(basename "$lock")

say() { printf '%s\n' "$*" >&2; }

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    say "Wayside needs Python 3.11 or newer; $python is $("$python" -V 2>&1)."
    say "Set PYTHON to another interpreter: make setup PYTHON=python3.13"
    exit 2
}

# A half-made venv (an interrupted run, a moved folder, a removed interpreter) is made anew.
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$venv"
    say "Creating $venv"
    if ! "$python" -m venv "$venv" >/dev/null 2>&1; then
        rm -rf "$venv"
        "$python" -m venv --without-pip "$venv"
        if "$python" -m pip --version >/dev/null 2>&1 &&
            "$python" -m pip --python "$venv/bin/python" install --quiet pip 2>/dev/null; then
            :
        else
            wheels=$(mktemp -d)
            trap 'rm -rf "$wheels"' EXIT
            (cd "$wheels" && apt-get download -qq python3-pip-whl && dpkg -x ./*.deb .) || {
                say "This Python cannot make a venv with pip. Install it and try again:"
                say "    sudo apt-get install python3-venv"
                exit 1
            }
            wheel=$(find "$wheels" -name 'pip-*.whl' | head -n 1)
            "$venv/bin/python" "$wheel/pip" install --quiet --no-index "$wheel"
        fi
    fi
fi

wanted=$(cat "$lock" pyproject.toml | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    say "Installing $lock (a minute or two on a Raspberry Pi)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation --editable .
    printf '%s' "$wanted" >"$stamp"
fi
