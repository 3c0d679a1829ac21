#!/bin/sh
# Makes the virtual environment from the pinned requirements; called by `make install`.
# Quick when nothing has changed: a stamp in the environment says what it was made from.
# PYTHON=… chooses the interpreter. `install.sh bench` makes .venv-bench, the yardsticks' own.
set -eu
cd "$(dirname "$0")/../.."
requirements=requirements/${1:-dev}.txt
venv=.venv${1:+-$1}
stamp=$venv/made-from

fail() {
    printf 'Error: %s\n' "$*" >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null 2>&1 || fail "PYTHON=$PYTHON is not a program on this machine."
        is_new_enough "$PYTHON" || fail "PYTHON=$PYTHON is older than Python 3.11, which is needed."
        printf '%s\n' "$PYTHON"
        return
    fi
    # 3.11 first: the bundled Redis has a wheel for it.
    for candidate in python3.11 python3 python3.12 python3.13 python3.14; do
        if command -v "$candidate" >/dev/null 2>&1 && is_new_enough "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed and was not found: install it (on Debian or Ubuntu: apt install python3 python3-venv) or name one with PYTHON=/path/to/python3.11."
}

# The place is part of it: the scripts of a moved environment name the old place.
made_from() {
    printf '%s %s\n' "$(cksum <"$requirements")" "$(pwd -P)"
}

is_current() {
    [ -x "$venv/bin/python" ] && [ "$(sed -n 1p "$stamp" 2>/dev/null)" = "$wanted" ] || return 1
    # An interpreter that was named counts until another one is named.
    [ -z "${PYTHON:-}" ] || [ "$(sed -n 2p "$stamp")" = "$PYTHON" ]
}

wanted=$(made_from)
if is_current; then
    exit 0
fi
python=$(find_python)
"$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
    fail "$python cannot make virtual environments: install its venv package (on Debian or Ubuntu: apt install python3-venv)."
echo "Making the virtual environment in $venv with $("$python" --version) …"
"$python" -m venv --clear "$venv" ||
    fail "The virtual environment could not be made: see the message above."
echo "Installing the pinned requirements ($(grep -c '==' "$requirements") packages; a minute or two the first time) …"
"$venv/bin/python" -m pip install --disable-pip-version-check --no-input --require-hashes \
    -r "$requirements" ||
    fail "The requirements could not be installed: check the network connection and free disk space, then run the same command again."
printf '%s\n%s\n' "$wanted" "$python" >"$stamp"
echo "Installed."
