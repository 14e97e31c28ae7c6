#!/usr/bin/env bash
# The whole recipe, from the packages to the two models. Every stage is skipped when its output is there; delete .work to start
# afresh. Interrupted training goes on from its last checkpoint.
set -euo pipefail
cd "$(dirname "$0")"

python=${PYTHON:-python3}
if ! "$python" -c 'import numpy' 2>/dev/null || ! { command -v gcc && command -v make && command -v npm; } >/dev/null; then
  echo 'This needs Python 3.11 with numpy, gcc, make, OpenBLAS and npm. On Debian: apt-get install python3-numpy gcc make libopenblas-dev npm' >&2
  exit 1
fi
export OPENBLAS_NUM_THREADS=1 # the engine has threads of its own

mkdir -p .work
[ -d sources/node_modules ] || npm ci --prefix sources --ignore-scripts --no-audit --no-fund --legacy-peer-deps
"$python" corpus.py
"$python" tokenize_corpus.py
"$python" train.py --minutes "${TARGET_MINUTES:-60}"
"$python" samples.py --minutes "${SAMPLE_MINUTES:-6}"
"$python" distill.py --minutes "${DRAFT_MINUTES:-15}"
"$python" export.py
"$python" prompts.py
[ -f .work/evaluation.json ] || "$python" evaluate.py
./onnx.sh
"$python" card.py
