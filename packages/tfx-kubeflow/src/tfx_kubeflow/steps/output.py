"""The file in which a step reports its outputs to KFP's launcher."""

import json
from pathlib import Path
from typing import Any


def write_output(executor_input: dict[str, Any], output: dict[str, Any]) -> None:
    """Writes the ExecutorOutput where the launcher looks for it."""
    path = Path(executor_input["outputs"]["outputFile"])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(output, sort_keys=True), encoding="utf-8")
