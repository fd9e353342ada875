"""CuratedSchema: the reviewed schema as an artifact.

TFX's ImportSchemaGen takes a path, so after an edit it is still answered from the cache, and a pod
needs the file. Here the text itself is the parameter.
"""

from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.dsl.io import fileio
from tfx.types.standard_artifacts import Schema

SCHEMA_FILE = "schema.pbtxt"  # where TFX's own components look for it


@component
def CuratedSchema(text: Parameter[str], schema: OutputArtifact[Schema]) -> None:  # noqa: N802
    """Writes the schema.

    Args:
        text: The schema in protobuf text format.
        schema: Where it goes.
    """
    fileio.makedirs(schema.uri)
    with fileio.open(f"{schema.uri}/{SCHEMA_FILE}", "w") as file:
        file.write(text)
