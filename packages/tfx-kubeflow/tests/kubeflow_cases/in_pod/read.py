"""Reads a text from the artifact store: `python -c THIS '{"address": ...}'`."""

import json
import sys

from tfx.dsl.io import fileio
from tfx_kubeflow.storage import object_store

object_store.register()
with fileio.open(json.loads(sys.argv[1])["address"]) as file:
    print("E2E", json.dumps({"text": file.read()}))
