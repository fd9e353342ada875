"""Reads a text from the artifact store: `python -c THIS '{"address": ...}'`."""

import json
import sys

from tfx.dsl.io import fileio

from tfx_pipeline.kubeflow.pod import stores

stores.register()
with fileio.open(json.loads(sys.argv[1])["address"]) as file:
    print("E2E", json.dumps({"text": file.read()}))
