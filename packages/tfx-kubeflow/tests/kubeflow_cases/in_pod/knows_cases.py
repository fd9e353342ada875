"""Says whether the image holds the components of these tests: `python -c THIS '{}'`."""

import json
from importlib.util import find_spec

print("E2E", json.dumps({"known": find_spec("kubeflow_cases") is not None}))
