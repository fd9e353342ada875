"""A fit that two devices share; they are two halves of one CPU, in a process of its own."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests.support.trained import prepare
from tfx_pipeline.model_contract import REQUESTS_FILE
from tfx_pipeline.serving.requests import read_requests
from tfx_pipeline.training_record import FIT_FILE, FitRecord

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SCRIPT = """
import json, sys
from pathlib import Path
import numpy as np, tensorflow as tf

[cpu] = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from modules import trainer
from modules.config import TrainerConfig
from modules.examples import Examples
from modules.replicas import strategy_of
from modules.training import fit
from tests.support.trained import Run

args = Run(Path(sys.argv[1])).fn_args(steps=30, batch=30, dropout=0.0, strategy="mirrored",
    refit=False)
config = TrainerConfig.model_validate(args.custom_config)
training, made = Examples.training, []

def looked_at(examples, files):
    # As Keras looks at a batch before it trains replicas: what follows is shuffled anew. (Batches
    # are small, so that nothing read ahead of that one reaches the next pass.)
    batches = training(examples, files)
    next(iter(batches))
    return batches

def fitted(*arguments):
    made.append(fit(*arguments))
    return made[-1]

Examples.training = looked_at
examples = Examples(args.transform_graph_path, config)
fitted(examples, [args.train_files], examples.evaluation(args.eval_files),
       config.model.hyperparameters, config.model)
Examples.training, trainer.fit = training, fitted
for _ in range(2):
    trainer.run_fn(args)
single, mirrored, again = ([w.ravel() for w in one.network.get_weights()] for one in made)
print(json.dumps({
    "replicas": strategy_of("mirrored", config.batch).num_replicas_in_sync,
    "last_layer": float(np.abs(single[-2]).max()),
    "apart": float(max(np.abs(a - b).max() for a, b in zip(single, mirrored))),
    "apart_again": float(max(np.abs(a - b).max() for a, b in zip(mirrored, again))),
}))
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """What the script found, and the folder of its run."""
    run = prepare(tmp_path_factory.mktemp("run"), days=16)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(run.folder)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), run.folder


def test_two_devices_learn_what_one_learns(shared):
    found, _ = shared
    assert found["replicas"] == 2
    assert found["last_layer"] > 0.01, "it begins with zeros"
    assert found["apart"] < 1e-5


def test_the_same_seed_gives_the_same_weights(shared):
    assert shared[0]["apart_again"] == 0


def test_the_exported_model_answers_where_there_is_one_device(shared):
    _, folder = shared
    assert FitRecord.model_validate_json((folder / "model_run" / FIT_FILE).read_bytes()).steps == 30
    signatures = tf.saved_model.load(str(folder / "model")).signatures
    for request in read_requests(folder / "model" / REQUESTS_FILE):
        inputs = {
            name: tf.constant(value.tolist() if value.dtype == object else value)
            for name, value in request.inputs.items()
        }
        for name, values in signatures[request.signature_name](**inputs).items():
            np.testing.assert_allclose(values, request.outputs[name], atol=1e-4)
