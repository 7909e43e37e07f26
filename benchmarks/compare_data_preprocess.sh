#!/usr/bin/env bash
# Preprocessing beside a Python pipeline of OpenCV and dlib at DeepfakeBench's settings (peer_preprocess.py), on the
# FaceForensics++ clips of the test data, in turn, each on one thread: frames stored for each second of processor time (user and
# system, all processes, from start to end), and the share of the searched frames with a face. Prints lines with the word `ratio`.
#
#   compare_data_preprocess.sh PROGRAM      ROUNDS=3 in the environment; REALFACE_TEST_DATA, or ../shared/test-data
#
# Ours with 32 frames of 256 pixels and no masks, since the peer has none to make. Our frames are up to 4 apart and begin at the
# start, the peer's are spread over the whole video, as it would do it; a second line compares with a peer that takes our frames, and
# so decodes no more than we do. Python's packages are those of requirements-data.txt, in .deps/python-data.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
program=$(realpath "$1")
clips=${REALFACE_TEST_DATA:-$root/../shared/test-data}/ffpp
[ -d "$clips" ] || { echo "compare: there is no $clips; REALFACE_TEST_DATA names the test data" >&2; exit 1; }

site=$root/.deps/python-data
"$here/python_packages.sh" requirements-data.txt "$site"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/realface-compare.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mapfile -t videos < <(find -L "$clips" -path '*/c23/videos/*.mp4' | sort)

ours() {
  rm -rf "$scratch/ours"
  "$program" preprocess "$clips" --dataset ffpp --size 256 --frames 32 --margin 1.3 --masks none --threads 1 --out "$scratch/ours" >&2
}
theirs() {
  rm -rf "$scratch/theirs"
  PYTHONPATH=$site python3 "$here/peer_preprocess.py" --out "$scratch/theirs" --choose "$1" "${videos[@]}" >"$scratch/theirs.json"
}
# What ours says of itself: the manifest's report.
ours_json() {
  python3 - "$scratch/ours/manifest.json" ${#videos[@]} <<'PYTHON'
import json, sys
rows = json.load(open(sys.argv[1]))["config"]["report"]["rows"]
videos = sum(r["videos"] for r in rows)
if videos != int(sys.argv[2]):
    sys.exit(f"compare: ours took {videos} of the {sys.argv[2]} clips, so there is nothing to compare")
print(json.dumps({"considered": sum(r["searched"] for r in rows), "stored": sum(r["stored"] for r in rows),
                  "with_face": sum(r["detected"] for r in rows)}))
PYTHON
}

TIMEFORMAT='%U %S'
record() {  # label, what prints the counts, command...
  local label=$1 counts=$2 user system
  shift 2
  { time "$@" 2>"$scratch/log" 1>&2 || touch "$scratch/failed"; } 2>"$scratch/time"
  [ ! -e "$scratch/failed" ] || { cat "$scratch/log" >&2; echo "compare: '$*' failed" >&2; exit 1; }
  read -r user system < <(tail -n 1 "$scratch/time")
  $counts | sed "s/^{/{\"label\": \"$label\", \"core_s\": $(python3 -c "print($user + $system)"), /" >>"$figures"
}

mkdir -p "$root/out"
figures=$root/out/compare-preprocess.jsonl
: >"$figures"
for round in $(seq "${ROUNDS:-3}"); do
  echo "compare: preprocessing, round $round" >&2
  record ours ours_json ours
  record peer "cat $scratch/theirs.json" theirs spread
  record peer_stride "cat $scratch/theirs.json" theirs stride
done
python3 "$here/ratios_preprocess.py" "$figures"
