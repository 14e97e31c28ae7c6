#!/bin/sh
# Writes models/onnx: the demo pair in ONNX, from the GGUF files in models/.
set -eu
cd "$(dirname "$0")/.."

convert() {
  npx tsx --conditions=@foretoken/source ../../apps/cli/src/main.ts convert "$1" --to onnx --type "$2" --output "$3"
}

rm -rf models/onnx
convert models/target-F16.gguf fp16 models/onnx/target
convert models/draft-Q4_0.gguf q4 models/onnx/draft
