#!/usr/bin/env bash
# Fetches the Python packages of requirements.txt into .deps/python, and the GPU set of the torch wheels (Python's torch loads all of
# its libraries, also where only the CPU computes). Does nothing where they are there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
site=$root/.deps/python
digest=$(sha256sum "$here/requirements.txt" | cut -d' ' -f1)
if [ "$(cat "$site/.complete" 2>/dev/null)" != "$digest" ]; then
  echo "compare: fetching the Python packages" >&2
  rm -rf "$site"
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target "$site" -r "$here/requirements.txt"
  echo "$digest" >"$site/.complete"
fi
CUDA=1 "$root/cmake/setup/setup.sh" --test >&2
