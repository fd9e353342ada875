#!/usr/bin/env bash
# Kills the set-up of a fresh clone at random moments, then lets it finish and checks every file.
#
#   tests/setup/interrupted.sh [KILLS]
set -euo pipefail

kills=${1:-6}
project=$(cd "$(dirname "$0")/../.." && pwd)
clone=$(mktemp -d)/project
trap 'rm -rf "$(dirname "$clone")"' EXIT
git clone --quiet "$project" "$clone"
cd "$clone"

for ((i = 1; i <= kills; i++)); do
    seconds=$((RANDOM % 50)).$((RANDOM % 10))
    setsid tools/setup >setup.log 2>&1 &
    leader=$!
    sleep "$seconds"
    # In turn: the set-up alone, whose children live on, and all of its processes.
    if ((i % 2)); then victim=$leader; else victim=-$leader; fi
    kill -KILL -- "$victim" 2>/dev/null || true
    wait "$leader" 2>/dev/null || true
    echo "== killed after $seconds s: $(tail -n 1 setup.log)"
done

tools/setup
.venv/bin/python - <<'END'
"""Every file of every package must be there, as its RECORD says."""
import importlib.metadata

wrong, files = [], 0
for package in importlib.metadata.distributions():
    for file in package.files or ():
        files += 1
        path = file.locate()
        if not path.exists() or (file.size is not None and path.stat().st_size != file.size):
            wrong.append(str(path))
print(f"== {files} files, {len(wrong)} missing or wrong", *wrong[:10], sep="\n")
assert files > 10_000 and not wrong
END
TF_CPP_MIN_LOG_LEVEL=3 .venv/bin/python -c 'import tfx.v1, tensorflow_data_validation, ml_metadata' 2>/dev/null
tools/setup
echo "== passed"
