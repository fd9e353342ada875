"""Artifact types that KFP's web pages show; any component may have them as outputs.

A component is given one of them and fills it:

    OUTPUTS = {"report": ChannelParameter(type=Html), "metrics": ChannelParameter(type=Metrics)}

    output_dict["report"][0].value = "<html>...</html>"
    output_dict["metrics"][0].set_float_custom_property("accuracy", 0.97)
"""

from tfx.types.artifact import Artifact
from tfx.types.value_artifact import ValueArtifact


class Html(ValueArtifact):
    """A page of its own, with everything it needs: KFP shows what is in the file at its URI.

    Its value is the text. KFP's pages read the object of that name, so it is a file, where other
    artifacts have a folder.
    """

    TYPE_NAME = "system.HTML"

    def encode(self, value: str) -> bytes:
        """Returns what the file holds."""
        return value.encode()

    def decode(self, serialized_value: bytes) -> str:
        """Returns the text in the file."""
        return serialized_value.decode()


class Metrics(Artifact):
    """Figures: KFP shows each custom property, name and value, and compares those of runs.

    Its folder may hold files, and may be empty.
    """

    TYPE_NAME = "system.Metrics"
