#!/usr/bin/env bash
# Fetches the Python packages of requirements.txt into .deps/python, and the GPU set of the torch wheels (Python's torch loads all of
# its libraries, also where only the CPU computes). Does nothing where they are there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
"$here/python_packages.sh" requirements.txt "$root/.deps/python"
CUDA=1 "$root/cmake/setup/setup.sh" --test >&2
