"""The whole graph, from raw rows to a pushed model."""

from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx import v1 as tfx
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_node import BaseNode
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types import standard_artifacts

from modules.config import TrainerConfig, TransformConfig
from modules.families import module_of
from modules.search import trials_of
from tfx_pipeline.components.curated_schema.component import CuratedSchema
from tfx_pipeline.components.data_gate.component import DataGate
from tfx_pipeline.components.evaluator.component import Evaluator
from tfx_pipeline.components.example_gen.component import PowerExampleGen
from tfx_pipeline.components.pusher.component import Pusher
from tfx_pipeline.components.resolver_strategies import BaselineStrategy, PreviousArtifactStrategy
from tfx_pipeline.components.serving_check.component import FRESH_PROCESS_MODULE, ServingCheck
from tfx_pipeline.components.statistics_gen.component import StatisticsGen
from tfx_pipeline.components.tuner.component import Selection, Trial, Tuner
from tfx_pipeline.data.curated_schema import curated_schema, to_text
from tfx_pipeline.data.raw.location import Location
from tfx_pipeline.evaluation.config import EXTRACTORS_MODULE, METRICS_MODULE, eval_config
from tfx_pipeline.fingerprint import OURS, fingerprint
from tfx_pipeline.settings import Settings


def create_pipeline(
    settings: Settings,
    data: Location,
    pipeline_root: str,
    serving_dir: str,
    search_dir: str = "",
    metadata_connection_config: metadata_store_pb2.ConnectionConfig | None = None,
    scheduled_time: RuntimeParameter | None = None,
) -> tfx.dsl.Pipeline:
    """Builds the pipeline.

    Args:
        settings: What to run.
        data: Where the raw data are, as the machine sees it that reads them.
        pipeline_root: Where artifacts go.
        serving_dir: Push destination, `<base>/<name>`; versions become folders below it.
        search_dir: Folder where an interrupted search waits to be resumed; empty: not kept.
        metadata_connection_config: ML Metadata store, for runners that need one.
        scheduled_time: The second for which a run was scheduled, for runners that have schedules.

    Returns:
        The pipeline; it is cached where data, code and settings are unchanged.
    """
    # Raw minutes -> segments in three splits by time: train, eval, test (the newest).
    example_gen = _versioned(
        PowerExampleGen(
            data.base,
            data.pattern,
            settings.data_options,
            writers=settings.beam.of("PowerExampleGen").workers,
        )
    )
    examples = example_gen.outputs["examples"]

    # Validation: nothing is trained on data that the gate rejects.
    statistics_gen = _versioned(StatisticsGen(examples=examples))
    statistics = statistics_gen.outputs["statistics"]
    schema_gen = tfx.components.SchemaGen(statistics=statistics, infer_feature_shape=True)
    reviewed = curated_schema(settings.curated_schema_file, settings.spec, settings.shape)
    curated = _versioned(CuratedSchema(text=to_text(reviewed)))
    schema = curated.outputs["schema"]
    validator = tfx.components.ExampleValidator(statistics=statistics, schema=schema)
    previous_statistics = tfx.dsl.Resolver(
        strategy_class=PreviousArtifactStrategy,
        current=statistics,
        previous=tfx.dsl.Channel(type=standard_artifacts.ExampleStatistics),
    ).with_id("PreviousStatistics")
    data_gate = _versioned(
        DataGate(
            examples=examples,
            statistics=statistics,
            anomalies=validator.outputs["anomalies"],
            schema=schema,
            previous_statistics=previous_statistics.outputs["previous"],
            rules=settings.validation,
        )
    )

    # Scales from the train split; the graph is applied where examples are consumed.
    transform = _versioned(
        tfx.components.Transform(
            examples=examples,
            schema=schema,
            preprocessing_fn="modules.transform.preprocessing_fn",
            custom_config=TransformConfig(
                series=settings.spec, windowing=settings.shape
            ).model_dump(mode="json"),
            materialize=False,
            disable_statistics=True,
            # TFX keeps what its own analyzers make; ours is none of them.
            disable_analyzer_cache=True,
        ),
        "modules.transform",
    )
    transform.add_upstream_node(data_gate)
    transform_graph = transform.outputs["transform_graph"]

    config = settings.trainer_config.model_copy(update={"search_dir": search_dir})
    search, hyperparameters = _search(config, examples, schema, transform_graph)
    trainer = _versioned(
        tfx.components.Trainer(
            run_fn="modules.trainer.run_fn",
            examples=examples,
            schema=schema,
            transform_graph=transform_graph,
            hyperparameters=hyperparameters,
            train_args=tfx.proto.TrainArgs(splits=["train"]),
            eval_args=tfx.proto.EvalArgs(splits=["eval"]),
            custom_config=config.model_dump(mode="json"),
        ),
        "modules.trainer",
        module_of(config.model.family),
    )
    model = trainer.outputs["model"]

    # The gate: better than a naive forecast, and not worse than the model that serves.
    baseline = tfx.dsl.Resolver(
        strategy_class=BaselineStrategy,
        config={"serving_dir": serving_dir, "copies": f"{pipeline_root}/Baseline/served"},
        candidate=model,
        model=tfx.dsl.Channel(type=standard_artifacts.Model),
        model_blessing=tfx.dsl.Channel(type=standard_artifacts.ModelBlessing),
    ).with_id("Baseline")
    evaluator = _versioned(
        Evaluator(
            examples=examples,
            example_splits=["test"],
            schema=schema,
            model=model,
            baseline_model=baseline.outputs["model"],
            eval_config=eval_config(settings.spec, settings.shape, settings.gate),
            module_path=EXTRACTORS_MODULE,
        ),
        METRICS_MODULE,
        EXTRACTORS_MODULE,
    )
    blessing = evaluator.outputs["blessing"]

    # A fresh process must answer as the trainer did; then the version appears atomically.
    serving_check = _versioned(ServingCheck(model=model), FRESH_PROCESS_MODULE)
    pusher = _versioned(
        Pusher(
            model=model,
            model_blessing=blessing,
            infra_blessing=serving_check.outputs["blessing"],
            push_destination=tfx.proto.PushDestination(
                filesystem=tfx.proto.PushDestination.Filesystem(base_directory=serving_dir)
            ),
            scheduled_time=scheduled_time,
        )
    )

    # A folder has one run at a time; many of them share an address.
    locked = "" if "://" in pipeline_root else pipeline_root
    for component in (example_gen, statistics_gen, transform, evaluator):
        arguments = settings.beam.node_arguments(component.id, run=locked)
        component.with_beam_pipeline_args(arguments)

    return tfx.dsl.Pipeline(
        pipeline_name=settings.name,
        pipeline_root=pipeline_root,
        components=[
            example_gen,
            statistics_gen,
            schema_gen,
            curated,
            validator,
            previous_statistics,
            data_gate,
            transform,
            *search,
            trainer,
            baseline,
            evaluator,
            serving_check,
            pusher,
        ],
        enable_cache=True,
        metadata_connection_config=metadata_connection_config,
    )


def _versioned(component: BaseComponent, *named: str) -> Any:
    """Makes the code that a component runs part of its cache key, with all that it imports.

    TFX's key has the executor's specification, of which the flags are a free part that no executor
    of ours or TFX's reads.

    Args:
        component: The component.
        named: Modules that its executor is given by name.
    """
    executor = component.executor_spec.executor_class.__module__
    code = fingerprint(*named, *([executor] if executor.partition(".")[0] in OURS else []))
    component.executor_spec.add_extra_flags([f"--code={code}"])
    return component


def _search(
    config: TrainerConfig, examples: Any, schema: Any, transform_graph: Any
) -> tuple[list[BaseNode], Any]:
    """The nodes that give the best hyperparameters, and the channel of these.

    One search, or a node for each trial and their selection; or the last ones in ML Metadata.
    """
    if not config.tuner.enabled:
        last = tfx.dsl.Resolver(
            strategy_class=PreviousArtifactStrategy,
            previous=tfx.dsl.Channel(type=standard_artifacts.HyperParameters),
        ).with_id("LastHyperparameters")
        return [last], last.outputs["previous"]

    def searching(component: type[Tuner | Trial], config: TrainerConfig) -> Any:
        return _versioned(
            component(
                tuner_fn="modules.trainer.tuner_fn",
                examples=examples,
                schema=schema,
                transform_graph=transform_graph,
                train_args=tfx.proto.TrainArgs(splits=["train"]),
                eval_args=tfx.proto.EvalArgs(splits=["eval"]),
                custom_config=config.model_dump(mode="json"),
            ),
            "modules.trainer",
            module_of(config.model.family),
        )

    if not config.tuner.tasks:
        tuner = searching(Tuner, config)
        return [tuner], tuner.outputs["best_hyperparameters"]
    trials = [
        searching(Trial, trial).with_id(f"Trial{number}")
        for number, trial in enumerate(trials_of(config), start=1)
    ]
    selection = _versioned(
        Selection(
            [trial.outputs["tuner_results"] for trial in trials], config.model_dump(mode="json")
        ),
        module_of(config.model.family),
    ).with_id("Tuner")
    return [*trials, selection], selection.outputs["best_hyperparameters"]
