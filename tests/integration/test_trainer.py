"""The Tuner's and the Trainer's functions on a simulated household."""

import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import attr
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from modules import trainer
from modules.config import TrainerConfig
from modules.examples import Examples, serialized
from modules.families import FAMILIES, load_family
from modules.search import trials_of
from modules.training import fit
from tests.support.model import segments as random_segments
from tests.support.model import write_split
from tests.support.series import household
from tests.support.trained import WINDOWING, encoded, prepare, segments, trained
from tfx_pipeline.evaluation.metrics import by_origin
from tfx_pipeline.model_contract import METADATA_FILE, REQUESTS_FILE, WARM_UP_FILE, ModelMetadata
from tfx_pipeline.scoring import SEASONS
from tfx_pipeline.serving import answer
from tfx_pipeline.serving.requests import read_requests
from tfx_pipeline.training_record import FIT_FILE, FitRecord, TrialRecord

pytestmark = [pytest.mark.integration, pytest.mark.slow]

GRID = load_family("mlp").grid
CHECK = """
import sys
import numpy as np, tensorflow as tf
from tfx_pipeline.evaluation.metrics import by_origin
from tfx_pipeline.model_contract import REQUESTS_FILE
from tfx_pipeline.serving import answer
from tfx_pipeline.serving.requests import read_requests
model = tf.saved_model.load(sys.argv[1])
for request in read_requests(f"{sys.argv[1]}/{REQUESTS_FILE}"):
    inputs = {name: tf.constant(value.tolist() if value.dtype == object else value)
              for name, value in request.inputs.items()}
    outputs = model.signatures[request.signature_name](**inputs)
    for name, expected in request.outputs.items():
        np.testing.assert_allclose(outputs[name].numpy(), expected, atol=1e-4)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("run"), days=6)


def test_a_fresh_process_gives_the_numbers_that_the_trainer_saw():
    folder = trained().folder / "model"
    subprocess.run([sys.executable, "-c", CHECK, str(folder)], check=True, timeout=300)


def test_recorded_requests_are_of_both_signatures():
    requests = read_requests(trained().folder / "model" / REQUESTS_FILE)
    shapes = {call.signature_name: call.outputs["p50"].shape for call in requests}
    assert shapes == {
        "serving_default": (8, WINDOWING.horizon),
        "serving_examples": (8, WINDOWING.origins, WINDOWING.horizon),
    }


def test_both_signatures_give_the_same_forecast():
    default, examples = read_requests(trained().folder / "model" / REQUESTS_FILE)
    for lone, segment in zip(default.outputs["mean"], examples.outputs["mean"], strict=True):
        assert np.abs(segment - lone).max(axis=1).min() < 1e-4


def test_a_server_answers_as_the_trainer_did():
    assert answer.check(trained().folder / "model").reasons == ()


def test_what_only_training_needs_is_not_served():
    names = [
        name for name, _ in tf.train.list_variables(f"{trained().folder}/model/variables/variables")
    ]
    assert names
    assert not [name for name in names if "optimizer" in name]


def test_the_warm_up_file_asks_both_signatures():
    name = str(trained().folder / "model" / WARM_UP_FILE)
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(name)
    ]
    asked = [log.predict_log.request.model_spec.signature_name for log in logs]
    assert asked == ["serving_default", "serving_examples"]


def test_the_model_describes_itself():
    metadata = _metadata(trained().folder / "model")
    assert (metadata.window, metadata.horizon, metadata.origins) == (30, 3, 60)
    assert metadata.family == "mlp"
    assert metadata.hyperparameters["units"] > 0


def _metadata(model: Path) -> ModelMetadata:
    return ModelMetadata.model_validate_json((model / METADATA_FILE).read_text())


def test_the_model_beats_persistence_on_what_it_learned_to_forecast():
    run = trained()
    args = run.fn_args()
    config = TrainerConfig.model_validate(args.custom_config)
    examples = Examples(args.transform_graph_path, config)
    model = tf.saved_model.load(str(run.folder / "model"))
    batch, _ = next(iter(examples.evaluation(args.eval_files)))
    labels = batch.labels.numpy()
    keep = np.isfinite(labels) & batch.scored.numpy()[:, None]
    segments = next(iter(serialized(args.eval_files).batch(examples.segments_at_once)))
    mean = model.signatures["serving_examples"](segments)["mean"].numpy().reshape(labels.shape)
    error = (mean - labels)[keep]
    persistence = (batch.last_observed.numpy()[:, None] - labels)[keep]
    assert np.mean(error**2) < np.mean(persistence**2)


def test_a_split_of_one_window_is_scored(run, tmp_path):
    cut = segments(household(300))
    weight = np.zeros_like(cut.weight)
    weight[1, 37] = 1.0
    with tf.io.TFRecordWriter(str(tmp_path / "one.gz"), "GZIP") as writer:
        for example in encoded(replace(cut, weight=weight)):
            writer.write(example)
    args = run.fn_args()
    config = TrainerConfig.model_validate(args.custom_config)
    found = Examples(args.transform_graph_path, config).evaluation([str(tmp_path / "*")], 6)
    assert sum(int(origins.scored.numpy().sum()) for origins, _ in found) == 1


def test_search_and_gate_are_given_the_same_earlier_values(run, tmp_path):
    args = run.fn_args()
    config = TrainerConfig.model_validate(args.custom_config)
    shape = config.windowing
    write_split(tmp_path, "eval", random_segments(30, shape)[24:], shards=1)
    files = [str(tmp_path / "Split-eval" / "*")]
    examples = Examples(args.transform_graph_path, config)
    found = next(iter(examples.evaluation(files, 6)))
    batch = list(serialized(files).as_numpy_iterator())[: examples.segments_at_once]
    assert np.isfinite(found[1]["same_time_yesterday"]).any()
    for name in SEASONS:
        spec = {name: tf.io.FixedLenFeature([shape.labels], tf.float32)}
        values = tf.io.parse_example(batch, spec)[name].numpy()
        expected = np.concatenate([by_origin(one, shape)[::6] for one in values])
        np.testing.assert_array_equal(found[1][name], expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_seed_gives_the_same_model(run, family):
    args = run.fn_args(family=family, steps=12, batch=30)
    config = TrainerConfig.model_validate(args.custom_config)

    def weights():
        examples = Examples(args.transform_graph_path, config)
        splits = [args.train_files, args.eval_files]
        return fit(examples, splits, None, {}, config.model).network.get_weights()

    for first, second in zip(weights(), weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_any_number_of_origins_trains(tmp_path):
    shape = WINDOWING.model_copy(update={"origins": 31})
    run = prepare(tmp_path, days=4, windowing=shape)
    args = run.fn_args(steps=5, batch=100, stride=4)
    examples = Examples(args.transform_graph_path, TrainerConfig.model_validate(args.custom_config))
    inputs, deltas, weights = next(iter(examples.training([args.train_files])))
    assert inputs["now"].shape[0] == deltas.shape[0] == weights.shape[0] == 14 * 7
    trainer.run_fn(args)
    _, asked = read_requests(run.folder / "model" / REQUESTS_FILE)
    assert asked.outputs["mean"].shape == (8, 31, shape.horizon)


def test_calm_segments_are_drawn_seldom_and_weigh_more(run):
    config = TrainerConfig.model_validate(run.fn_args(batch=30, least_sampled=0.2).custom_config)
    examples = Examples(run.fn_args().transform_graph_path, config)
    batches = [
        (deltas.numpy(), weights.numpy())
        for _, deltas, weights in examples.training([run.fn_args().train_files]).take(60)
    ]
    assert all(weights.mean() == pytest.approx(1.0) for _, weights in batches)
    deltas, weights = (np.concatenate(values) for values in zip(*batches, strict=True))
    labelled = np.isfinite(deltas).all(axis=1)
    size, weights = np.abs(deltas[labelled, -1]), weights[labelled]
    assert size[weights < 0.7].mean() > 1.5 * size[weights > 1.4].mean()


def test_no_thread_tunes_what_is_read(run):
    config = TrainerConfig.model_validate(run.fn_args().custom_config)
    examples = Examples(run.fn_args().transform_graph_path, config)
    files = run.fn_args().train_files
    for made in (examples.training([files, files]), examples.evaluation(files)):
        assert made.options().autotune.enabled is False


def searched(args, config: TrainerConfig) -> list[TrialRecord]:
    """The trials of a search."""
    tuner = trainer.tuner_fn(attr.evolve(args, custom_config=config.model_dump(mode="json"))).tuner
    tuner.search()
    return tuner.records


def timeless(record: FitRecord) -> FitRecord:
    return record.model_copy(update={"seconds": 0.0})


def test_the_search_feeds_the_trainer(run, caplog):
    args = run.fn_args(tuner={"steps": 10, "parallel_trials": 2}, steps=20, batch=30, dropout=0.3)
    found = trainer.tuner_fn(args)
    found.tuner.search(**found.fit_kwargs)
    best = found.tuner.get_best_hyperparameters()[0]
    trials = found.tuner.records
    alone = [
        trial
        for config in trials_of(TrainerConfig.model_validate(args.custom_config))
        for trial in searched(args, config)
    ]
    assert [timeless(trial) for trial in alone] == [timeless(trial) for trial in trials]
    assert [trial.hyperparameters["learning_rate"] for trial in trials] == GRID["learning_rate"]
    assert [[line.step for line in trial.progress] for trial in trials] == [[10], [10]]
    assert (
        min(trials, key=lambda trial: trial.score).hyperparameters.items()
        >= {name: value for name, value in best.values.items() if name != trainer.FAMILY}.items()
    )
    assert best.values["dropout"] == 0.3

    args.hyperparameters = best.get_config()
    args.serving_model_dir = str(run.folder / "tuned")
    with caplog.at_level(logging.INFO, logger="modules"):
        trainer.run_fn(args)
    found = _metadata(run.folder / "tuned").hyperparameters
    assert found["learning_rate"] == best.values["learning_rate"]
    assert found["dropout"] == 0.3
    assert "step 20/20" in caplog.text


def test_the_fit_is_written_down():
    record = FitRecord.model_validate_json((trained().folder / "model_run" / FIT_FILE).read_bytes())
    assert record.hyperparameters == _metadata(trained().folder / "model").hyperparameters
    assert (record.steps, [line.step for line in record.progress]) == (400, [100, 200, 300, 400])
    first, last = record.progress[0], record.progress[-1]
    assert last.loss < first.loss
    # It learned from what it would be scored on.
    assert (last.eval_mse, last.eval_mae) == (None, None)
    assert record.seconds > 0


def test_a_fit_of_the_train_split_alone_is_scored_on_the_other(run, caplog):
    args = run.fn_args(steps=20, batch=30, refit=False)
    with caplog.at_level(logging.INFO, logger="modules"):
        trainer.run_fn(args)
    record = FitRecord.model_validate_json((run.folder / "model_run" / FIT_FILE).read_bytes())
    assert record.progress[-1].eval_mse > 0
    assert record.progress[-1].eval_mae > 0
    assert "step 20/20" in caplog.text
    assert "eval mse_ratio" in caplog.text


def test_a_batch_holds_of_each_split_what_its_size_asks_for(run):
    args = run.fn_args(batch=60, stride=60, least_sampled=1)
    config = TrainerConfig.model_validate(args.custom_config)
    examples = Examples(args.transform_graph_path, config)
    drawn = [
        examples.training(splits)
        for splits in ([args.train_files], [args.eval_files], [args.train_files, args.eval_files])
    ]
    train, evaluation, both = (
        {delta.tobytes() for _, deltas, _ in one.take(40) for delta in deltas.numpy()}
        for one in drawn
    )
    share = len(both & evaluation) / len(both)
    assert 0.03 < share < 0.4
    assert len(both & train) > len(both & evaluation)


def test_missing_example_files_are_named(run):
    args = run.fn_args()
    args.train_files = [str(run.folder / "nowhere" / "*")]
    with pytest.raises(FileNotFoundError, match="nowhere"):
        trainer.run_fn(args)
