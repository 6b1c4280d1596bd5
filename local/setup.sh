#!/bin/sh
# Finds a Python that the pipeline runs on and lets it install everything else.
# A candidate counts only if it runs: the shim of a version manager may exist and fail.
set -eu

is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1
}

for candidate in \
    "${PYTHON:-python3.11}" python3.11 python3.12 python3.13 python3 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[123].*/bin/python \
    "$(uv python find '>=3.11,<3.14' 2>/dev/null || true)"
do
    if [ -n "$candidate" ] && is_supported "$candidate"; then
        PYTHONPATH="$(dirname "$0")/.." exec "$candidate" -m local.setup "$@"
    fi
done

found=$(python3 --version 2>/dev/null || echo "no python3")
echo "error: Python 3.11, 3.12 or 3.13 is needed and was not found (python3 is: $found):" \
    "install one, or name it with PYTHON=/path/to/python" >&2
exit 1
