"""Steps as KFP's launcher starts them: what is handed to the entrypoint."""

import json

from tfx_kubeflow.protocol import ExecutorStep

TYPES = "tfx.types.standard_artifacts."


MODEL, BLESSING = f"{TYPES}Model", f"{TYPES}ModelBlessing"


def runtime(uri, name="1", **metadata):
    return {"artifacts": [{"name": name, "uri": str(uri), "metadata": metadata}]}


def executor_input(folder, inputs=(), outputs=(), parameters=(), **given):
    return {
        "inputs": {
            "artifacts": {key: runtime(uri) for key, uri in dict(inputs).items()},
            "parameterValues": given,
        },
        "outputs": {
            "artifacts": {key: runtime(folder / key, key) for key in outputs},
            "parameters": {key: {"outputFile": str(folder / key)} for key in parameters},
            "outputFile": str(folder / "pipeline/run/task/try/output.json"),
        },
    }


def step(cls, outputs=(), **more):
    given = {
        "node": "Step",
        "executor": f"{cls.__module__}.{cls.__name__}",
        "inputs": {},
        "outputs": dict(outputs),
        "parameters": {},
    }
    return ExecutorStep(**(given | more))


def config(pattern):
    return json.dumps({"splits": [{"name": "all", "pattern": pattern}]})
