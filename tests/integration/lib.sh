# Shared by the integration scripts: where the program is, a scratch folder that goes away, and checks that say what they saw.
# Run by ctest with REALFACE_PROGRAM and REALFACE_TEST_DATA set; exit code 77 means skipped.
set -uo pipefail
program=${REALFACE_PROGRAM:?is set by ctest}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/realface-test.XXXXXX")
# A failed script must not leave a training behind that goes on for ever: everything that names the scratch folder ends with it.
clean_up() {
  pkill -KILL -f "$scratch"
  chmod -R u+w "$scratch" 2>/dev/null
  rm -rf "$scratch"
}
trap clean_up EXIT

fail() { echo "FAILED: $*" >&2; [ ! -s "$scratch/last.log" ] || tail -n 40 "$scratch/last.log" >&2; exit 1; }
skip() { echo "SKIPPED: $*"; exit 77; }

mpirun=(mpirun --oversubscribe --bind-to none)

# ranks N COMMAND...: the program alone for N = 1, else under mpirun.
ranks() {
  local count=$1
  shift
  if [ "$count" = 1 ]; then "$program" "$@"; else "${mpirun[@]}" -n "$count" "$program" "$@"; fi
}

# rank_processes RUN: the process ids of the ranks that train in that folder (not of mpirun).
rank_processes() {
  local process
  for process in $(pgrep -f "run.dir=$1"); do
    [ "$(cat "/proc/$process/comm" 2>/dev/null)" != "$(basename "$program")" ] || echo "$process"
  done
}

# kill_rank RUN STEP [SYSTEM]: ends the last rank of the training in that folder, which runs in the background, once step-STEP is saved, and waits for
# it. SYSTEM: the run.dir that the command names, if RUN is an entry of it.
kill_rank() {
  local processes
  for _ in $(seq 3000); do
    [ ! -e "$1/checkpoints/step-$2" ] || break
    sleep 0.02
  done
  processes=$(rank_processes "${3:-$1}")
  [ -n "$processes" ] || fail "nothing was training in $1"
  kill -KILL $(echo "$processes" | tail -n 1)
  wait
  [ ! -e "$1/finished.json" ] || fail "the training in $1 had ended before the kill: the test tested nothing"
}

# must COMMAND...: the command succeeds; its output is kept for the report of a failure.
must() { "$@" >"$scratch/last.log" 2>&1 || fail "exit code $? of: $*"; }

# says_the_same RUN FILE VIDEO: `detect` gives the video one score, by the run folder and by the detector file.
says_the_same() {
  local which
  for which in "$1" "$2"; do
    "$program" detect "$3" --weights "$which" --json 2>"$scratch/last.log" || fail "detect by $which"
  done | python3 -c '
import json, sys
decoder, text, scores = json.JSONDecoder(), sys.stdin.read().strip(), []
while text:
    found, end = decoder.raw_decode(text)
    scores.append([file["p_fake"] for file in found["files"]])
    text = text[end:].strip()
assert len(scores) == 2 and scores[0] == scores[1] and all(0 <= p <= 1 for p in scores[0]), scores' || fail "the detector file says something else than its run"
}

# refused CODE PATTERN COMMAND...: ends with that exit code, says what the pattern wants, and does so within a minute.
refused() {
  local code=$1 pattern=$2 seen=0
  shift 2
  timeout 60 "$@" >"$scratch/last.log" 2>&1 || seen=$?
  [ "$seen" = "$code" ] || fail "expected exit code $code, got $seen, of: $*"
  grep -qE "$pattern" "$scratch/last.log" || fail "no message like '$pattern' from: $*"
}

# The training that the scripts share: a tiny autoencoder on tiny crops.
dataset() {  # dataset FOLDER [FRAMES] [FAKES]; REALFACE_TEST_SHARDS: a build without video is given them
  if [ -n "${REALFACE_TEST_SHARDS:-}" ]; then ln -s "$REALFACE_TEST_SHARDS" "$1/shards"; return; fi
  must "$program" synth --out "$1/videos" --identities 40 --frames "${2:-4}" --size 160 --fakes "${3:-test}" --seed 3
  must "$program" preprocess "$1/videos" --dataset ffpp --out "$1/shards" --size 32 --frames "${2:-4}"
}
tiny=(model.image=32 model.patch=8 model.width=32 model.depth=2 model.heads=2 model.decoder_width=32 model.decoder_depth=1
  model.decoder_heads=2 train.batch=12 train.log_every=5 metrics.port=0)
# One rank a GPU, and up to 3 ranks: with fewer GPUs all of them compute on the CPU, unless a test names a device.
gpus=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU')
[ "${REALFACE_TEST_DEVICE:-}" != cuda ] || [ "$gpus" -ge 1 ] || [ -n "${REALFACE_STAND_IN_GPUS:-}" ] || skip "this machine has no GPU"
if [ -n "${REALFACE_TEST_DEVICE:-}" ]; then tiny+=(world.device="$REALFACE_TEST_DEVICE" world.deterministic=true); elif [ "$gpus" -lt 3 ]; then tiny+=(world.device=cpu); fi

weights_of() { "$program" inspect "$1" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["weights_sha256"])'; }
