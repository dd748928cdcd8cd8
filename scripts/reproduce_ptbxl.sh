#!/usr/bin/env bash
# PTB-XL from the raw folder to the reference model and every figure of its card: about five hours on two cores.
#   scripts/reproduce_ptbxl.sh PTBXL_FOLDER OUT [CKEPE_JSON]
set -euo pipefail
ptbxl=$1 out=$2 ckepe=${3:-}
here=$(dirname "${BASH_SOURCE[0]}")
mkdir -p "$out"

[ -d "$out/store" ] || ecg-text prepare ptbxl "$ptbxl" "$out/store"
# The text encoder: masked words first, then synonyms on top of them. Every run resumes; a done one resumes to its end.
resume() { [ -f "$1/run.json" ] && echo --resume || true; }
ecg-text tune-text text_nano --data "$out/store" --out "$out/words" $(resume "$out/words")
ecg-text tune-text text_synonyms --data "$out/store" --out "$out/text" --set "init=$out/words/model" $(resume "$out/text")
for encoder in words text; do
    ecg-text evaluate "$out/$encoder/model" --task text-probe --out "$out/probe-$encoder.json"
done
ecg-text train reference_ptbxl --data "$out/store" --out "$out/run" --set "model.text.pretrained=$out/text/model" \
    $(resume "$out/run")
ecg-text calibrate "$out/run/model" --data "$out/store"

# Everything is chosen on fold 9 (val); fold 10 (test) is for a report, once.
given=(--statements "$ptbxl/scp_statements.csv")
[ -z "$ckepe" ] || given+=(--class-texts "$ckepe")
for split in val test; do
    ecg-text report "$out/run/model" --data "$out/store" --split "$split" "${given[@]}" --out "$out/report-$split"
done
while read -r set _; do
    ecg-text prompts lint "$set" --model "$out/text/model" > "$out/lint-$set.txt"
done < <(ecg-text prompts list | tail -n +2)
python "$here/typed_phrases.py" "$out/run/model" "$out/store" --split val > "$out/typed-phrases.md"
python "$here/translation_table.py" "$out/store" --split train,val > "$out/translation.md"
