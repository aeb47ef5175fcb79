#!/usr/bin/env bash
# Every fuzz target for some seconds each (default 20), two at a time for each core: ./fuzz/run.sh [SECONDS [SEED]].
# The seed is 1 unless told: a change is judged by inputs that do not hang on luck. Seed 0 is another one every time.
# Builds first, as test.sh does. With atheris when it is there; its corpus grows in fuzz/work. Otherwise by fuzz/plain.py.
set -eu
. "$(dirname "$(readlink -f "$0")")/../tools/prepare.sh"
(ready fuzz) || { say "going on without atheris: seeds and mutations only"; ready ""; }
cd "$ROOT"
mkdir -p fuzz/work
export SECONDS_EACH=${1:-20} SEED=${2:-1} PYTHON=$VENV/bin/python
if "$PYTHON" -c 'import atheris' 2>/dev/null; then export ATHERIS=1; else export ATHERIS=0; fi

one() {  # one TARGET: run it; a line that says how it went; a log, and a mark when it failed
    local name
    name=$(basename "$1" .py)
    mkdir -p "fuzz/work/$name"
    rm -f "fuzz/work/$name.failed"
    local command=("$PYTHON" fuzz/plain.py "$1" "-max_total_time=$SECONDS_EACH" "-seed=$SEED")
    if [ "$ATHERIS" = 1 ]; then
        command=("$PYTHON" "$1" "-max_total_time=$SECONDS_EACH" "-seed=$SEED" -rss_limit_mb=2048 -print_final_stats=0
            "-artifact_prefix=fuzz/work/$name-" "fuzz/work/$name")
    fi
    if timeout $((SECONDS_EACH + 60)) "${command[@]}" >"fuzz/work/$name.log" 2>&1; then
        echo "$name: $(grep -a '^Done' "fuzz/work/$name.log" | tail -n 1)"
    else
        touch "fuzz/work/$name.failed"
        echo "$name: FAILED"
        tail -n 30 "fuzz/work/$name.log"
    fi
}
export -f one
rm -f fuzz/work/*.failed
printf '%s\n' fuzz/fuzz_*.py | xargs -P "$((2 * $(nproc)))" -I{} bash -c 'one {}'
if compgen -G 'fuzz/work/*.failed' >/dev/null; then
    echo "failed: $(basename -a -s .failed fuzz/work/*.failed | tr '\n' ' ')"
    exit 1
fi
