#!/usr/bin/env bash
# The data path beside what people use today, over real face crops, both sides in one sitting. Prints one line with the word `ratio` for
# each figure: decoding (OpenCV's PNG, turbojpeg), pread (a plain loop), two threads (two processes), the whole loader (h5py with
# PyTorch's DataLoader, WebDataset), preprocessing (OpenCV and dlib), and what an index of ForgeryNet's size costs. Ends with what
# ForgeryNet would ask of a node by these figures (sizing.py).
#
#   compare_data.sh BUILD     ROUNDS=3 SECONDS_EACH=10 in the environment; REALFACE_TEST_DATA, or ../shared/test-data
#
# PARTS="codec loader index preprocess" chooses. The raw figures stay in out/compare-data.jsonl.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/.." && pwd)
build=$(realpath "$1")
export REALFACE_TEST_DATA=${REALFACE_TEST_DATA:-$root/../shared/test-data}
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
rounds=${ROUNDS:-3} seconds=${SECONDS_EACH:-10} parts=" ${PARTS:-codec loader index preprocess} "
[ -d "$REALFACE_TEST_DATA/real-videos" ] || { echo "compare: there is no $REALFACE_TEST_DATA/real-videos; REALFACE_TEST_DATA names the test data" >&2; exit 1; }
scratch=$(mktemp -d "${TMPDIR:-/tmp}/realface-compare.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$root/out"
figures=$root/out/compare-data.jsonl
: >"$figures"
wanted() { [[ $parts == *" $1 "* ]]; }

shards() {  # codec
  "$build/realface" preprocess "$REALFACE_TEST_DATA/real-videos" --out "$scratch/$1" --size 224 --codec "$1" >"$scratch/log" 2>&1 \
    || { cat "$scratch/log" >&2; exit 1; }
}

record() { sed "s/^{/{\"round\": $round, \"label\": \"$1\", /" >>"$figures"; }

# Google Benchmark's items a second, one line for each benchmark: the median of five short runs of each, mixed with those of the others.
bench() {  # program, filter
  "$build/benchmarks/$1" --benchmark_filter="$2" --benchmark_format=json --benchmark_min_time=0.2 --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true 2>/dev/null | python3 -c '
import json, sys
for one in json.load(sys.stdin)["benchmarks"]:
    if one.get("aggregate_name") != "median":
        continue
    name = one["run_name"].replace("/real_time", "").replace("/threads:1", "")
    figure = {"name": name, "images_per_s": one["items_per_second"]}
    if "kB" in one:
        figure["kB"] = one["kB"]
    print(json.dumps(figure))'
}

codec_round() {
  bench codec_benchmark 'BM_ours|BM_opencv_png|BM_turbojpeg' | record codec
  REALFACE_SHARDS=$scratch/gdiff-up-zstd bench data_benchmark . | record path
  REALFACE_SHARDS=$scratch/gdiff-up-zstd bench data_benchmark 'BM_read_check_decode/real_time/threads:1$' >"$scratch/second" &
  REALFACE_SHARDS=$scratch/gdiff-up-zstd bench data_benchmark 'BM_read_check_decode/real_time/threads:1$' | record apart
  wait $!
  record apart <"$scratch/second"
}

ours() {  # shards
  "$build/realface" bench loader --json --shards "$scratch/$1" --workers 2 --batch 64 --steps "$2" --warmup 20 --mask none --device cpu
}

loader_round() {
  ours gdiff-up-zstd 1000 | record ours_lossless
  ours raw 4000 | record ours_raw
  for kind in h5py-raw h5py-png webdataset-png; do
    python3 "$here/peer_loader.py" $kind "$scratch/peers" --seconds "$seconds" | record "$kind"
  done
}

if wanted codec || wanted loader; then
  shards gdiff-up-zstd
  shards raw
fi
if wanted loader; then
  "$here/python_side.sh"
  export PYTHONPATH=$root/.deps/libtorch-cuda:$root/.deps/python
  python3 "$here/peer_loader.py" prepare "$scratch/raw" "$scratch/peers"
fi
for round in $(seq "$rounds"); do
  echo "compare: round $round of $rounds" >&2
  ! wanted codec || codec_round
  ! wanted loader || loader_round
done
round=0
! wanted index || "$build/benchmarks/index_benchmark" "${INDEX_FOLDER:-$scratch/index}" | record index
python3 "$here/ratios_data.py" "$figures"
! wanted preprocess || "$here/compare_data_preprocess.sh" "$build/realface"
"$here/sizing.py" "$root/out"
