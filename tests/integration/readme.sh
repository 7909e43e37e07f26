#!/usr/bin/env bash
# readme.sh: the commands of the README's "Use it" run as they stand, from top to bottom. `make build` has been done by then.
. "$(dirname "$0")/lib.sh"
root=$(cd "$here/../.." && pwd)
mkdir "$scratch/build"
ln -s "$program" "$scratch/build/realface"
ln -s "$root/configs" "$scratch/configs"
cd "$scratch" || exit 1
sed -n '/^## Use it/,/^## /p' "$root/README.md" | grep '^    ' | grep -v '^    make ' >commands.sh
[ "$(wc -l <commands.sh)" -ge 10 ] || fail "the README shows fewer commands than this test knows of"
must bash -e -o pipefail commands.sh
for made in out/faces.png out/shards/manifest.json out/run/finished.json out/batch.safetensors out/report.html out/system/evaluate/results.json out/protocol/protocol.json; do
  [ -s "$made" ] || fail "$made is missing"
done
du -sm out
