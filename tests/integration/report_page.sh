#!/usr/bin/env bash
# report_page.sh: the page about a system with a localiser, and that of two detectors, in headless Chromium, wide, on a phone and on paper: no console
# error, no request to anywhere, alternative text for every picture, a caption for every table, nothing beyond the page's width or cut off in print.
. "$(dirname "$0")/lib.sh"
command -v chromium >/dev/null || skip "chromium is not installed; Debian's package of that name has it"
look() { python3 "$here/browser.py" "$@" >"$scratch/last.log" 2>&1; }

# What the browser says of a page on which everything is wrong.
cat >"$scratch/bad.html" <<'HTML'
<!DOCTYPE html><html lang="en"><head><title>bad</title></head><body>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==" /><img alt="gone" src="http://127.0.0.1:9/gone.png" />
<svg viewBox="0 0 100 100" width="40"><text class="tick" x="10" y="50">one</text><text class="tick" x="12" y="50">two</text><text x="90" y="50">beyond</text></svg>
<table><tr><td>1</td></tr></table><div class="scroll" style="overflow-x: auto"><div style="width: 800px">wide</div></div><div style="width: 500px">wider</div>
<script>console.error("said aloud"); missing();</script></body></html>
HTML
! look "$scratch/bad.html" || fail "nothing was found on a page where everything is wrong"
for fault in "no alternative text: <img" "no alternative text: <svg" "cannot be shown: <img" "words beyond their chart" "words over words" "words of [0-9.]+ pixels" \
  "no caption" "outside request: http://127.0.0.1:9" "console: .*said aloud" "console: Uncaught" "390 pixels wide: the page is 5[0-9]+ wide" "cut off in print"; do
  grep -qE "$fault" "$scratch/last.log" || fail "the browser does not find: $fault"
done

must "$program" synth --out "$scratch/videos" --identities 40 --frames 6 --size 160 --fakes all --seed 3
must "$program" preprocess "$scratch/videos" --dataset ffpp --out "$scratch/shards" --size 64 --frames 6
recipes=$here/../../configs/delocate
small=("${tiny[@]}" model.image=64 model.frames=4 localization.model.size=small localization.model.encoder=small meta.reference=12 meta.samples=2
  meta.episodes=1 meta.steps=1 world.threads=1 train.batch=4)
must "$program" run "$recipes/delocate.yaml" data.shards="$scratch/shards" run.dir="$scratch/run" "${small[@]}" pretrain.train.steps=20 \
  finetune.train.steps=5 composite.block=7 localization.train.steps=3
must "$program" reconstruct "$scratch/run/pretrain" --mapping "$scratch/run/localization"
must "$program" report "$scratch/run" --out "$scratch/report.html"
for words in "DET curve of test" "How fast it ran" 'alt="Deepfakes, [^"]*: predicted mask' 'alt="Deepfakes, [^"]*: true mask' \
  'alt="real faces, [^"]*: activation, restored' 'alt="real faces, [^"]*: activation, original'; do
  grep -qE "$words" "$scratch/report.html" || fail "the report lacks: $words"
done
look "$scratch/report.html" || fail "the report in the browser: $(cat "$scratch/last.log")"

must "$program" train "$recipes/evaluate.yaml" weights.vit="$scratch/run/finetune" weights.localizer= weights.recovered= evaluate.clips=1 \
  data.shards="$scratch/shards" run.dir="$scratch/alone/evaluate" metrics.port=0 world.device=cpu
# Folders of one name are told apart by their paths, which are long words.
must "$program" report "$scratch/run/evaluate" "$scratch/alone/evaluate" --out "$scratch/both.html"
grep -q "B: $scratch/alone/evaluate minus that of A: $scratch/run/evaluate" "$scratch/both.html" || fail "the page of two runs lacks the test of their difference"
look "$scratch/both.html" || fail "the page of two runs in the browser: $(cat "$scratch/last.log")"
must "$program" compare "$scratch/run" "$scratch/alone" --json
python3 - "$scratch/last.log" "$scratch/both.html" <<'PYTHON' || fail "the page and compare say different things"
import json, sys
one = json.load(open(sys.argv[1]))["sets"]["test"]["all"]
assert f"{one['difference']:+.4f}</td>" in open(sys.argv[2]).read(), one
PYTHON
refused 1 "holds no scores of an evaluation" "$program" report "$scratch/run" "$scratch/run/pretrain" --out "$scratch/wrong.html"
[ ! -e "$scratch/wrong.html" ] || fail "a page was written of a run without scores"
