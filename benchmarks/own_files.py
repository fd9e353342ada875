"""Takes a file of each shape that people have from `describe` to a pushed model.

    python benchmarks/own_files.py [--outputs FOLDER] [shape ...]

Without a shape: all of tests/support/own_files.py, with little training. Prints a line for each.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from tests.support.own_files import FILES, described, settings_of  # noqa: E402


def run(name: str, folder: Path) -> bool:
    """Runs the pipeline on a file, prints what came out, and tells whether a model was pushed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").unlink(missing_ok=True)
    made, description = described(name, folder)
    started = time.perf_counter()
    command = [sys.executable, "runner_local.py", f"--series={description}"]
    command += [f"--data.path={made.path}", f"--outputs={folder / 'outputs'}", *settings_of(name)]
    with (folder / "log.txt").open("w") as log:
        code = subprocess.run(command, cwd=PROJECT, stdout=log, stderr=log).returncode
    seconds = time.perf_counter() - started
    found = folder / "outputs" / "latest" / "summary.json"
    summary = json.loads(found.read_text()) if found.exists() else {}
    pushed = summary.get("pushed_version")
    evaluation = summary.get("evaluation") or {}
    ratio = evaluation.get("mse_ratio", float("nan"))
    said = f"pushed {pushed}" if pushed else f"not pushed, code {code}: {folder / 'log.txt'}"
    print(f"{name:36} {seconds:4.0f} s  mse_ratio {ratio:5.3f}  {said}", flush=True)
    return bool(pushed)


def main() -> int:
    """Runs all files that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("shapes", nargs="*", metavar="shape", help=", ".join(FILES))
    parser.add_argument("--outputs", type=Path, default=PROJECT / "outputs" / "own-files")
    asked = parser.parse_args()
    unknown = set(asked.shapes) - FILES.keys()
    if unknown:
        parser.error(f"no such shape: {', '.join(sorted(unknown))}")
    done = [run(name, asked.outputs.absolute() / name) for name in asked.shapes or FILES]
    print(f"{sum(done)} of {len(done)} pushed a model")
    return 0 if all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
