"""The pipeline package: YAML for KFP's API, and the custom resources that kubectl applies."""

import re
from pathlib import Path
from typing import Any

import yaml

Document = dict[str, Any]

API_VERSION = "pipelines.kubeflow.org/v2beta1"
_NUMBER = re.compile(
    r"[-+]?(0[xob][0-9a-f_]+|\.?[0-9_]+(\.[0-9_]*)?(e[-+_0-9]+)?)|[0-9]{4}-[0-9].*", re.IGNORECASE
)
_BREAKS = frozenset("\x85\u2028\u2029\ufeff")


def package_text(spec: Document, platform: Document) -> str:
    """Returns the package: the PipelineSpec, and the platform document where there is one."""
    documents = [spec, platform] if platform else [spec]
    return _yaml(documents)


def manifest_text(
    spec: Document, platform: Document, version: str, namespace: str | None = None
) -> str:
    """Returns the Pipeline and PipelineVersion custom resources for KFP's Kubernetes store.

    Args:
        spec: The PipelineSpec.
        platform: The platform document; may be empty.
        version: Name of the PipelineVersion: lower-case letters, digits and dashes.
        namespace: Kubernetes namespace; None: kubectl's own.
    """
    name = spec["pipelineInfo"]["name"]
    metadata = {"namespace": namespace} if namespace else {}
    pipeline = {
        "apiVersion": API_VERSION,
        "kind": "Pipeline",
        "metadata": {"name": name, **metadata},
        "spec": {"displayName": name},
    }
    contents: Document = {"displayName": version, "pipelineName": name, "pipelineSpec": spec}
    if platform:
        contents["platformSpec"] = platform
    pipeline_version = {
        "apiVersion": API_VERSION,
        "kind": "PipelineVersion",
        "metadata": {"name": version, **metadata},
        "spec": contents,
    }
    return _yaml([pipeline, pipeline_version])


def read_package(path: Path) -> tuple[Document, Document]:
    """Reads a package back: the PipelineSpec and the platform document, empty if there is none."""
    documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    return documents[0], documents[1] if len(documents) > 1 else {}


class _Dumper(yaml.SafeDumper):
    """Writes equal parts out in full: readers of the package need not know YAML's anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Quotes what KFP's API server reads as a number or a time where Python reads a text."""
        breaks = _BREAKS.intersection(text)  # which single quotes do not keep
        style = '"' if breaks else "'" if _NUMBER.fullmatch(text) else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _Dumper.represent_text)


def _yaml(documents: list[Document]) -> str:
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=True, width=100, allow_unicode=True)
