"""What runs left in ML Metadata, and what a resolver step finds there."""

from pathlib import Path

from kubeflow_cases.steps import BLESSING, MODEL, executor_input
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx_kubeflow.metadata.lineage import Lineage
from tfx_kubeflow.protocol import ResolverStep
from tfx_kubeflow.steps import resolver


class Recorded:
    """Puts into ML Metadata what KFP's launcher puts there."""

    def __init__(self, store, pipeline="power"):
        self.store = store
        kind = metadata_store_pb2.ContextType(name="system.Pipeline")
        context = metadata_store_pb2.Context(type_id=store.put_context_type(kind), name=pipeline)
        (self.context,) = store.put_contexts([context])

    def artifact(self, title, uri, state=metadata_store_pb2.Artifact.LIVE, **properties):
        kind = metadata_store_pb2.ArtifactType(name=title)
        record = metadata_store_pb2.Artifact(
            type_id=self.store.put_artifact_type(kind),
            uri=uri,
            state=state,
        )
        for key, value in properties.items():
            target = record.custom_properties[key]
            if isinstance(value, str):
                target.string_value = value
            elif isinstance(value, dict):
                target.struct_value.update(value)
            else:
                target.double_value = value
        (record_id,) = self.store.put_artifacts([record])
        self.store.put_attributions_and_associations(
            [metadata_store_pb2.Attribution(artifact_id=record_id, context_id=self.context)], []
        )
        return record_id

    def run(self, uri, digest):
        """A run that trained and blessed a model; returns the model's id."""
        trained = self.artifact("tfx.Model", uri, display_name="model")
        judged = {"current_model_id": str(trained), "current_model_digest": digest}
        self.artifact("tfx.ModelBlessing", f"{uri}-b", blessed=1.0, **judged)
        return trained


def looked_up(store, tmp_path, strategy, classes, wanted, connected=(), inputs=(), **given):
    step = ResolverStep(
        node="Lookup",
        pipeline="power",
        strategy=strategy,
        config="{}",
        classes=classes,
        connected=tuple(connected),
        required=wanted,
    )
    given = executor_input(tmp_path, inputs, **given)
    return resolver.run_resolver(step, given, Lineage(store, "power"))["parameterValues"]


LATEST = "tfx.dsl.input_resolution.strategies.latest_artifact_strategy.LatestArtifactStrategy"


BLESSED = (
    "tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy.LatestBlessedModelStrategy"
)


MODELS = {"model": MODEL, "model_blessing": BLESSING}


class Reads(ResolverStrategy):
    """Takes a model whose files it can read."""

    def resolve_artifacts(self, store, input_dict):
        for artifact in input_dict["model"]:
            assert (Path(artifact.uri) / "Format-Serving/saved_model.pb").read_text() == "1"
        return input_dict
