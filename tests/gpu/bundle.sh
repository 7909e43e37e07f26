#!/usr/bin/env bash
# make gpu-bundle: what a machine with a GPU, Python's torch and nothing of Debian's needs to run tests/gpu/run.sh, in out/gpu-bundle and, packed,
# out/gpu-bundle.tar.xz: the program and the tests without video, their libraries except torch's and CUDA's, Open MPI's plugins, recipes, and small
# shards.
#
#   bundle.sh BUILD PROGRAM    a build with REALFACE_NCCL=ON and REALFACE_VIDEO=OFF; a program with video, which draws the shards
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(realpath "$1")
program=$(realpath "$2")
bundle=$root/out/gpu-bundle
rm -rf "$bundle" "$bundle.tar.xz"
mkdir -p "$bundle"/{bin,libexec,lib,openmpi,share}
command -v xz >/dev/null || { echo "gpu-bundle: xz is missing; install xz-utils" >&2; exit 1; }

# The programs, each behind a script of its name in bin/ that shows it its libraries.
cp "$build/realface" "$build/tests/gpu_tests" "$bundle/libexec/"
strip --strip-unneeded "$bundle"/libexec/*
for name in realface gpu_tests; do
  printf '#!/bin/sh\nLD_LIBRARY_PATH=$REALFACE_LIBRARIES exec "$(dirname "$0")/../libexec/%s" "$@"\n' "$name" >"$bundle/bin/$name"
  chmod +x "$bundle/bin/$name"
done
plugins=$(ompi_info --path pkglibdir --parsable | sed -n 's/^path:pkglibdir://p' | head -n 1)
# Those for one machine; the others want libraries of networks that it has not.
for plugin in "$plugins"/mca_*.so; do
  case $(basename "$plugin") in
    *ucx* | *ofi* | *psm* | *openib* | *usnic* | *portals* | *slurm* | *tm.so | *sge* | *alps* | *lsf* | mca_fs_* | mca_fbtl_* | mca_fcoll_* | mca_io_* | mca_sharedfp_* | *monitoring* | *cuda*) ;;
    *) cp "$plugin" "$bundle/openmpi/" ;;
  esac
done
cp -r /usr/share/openmpi "$bundle/share/"

# Every library that these need, but for the C library's own and those that torch brings or needs itself.
for file in "$bundle"/libexec/* "$bundle"/openmpi/*.so; do ldd "$file"; done | sort -u | while read -r name arrow path _; do
  [ "$arrow" = "=>" ] || continue
  case $name in libc.so* | libm.so* | libdl.so* | libpthread.so* | librt.so* | libresolv.so* | libutil.so* | libanl.so* | libstdc++.so* | libgcc_s.so*) continue ;; esac
  case $path in
    "$root"/.deps/*) ;;
    /*) cp -L "$path" "$bundle/lib/$name" ;;
    *) echo "gpu-bundle: a library is missing here: $name" >&2; exit 1 ;;
  esac
done

mkdir -p "$bundle/tests/integration"
cp -r "$root/configs" "$bundle/"
cp -r "$here" "$bundle/tests/"
rm -rf "$bundle/tests/gpu/stand_in" "$bundle"/tests/gpu/{CMakeLists.txt,*.cpp}
cp "$root"/tests/integration/{lib,resume_bitwise}.sh "$bundle/tests/integration/"
cp "$root/benchmarks/peer_ddp.py" "$bundle/tests/gpu/"
# Crops of 32 pixels, made by the program with video.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
{ "$program" synth --out "$scratch/videos" --identities 40 --frames 4 --size 160 --fakes all --seed 3 &&
  "$program" preprocess "$scratch/videos" --dataset ffpp --out "$bundle/shards" --size 32 --frames 4; } >"$scratch/log" 2>&1 || { tail -n 20 "$scratch/log" >&2; exit 1; }

tar -C "$root/out" -cJf "$bundle.tar.xz" gpu-bundle
printf '%s: %s MiB, packed %s MiB\n' "$bundle" "$(du -sm "$bundle" | cut -f 1)" "$(du -sm "$bundle.tar.xz" | cut -f 1)"
