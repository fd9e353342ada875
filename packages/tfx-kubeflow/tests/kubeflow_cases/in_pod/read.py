"""Reads how a text in the store begins: `python -c THIS '{"address": ..., "characters": 9}'`."""

import json
import sys

from tfx.dsl.io import fileio
from tfx_kubeflow.storage import object_store

given = json.loads(sys.argv[1])
object_store.register()
with fileio.open(given["address"]) as file:
    print("E2E", json.dumps({"text": file.read()[: given["characters"]]}))
