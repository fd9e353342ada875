"""A step under KFP's local runner: the entrypoint, unless the step's condition is false.

As light as the entrypoint: what the step needs is imported there.
"""

import argparse
import json
import logging
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

from tfx_kubeflow.protocol import METADATA_HOST
from tfx_kubeflow.steps.entrypoint import main as entrypoint

log = logging.getLogger(__name__)

METADATA = re.compile(
    r"inputs\.artifacts\['(?P<key>[^']+)'\]\.artifacts\[0\]"
    r"(?:\.metadata\['(?P<name>[^']+)'\]|\.(?P<uri>uri))"
)
OPERATORS = {"&&": " and ", "||": " or ", "!(": " not ("}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 where the condition is false, else what the entrypoint returns."""
    parser = argparse.ArgumentParser(prog="local step", allow_abbrev=False)
    parser.add_argument("--condition")
    options, rest = parser.parse_known_args(arguments)
    # A notebook in a cluster has that cluster's, which knows nothing of this machine's files.
    os.environ.pop(METADATA_HOST, None)
    if options.condition:
        executor_input = json.loads(rest[rest.index("--executor-input") + 1])
        if not holds(options.condition, executor_input):
            logging.basicConfig(level=logging.INFO)
            log.warning("skipped: %s is false", options.condition)
            return 0
    return entrypoint(rest)


def holds(condition: str, executor_input: dict[str, Any]) -> bool:
    """Evaluates a condition as KFP's driver would.

    Args:
        condition: TFX's CEL: comparisons of metadata and addresses with constants.
        executor_input: KFP's ExecutorInput.

    Raises:
        KeyError: A property that the artifact does not have, which fails a run on a cluster, too.
    """
    given = executor_input["inputs"].get("artifacts", {})

    def value(match: re.Match[str]) -> str:
        artifact = given[match["key"]]["artifacts"][0]
        return repr(artifact["uri"] if match["uri"] else artifact["metadata"][match["name"]])

    expression = METADATA.sub(value, condition)
    for cel, python in OPERATORS.items():
        expression = expression.replace(cel, python)
    return bool(eval(expression, {"__builtins__": {}}))


if __name__ == "__main__":
    sys.exit(main())
