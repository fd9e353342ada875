"""A pipeline without data: rolls a die, passes the value on, and celebrates a six."""

import random

from tfx import v1 as tfx
from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Integer, String


@component
def Roll(pips: OutputArtifact[Integer], seed: Parameter[int] = 1) -> None:  # noqa: N802
    """Rolls a die."""
    pips.value = random.Random(seed).randint(1, 6)


@component
def Tell(message: OutputArtifact[String], pips: Parameter[int], name: Parameter[str]) -> None:  # noqa: N802
    """Writes what was rolled."""
    message.value = f"{name} rolled {pips}"


@component
def Celebrate(message: OutputArtifact[String], text: str) -> None:  # noqa: N802
    """Writes a text, the value of an artifact, once more and louder."""
    message.value = f"{text.upper()}!"


def create_pipeline() -> tfx.dsl.Pipeline:
    """The graph: Roll -> Tell -> Celebrate, the last only after a six."""
    runtime = tfx.dsl.experimental.RuntimeParameter
    roll = Roll(seed=runtime("seed", int, 3))
    pips = roll.outputs["pips"].future()[0].value
    tell = Tell(pips=pips, name=runtime("name", str, "you"))
    with tfx.dsl.Cond(pips == 6):
        celebrate = Celebrate(text=tell.outputs["message"])
    return tfx.dsl.Pipeline(
        pipeline_name="hello",
        pipeline_root="",  # each run has that of the settings
        components=[roll, tell, celebrate],
        enable_cache=True,
    )
