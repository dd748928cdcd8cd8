#!/usr/bin/env bash
# What each piece of the text side brings: clip_nano for five epochs (under twenty minutes on one core), one arm at a time.
#   scripts/compare_text.sh STORE TUNED_TEXT_ENCODER OUT "ARM ..." "SEED ..."
# Arms: raw (reports as written), english, tuned (english and the tuned encoder), and tuned without one piece of the views:
# no-views, no-swap, no-lead-in, no-single. Every arm is scored on the validation fold by the same prompt sets.
set -euo pipefail
store=$1 text=$2 out=$3 arms=$4 seeds=${5:-0}

views_off=(--set data.views.swap=0 --set data.views.lead_in=0 --set data.views.single=0)
tower=(--set "model.text.pretrained=$text")

settings() { # the settings of an arm, one a line
    case $1 in
    raw) printf '%s\n' --set data.rendering=original "${views_off[@]}" ;;
    english) printf '%s\n' "${views_off[@]}" ;;
    tuned) printf '%s\n' "${tower[@]}" ;;
    no-views) printf '%s\n' "${tower[@]}" "${views_off[@]}" ;;
    no-swap) printf '%s\n' "${tower[@]}" --set data.views.swap=0 ;;
    no-lead-in) printf '%s\n' "${tower[@]}" --set data.views.lead_in=0 ;;
    no-single) printf '%s\n' "${tower[@]}" --set data.views.single=0 ;;
    *) echo "compare_text: no arm $1" >&2 && return 1 ;;
    esac
}

for arm in $arms; do
    mapfile -t chosen < <(settings "$arm")
    for seed in $seeds; do
        run=$out/$arm-$seed
        ecg-text train clip_nano --data "$store" --out "$run" --set training.epochs=5 --set training.select_metric=null \
            --set training.evaluate_every=0 --set "training.seed=$seed" "${chosen[@]}" \
            $([ -f "$run/run.json" ] && echo --resume)
        for set in superclass subclass form rhythm; do
            for rule in contrast cosine single; do
                ecg-text evaluate "$run/model" --data "$store" --task zero-shot --prompts "ptbxl-$set" --split val \
                    --rule "$rule" --resamples 0 --no-random-encoder --out "$run/$set-$rule.json"
            done
        done
    done
done
