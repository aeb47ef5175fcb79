#!/usr/bin/env bash
# Every fuzz target for some seconds each (default 20): ./fuzz/run.sh [SECONDS]. Builds first, as test.sh does.
# With atheris when it is there; libFuzzer's own corpus grows in fuzz/work. Otherwise by fuzz/plain.py.
set -eu
. "$(dirname "$(readlink -f "$0")")/../tools/prepare.sh"
(ready fuzz) || { say "going on without atheris: seeds and mutations only"; ready ""; }
cd "$ROOT"
seconds=${1:-20}
python=$VENV/bin/python
broken=()
for target in fuzz/fuzz_*.py; do
    name=$(basename "$target" .py)
    mkdir -p "fuzz/work/$name"
    if "$python" -c 'import atheris' 2>/dev/null; then
        command=("$python" "$target" "-max_total_time=$seconds" -rss_limit_mb=2048 -print_final_stats=0
            "-artifact_prefix=fuzz/work/$name-" "fuzz/work/$name")
    else
        command=("$python" fuzz/plain.py "$target" "-max_total_time=$seconds")
    fi
    if timeout $((seconds + 60)) "${command[@]}" >"fuzz/work/$name.log" 2>&1; then
        echo "$name: $(grep -a '^Done' "fuzz/work/$name.log" | tail -n 1)"
    else
        echo "$name: FAILED"
        tail -n 30 "fuzz/work/$name.log"
        broken+=("$name")
    fi
done
[ ${#broken[@]} = 0 ] || { echo "failed: ${broken[*]}"; exit 1; }
