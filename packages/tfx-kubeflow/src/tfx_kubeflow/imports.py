"""Quicker imports, in a step's process and in a runner's: what nothing looks at is not executed.

TFX's packages gather all there is of their kind: importing one executor executes
`tfx/components/__init__.py`, which imports every other component, with TensorFlow Model Analysis,
NLTK, scikit-learn and a Kubernetes client behind them. Here such a package is a deferred module:
it is executed once something is looked up in it that is not one of its submodules. Whoever looks
finds the same objects as without, but for two differences: a package that is installed but broken
says so at the first look, not at the import; and `vars()` is no look, since Beam's pickler takes
that of every module.
"""

import contextlib
import gc
import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib import _bootstrap as _import_system  # type: ignore[attr-defined,unused-ignore]
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, cast

GATHERING = frozenset(
    {
        "keras_tuner",
        "keras_tuner.src",
        "keras_tuner.src.tuners",
        "tfx.components",
        "tfx.dsl",
        "tfx.dsl.components",
        "tfx.orchestration",
        "tfx.types",
        "tfx.v1",
        "tensorflow_data_validation",
        "tensorflow_model_analysis",
    }
)
"""Packages that only gather what their submodules define, so that these need no more than the
package's path. No name in such a package hides a submodule."""
WHOLE: dict[str, tuple[str, ...]] = {
    # TFX documents its artifact classes with tools.docs; of core, the protobufs alone.
    "tensorflow": ("tensorflow.tools.docs", "tensorflow.core.example"),
    "apache_beam": (),
    "IPython": (),  # of progress bars and model editors
    "keras.wrappers": (),  # imports scikit-learn
    "tqdm.notebook": (),
}
"""Modules that must be executed before their submodules, but for these. What only refers to them,
as TFX's file functions do to TensorFlow's, does not execute them."""

LIGHT_NAMES = {
    # TFX adds it, and its Evaluator annotates an argument with it. The module that has it does not
    # import the other, which it needs.
    ("tensorflow_model_analysis", "EvalConfig"): (
        "google.protobuf.wrappers_pb2",
        "tensorflow_model_analysis.proto.config_pb2",
    ),
}
"""Package and a name in it -> modules that suffice for it, the last of which has it."""
ADDITIONS = {"tensorflow_model_analysis": "tfx.components"}
"""Module -> package that adds names to it: whoever sees the one may count on the other's."""

ASKED_OF_ALL = frozenset(
    {"__cached__", "__file__", "__path__", "__warningregistry__", "__wrapped__"}
)
"""What Python asks of any module, while it makes one or goes through all; that is no look."""

MODULE_LOCK: Any = vars(_import_system)["_ModuleLockManager"]
DEADLOCK: type[Exception] = vars(_import_system)["_DeadlockError"]
_EXECUTING: dict[str, int] = {}
"""Module -> thread that executes it."""


@contextlib.contextmanager
def quick_imports() -> Iterator[None]:
    """Makes the imports within quick, by all that there is below."""
    defer_modules()
    with without_collection():
        yield
        use_local_files()


def defer_modules() -> None:
    """Defers the modules above from now on, in the whole process; what is imported stays."""
    if not any(isinstance(finder, DeferringFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, DeferringFinder())


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """Collects no garbage while modules are imported, nor ever looks through what they made.

    They make hundreds of thousands of objects that stay; to look through them for garbage again
    and again is a third of the time of an import.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def use_local_files() -> None:
    """Leaves local files to Python, where nothing has executed TensorFlow so far.

    So does TFX where TensorFlow is not installed. Otherwise to ask whether a file exists would
    import TensorFlow.
    """
    if isinstance(sys.modules.get("tensorflow"), DeferredModule):
        from tfx.dsl.io.filesystem_registry import DEFAULT_FILESYSTEM_REGISTRY

        from tfx_kubeflow.storage.local_files import LocalFiles

        DEFAULT_FILESYSTEM_REGISTRY.register(LocalFiles, priority=-1)


def execute_references(name: str) -> None:
    """Executes the deferred modules that a module refers to: it is about to use them.

    Args:
        name: Of the module.
    """
    for value in list(vars(sys.modules[name]).values()):
        if type(value) is DeferredModule:
            _execute(value)


class DeferringFinder(MetaPathFinder):
    """Finds deferred modules where the path finder does."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Returns the specification of a deferred module, or of what must wait for one."""
        package = sys.modules.get(next((name for name in WHOLE if _is_in(fullname, name)), ""))
        if isinstance(package, DeferredModule) and not _is_light(fullname, package.__name__):
            _execute(package)
            if fullname in sys.modules:
                return PresentLoader(sys.modules[fullname]).spec()
            parent = sys.modules[fullname.rpartition(".")[0]]
            return PathFinder.find_spec(fullname, parent.__path__, target)
        if fullname not in GATHERING and fullname not in WHOLE:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = DeferringLoader(spec.loader)
        return spec


class DeferringLoader(Loader):
    """Makes a deferred module."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Makes the module."""
        return DeferredModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Executes nothing yet."""
        cast(ModuleSpec, module.__spec__).loader = module.__loader__ = self._loader
        for name, package in ADDITIONS.items():
            changed = sys.modules.get(name)
            waiting = isinstance(changed, DeferredModule)
            if package == module.__name__ and changed and not waiting:
                _execute(module)


class PresentLoader(Loader):
    """Hands out a module that came while another one was executed."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def spec(self) -> ModuleSpec:
        """Returns a specification under which it is found and not loaded again."""
        # Of a module that came meanwhile, Python takes the specification from the module.
        self._module.__spec__ = ModuleSpec(self._module.__name__, self)
        return self._module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Returns the module."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Executes nothing: that is done."""
        module.__spec__ = self._spec


class DeferredModule(ModuleType):
    """A module that is executed at the first look into it."""

    def __getattr__(self, name: str) -> Any:
        # Only reached for what is not there yet.
        if name in ASKED_OF_ALL:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if modules := LIGHT_NAMES.get((self.__name__, name)):
            value = getattr([*map(importlib.import_module, modules)][-1], name)
            setattr(self, name, value)  # TFX adds no name that is there
            return value
        full = f"{self.__name__}.{name}"
        # `from package import submodule` looks for an attribute before it imports.
        if self.__name__ in GATHERING and (full in sys.modules or importlib.util.find_spec(full)):
            return importlib.import_module(full)
        _execute(self)
        if isinstance(self, DeferredModule):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} so far")
        return getattr(self, name)

    def __dir__(self) -> list[str]:
        _execute(self)
        return sorted(vars(self))

    def __reduce__(self) -> Any:  # Beam pickles functions with the modules that they refer to
        return importlib.import_module, (self.__name__,)


def _is_in(fullname: str, package: str) -> bool:
    return fullname.startswith(package + ".")


def _is_light(fullname: str, package: str) -> bool:
    return any(
        fullname == name or _is_in(fullname, name) or _is_in(name, fullname)
        for name in WHOLE[package]
    )


def _execute(module: ModuleType) -> None:
    """Executes a module as an import does: other threads wait, its own imports see it half-done."""
    name = module.__name__
    if _EXECUTING.get(name) == threading.get_ident():
        return
    present = {key: value for key, value in vars(module).items() if f"{name}.{key}" in sys.modules}
    with contextlib.suppress(DEADLOCK), MODULE_LOCK(name):
        if type(module) is not DeferredModule:
            return
        _EXECUTING[name] = threading.get_ident()
        try:
            cast(Loader, cast(ModuleSpec, module.__spec__).loader).exec_module(module)
        finally:
            del _EXECUTING[name]
        for key, value in present.items():  # TensorFlow deletes what it takes for its own
            vars(module).setdefault(key, value)
        object.__setattr__(module, "__class__", ModuleType)  # from here on like any other
    added = sys.modules.get(ADDITIONS.get(name, ""))
    if isinstance(added, DeferredModule):
        _execute(added)
