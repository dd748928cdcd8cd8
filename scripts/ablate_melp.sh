#!/usr/bin/env bash
# What each level of MELP brings: melp_nano_ptbxl for three epochs (about a quarter of an hour on two cores), one row at a
# time.
#   [EPOCHS=3] scripts/ablate_melp.sh STORE TUNED_TEXT_ENCODER ECG_ENCODER OUT "ROW ..." "SEED ..."
# A row is one of
#   rhythm   the rhythm level alone
#   beat     rhythm and beat
#   token    rhythm and token
#   all      all three
#   wav2vec  all three, begun with ECG_ENCODER, the model of a wav2vec_nano_ptbxl run
#   r-peaks  all three, with the heart's own beats for learned ones
# or one of these with settings added: all:levels.beat=1.0,model.num_beats=6. Every row is scored on the validation fold;
# scripts/ablation_table.py OUT prints the table.
set -euo pipefail
store=$1 text=$2 encoder=$3 out=$4 rows=$5 seeds=${6:-0}

tasks=(--prompts ptbxl-superclass --prompts ptbxl-subclass --prompts ptbxl-form --prompts ptbxl-rhythm)

settings() { # the settings of a row, one a line
    local setting
    case ${1%%:*} in
    rhythm) printf '%s\n' levels.token=0 levels.beat=0 ;;
    beat) printf '%s\n' levels.token=0 ;;
    token) printf '%s\n' levels.beat=0 ;;
    all) ;;
    wav2vec) printf '%s\n' "model.ecg.init=$encoder" ;;
    r-peaks) printf '%s\n' model.ecg_head=r_peaks ;;
    *) echo "ablate_melp: no row $1" >&2 && return 1 ;;
    esac
    [[ $1 == *:* ]] && tr , '\n' <<< "${1#*:}" || true
}

for row in $rows; do
    settings "$row" > /dev/null
    mapfile -t chosen < <(settings "$row" | sed '/^$/d; s/^/--set=/')
    for seed in $seeds; do
        run=$out/$row-$seed
        ecg-text train melp_nano_ptbxl --data "$store" --out "$run" --set "model.text.pretrained=$text" \
            --set "training.epochs=${EPOCHS:-3}" --set training.select_metric=null --set training.evaluate_every=0 \
            --set "training.seed=$seed" "${chosen[@]}" $([ -f "$run/run.json" ] && echo --resume)
        ecg-text evaluate "$run/model" --data "$store" --task zero-shot "${tasks[@]}" --split val \
            --resamples 0 --no-random-encoder --out "$run/zero-shot.json"
        ecg-text evaluate "$run/model" --data "$store" --task retrieval --split val \
            --resamples 0 --no-random-encoder --out "$run/retrieval.json"
        case $(settings "$row") in
        *levels.token=0*) ;;
        *) ecg-text evaluate "$run/model" --data "$store" --task captions "${tasks[@]}" --split val \
            --resamples 0 --out "$run/captions.json" ;;
        esac
    done
done
