#!/usr/bin/env bash
# PTB-XL from the raw folder to every figure of the README: about an hour and a half on two cores.
#   scripts/reproduce_ptbxl.sh PTBXL_FOLDER OUT [CKEPE_JSON]
set -euo pipefail
ptbxl=$1 out=$2 ckepe=${3:-}
here=$(dirname "${BASH_SOURCE[0]}")
mkdir -p "$out"

[ -d "$out/store" ] || ecg-text prepare ptbxl "$ptbxl" "$out/store"
# A model is there from the first evaluation on, so it does not tell that the run is done; a done run resumes to its end.
ecg-text train clip_nano --data "$out/store" --out "$out/run" $([ -f "$out/run/run.json" ] && echo --resume)

# Everything is chosen on fold 9 (val); fold 10 (test) is for a report, once.
for set in superclass subclass form rhythm; do
    ecg-text evaluate "$out/run/model" --data "$out/store" --task zero-shot --prompts "ptbxl-$set" --split val \
        --out "$out/zero-shot-$set.json"
    ecg-text evaluate "$out/run/model" --data "$out/store" --task zero-shot --prompts "ptbxl-$set" --split val \
        --rule cosine --out "$out/zero-shot-$set-cosine.json"
done
python "$here/comparison_prompts.py" plain "$ptbxl/scp_statements.csv" "$out/plain.toml"
ecg-text evaluate "$out/run/model" --data "$out/store" --task zero-shot --prompts "$out/plain.toml" --split val \
    --rows all --min-positives 15 --out "$out/plain-names.json"
ecg-text evaluate "$out/run/model" --data "$out/store" --task retrieval --split val --out "$out/retrieval.json"

if [ -n "$ckepe" ]; then
    python "$here/comparison_prompts.py" ckepe "$ckepe" "$out/ckepe"
    for file in "$out"/ckepe/*.toml; do
        ecg-text evaluate "$out/run/model" --data "$out/store" --task zero-shot --prompts "$file" --split val \
            --rule cosine --out "$out/ckepe-$(basename "$file" .toml).json"
    done
fi
