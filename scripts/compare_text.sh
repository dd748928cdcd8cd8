#!/usr/bin/env bash
# What each piece of the text side brings: clip_nano for five epochs (about twenty minutes on one core), one arm at a time.
#   [EPOCHS=5] scripts/compare_text.sh STORE TUNED_TEXT_ENCODER OUT "ARM ..." "SEED ..."
# An arm is one of
#   raw      reports as they are written
#   english  reports in English
#   tuned    in English, with the tuned text encoder
# or one of these with pieces of the views added, as in tuned+swap: swap, lead-in, single, or reports (whole ones only).
# Every arm is scored on the validation fold by the same prompt sets, and by plain names where OUT/plain.toml is
# (scripts/comparison_prompts.py makes it).
set -euo pipefail
store=$1 text=$2 out=$3 arms=$4 seeds=${5:-0}

tasks=(--prompts ptbxl-superclass --prompts ptbxl-subclass --prompts ptbxl-form --prompts ptbxl-rhythm)

settings() { # the settings of an arm, one a line
    local piece
    for piece in ${1//+/ }; do
        case $piece in
        raw) printf '%s\n' --set data.rendering=original ;;
        english) ;;
        tuned) printf '%s\n' --set "model.text.pretrained=$text" ;;
        swap) printf '%s\n' --set data.views.swap=0.3 ;;
        lead-in) printf '%s\n' --set data.views.lead_in=0.1 ;;
        single) printf '%s\n' --set data.views.single=0.2 ;;
        reports) printf '%s\n' --set data.views.whole=1.0 ;;
        *) echo "compare_text: no arm $1" >&2 && return 1 ;;
        esac
    done
}

for arm in $arms; do
    settings "$arm" > /dev/null
    mapfile -t chosen < <(settings "$arm")
    for seed in $seeds; do
        run=$out/$arm-$seed
        ecg-text train clip_nano --data "$store" --out "$run" --set "training.epochs=${EPOCHS:-5}" \
            --set training.select_metric=null --set training.evaluate_every=0 --set "training.seed=$seed" "${chosen[@]}" \
            $([ -f "$run/run.json" ] && echo --resume)
        for rule in contrast cosine single; do
            ecg-text evaluate "$run/model" --data "$store" --task zero-shot "${tasks[@]}" --split val \
                --rule "$rule" --resamples 0 --no-random-encoder --out "$run/$rule.json"
        done
        if [ -f "$out/plain.toml" ]; then
            ecg-text evaluate "$run/model" --data "$store" --task zero-shot --prompts "$out/plain.toml" --split val \
                --rows all --min-positives 15 --resamples 0 --no-random-encoder --out "$run/plain.json"
        fi
    done
done
