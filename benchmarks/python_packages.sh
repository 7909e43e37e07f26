#!/usr/bin/env bash
# python_packages.sh REQUIREMENTS FOLDER: fetches the pinned packages of a file beside this one into FOLDER, without those that they ask for
# (the files are complete). Does nothing where they are there.
set -euo pipefail
requirements=$(cd "$(dirname "$0")" && pwd)/$1 site=$2
digest=$(sha256sum "$requirements" | cut -d' ' -f1)
[ "$(cat "$site/.complete" 2>/dev/null)" != "$digest" ] || exit 0
echo "compare: fetching the Python packages" >&2
rm -rf "$site"
python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target "$site" -r "$requirements"
echo "$digest" >"$site/.complete"
