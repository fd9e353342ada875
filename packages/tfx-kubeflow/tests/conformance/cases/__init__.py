"""All cases, by theme; importing this fills the registry."""

from conformance.cases import (
    artifacts,
    conditions,
    examples,
    executors,
    exit_handlers,
    flow,
    importers,
    modules,
    names,
    parameters,
    resolvers,
    settings,
    shipped,
    sizes,
    values,
)

__all__ = [
    "artifacts",
    "conditions",
    "examples",
    "executors",
    "exit_handlers",
    "flow",
    "importers",
    "modules",
    "names",
    "parameters",
    "resolvers",
    "settings",
    "shipped",
    "sizes",
    "values",
]
