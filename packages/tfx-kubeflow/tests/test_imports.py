"""Deferred modules: the same objects as without, and less imported."""

import json
import os
import subprocess
import sys
import textwrap

import pytest
from tfx_kubeflow.imports import ADDITIONS, GATHERING, LIGHT_NAMES, WHOLE

EXECUTORS = [
    f"tfx.components.{path}"
    for path in (
        "bulk_inferrer.executor.Executor",
        "evaluator.executor.Executor",
        "example_diff.executor.Executor",
        "example_gen.csv_example_gen.executor.Executor",
        "example_gen.import_example_gen.executor.Executor",
        "example_validator.executor.Executor",
        "distribution_validator.executor.Executor",
        "infra_validator.executor.Executor",
        "pusher.executor.Executor",
        "schema_gen.executor.Executor",
        "statistics_gen.executor.Executor",
        "trainer.executor.GenericExecutor",
        "transform.executor.Executor",
        "tuner.executor.Executor",
    )
]


def python(code, deferred=True, given=None):
    """What a fresh process prints as JSON; `given` is passed to it."""
    lines = ["import gc, importlib, importlib.util, json, sys", f"given = {given!r}"]
    if deferred:
        lines += ["from tfx_kubeflow.imports import defer_modules", "defer_modules()"]
    text = "\n".join([*lines, textwrap.dedent(code)])
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


SHAPE = """
    from tfx.utils.name_utils import resolve_full_name
    found = {}
    for path in given:
        cls = resolve_full_name(path)
        if "tfx_kubeflow.imports" in sys.modules:
            sys.modules["tfx_kubeflow.imports"].execute_references(cls.__module__)
        globals_ = vars(sys.modules[cls.__module__])
        found[path] = {
            "bases": [f"{base.__module__}.{base.__qualname__}" for base in cls.__mro__],
            "names": sorted(key for key in globals_ if key != "__warningregistry__"),
            "types": sorted(f"{k} {type(v).__name__}" for k, v in globals_.items() if k[0] != "_"),
        }
    import tensorflow_data_validation as tfdv
    import tfx.components, tfx.v1, tensorflow_model_analysis as tfma, tfx.types
    for path in found:
        module, _, name = path.rpartition(".")
        assert resolve_full_name(path) is getattr(sys.modules[module], name)
    for package in (tfx.components, tfx.v1, tfx.types, tfma, tfdv):
        dir(package)
    names = {}
    for package in (tfx.components, tfx.v1, tfx.types, tfma, tfdv):
        names[package.__name__] = sorted(set(dir(package)) - {"__warningregistry__"})
        assert type(package).__name__ == "module"
    print(json.dumps([found, names]))
"""


@pytest.mark.slow
def test_every_executor_of_tfx_is_the_same_class_in_the_same_surroundings():
    deferred = python(SHAPE, given=EXECUTORS)
    plain = python(SHAPE, deferred=False, given=EXECUTORS)
    assert deferred[0] == plain[0]
    for package, names in plain[1].items():
        assert set(names) <= set(deferred[1][package]), package


def test_a_step_without_tensorflow_and_beam_imports_neither():
    loaded = python(
        """
        import tfx_kubeflow.steps.executor, tfx_kubeflow.steps.resolver
        import tfx_kubeflow.steps.example_gen_driver
        import tfx.components.pusher.executor
        kinds = {n: type(sys.modules[n]).__name__ for n in ("tensorflow", "tfx.components")}
        print(json.dumps([kinds, len([n for n in sys.modules if n.startswith("tensorflow.python")]),
                          "apache_beam.pipeline" in sys.modules, "keras" in sys.modules]))
        """
    )
    deferred = {"tensorflow": "DeferredModule", "tfx.components": "DeferredModule"}
    assert loaded == [deferred, 0, False, False]


def test_every_way_to_name_a_package_finds_what_is_in_it():
    assert python(
        """
        from tfx.types import artifact
        import tfx.types
        assert tfx.types.artifact is artifact is sys.modules["tfx.types.artifact"]
        assert tfx.types.Artifact is artifact.Artifact
        from tfx.orchestration import data_types
        import tfx.orchestration as o
        assert o.data_types is data_types
        space = {}
        exec("from tfx.types import *", space)
        assert space["Artifact"] is artifact.Artifact
        assert "ComponentSpec" in tfx.types.__all__
        assert importlib.reload(tfx.types) is tfx.types
        try:
            tfx.types.nothing
        except AttributeError as error:
            words = str(error)
        from importlib import resources
        files = [item.name for item in resources.files("tfx.types").iterdir()]
        print(json.dumps([words, "artifact.py" in files, type(tfx.types).__name__]))
        """
    ) == ["module 'tfx.types' has no attribute 'nothing'", True, "module"]


def test_a_light_name_is_the_packages_own_and_does_not_execute_it():
    assert python(
        """
        found = []
        for package, name in given:
            module = importlib.import_module(package)
            early = getattr(module, name)
            found.append(type(module).__name__)
            import tfx.components
            dir(tfx.components)
            assert getattr(module, name) is early and type(module).__name__ == "module"
        print(json.dumps(found))
        """,
        given=list(LIGHT_NAMES),
    ) == ["DeferredModule"] * len(LIGHT_NAMES)


def test_tensorflow_is_one_whether_a_submodule_or_an_attribute_comes_first():
    assert python(
        """
        from tensorflow.tools.docs import doc_controls
        from tensorflow.core.example import example_pb2
        import tensorflow
        assert type(tensorflow).__name__ == "DeferredModule"
        from tensorflow.python.framework import dtypes
        assert type(tensorflow).__name__ == "module"
        assert tensorflow.python is sys.modules["tensorflow.python"]
        assert tensorflow.float32 is dtypes.float32
        assert tensorflow.train.Example is example_pb2.Example
        assert tensorflow.tools.docs.doc_controls is doc_controls
        import tensorflow.compat.v2 as tf2
        from tensorflow import keras
        assert sys.modules["tensorflow.python"].__spec__.origin.endswith("__init__.py")
        print(json.dumps([float(tf2.constant(2)), hasattr(keras, "Model")]))
        """
    ) == [2.0, True]


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("tensorflow", "__git_version__"),
        ("tensorflow", "__internal__"),
        ("tfx.types", "__nothing__"),
    ],
)
def test_a_name_with_underscores_is_looked_up_in_the_package(package, name):
    look = f"""
        module = importlib.import_module({package!r})
        found = getattr(module, {name!r}, None)
        print(json.dumps([repr(found), type(module).__name__]))
        """
    deferred, plain = python(look), python(look, deferred=False)
    assert deferred == plain
    assert deferred[1] == "module"


def test_what_python_asks_of_every_module_executes_none():
    assert (
        python(
            """
        import inspect, unittest, tensorflow, tfx.components
        case = unittest.TestCase()
        with case.assertWarns(UserWarning):
            import warnings
            warnings.warn("x")
        assert inspect.unwrap(tensorflow) is tensorflow
        print(json.dumps([type(m).__name__ for m in (tensorflow, tfx.components)]))
        """
        )
        == ["DeferredModule"] * 2
    )


def test_beam_comes_whole_however_it_is_asked_for():
    assert (
        python(
            """
        from apache_beam.options.pipeline_options import PipelineOptions
        import apache_beam
        assert apache_beam.options.pipeline_options.PipelineOptions is PipelineOptions
        with apache_beam.Pipeline() as pipeline:
            pipeline | apache_beam.Create([1]) | apache_beam.Map(lambda n: n + 1)
        print(json.dumps(type(apache_beam).__name__))
        """
        )
        == "module"
    )


def test_a_function_that_refers_to_a_deferred_module_can_be_pickled():
    assert (
        python(
            """
        import apache_beam.internal.pickler as pickler, pickle
        import tensorflow as tf
        assert type(tf).__name__ == "DeferredModule"
        assert pickle.loads(pickle.dumps(tf)) is tf
        again = pickler.loads(pickler.dumps(lambda value: tf.constant(value).numpy().tolist()))
        print(json.dumps(again(3)))
        """
        )
        == 3
    )


def test_threads_never_see_half_of_a_package():
    assert (
        python(
            """
        import threading, tfx.types
        seen, barrier = [], threading.Barrier(8)
        def look():
            barrier.wait()
            seen.append(tfx.types.ValueArtifact.__name__)
        threads = [threading.Thread(target=look) for _ in range(8)]
        [thread.start() for thread in threads], [thread.join() for thread in threads]
        print(json.dumps(seen))
        """
        )
        == ["ValueArtifact"] * 8
    )


def test_a_broken_package_says_so_at_every_look(tmp_path):
    (tmp_path / "IPython").mkdir()
    (tmp_path / "IPython" / "__init__.py").write_text("1 / 0")
    assert (
        python(
            f"""
        sys.path.insert(0, {str(tmp_path)!r})
        import IPython
        errors = []
        for _ in range(2):
            try:
                IPython.embed
            except ZeroDivisionError as error:
                errors.append(str(error))
        print(json.dumps(errors))
        """
        )
        == ["division by zero"] * 2
    )


def test_a_missing_package_is_missing_at_once():
    assert (
        python(
            """
        sys.path_importer_cache.clear()
        import tfx
        tfx.__path__ = []
        try:
            import tfx.components
        except ModuleNotFoundError as error:
            print(json.dumps(error.name))
        """
        )
        == "tfx.components"
    )


@pytest.mark.slow
def test_no_name_in_a_gathering_package_hides_a_submodule():
    hidden = python(
        """
        import pkgutil
        from types import ModuleType
        found = []
        for name in given:
            package = importlib.import_module(name)
            submodules = {item.name for item in pkgutil.iter_modules(package.__path__)}
            for key in submodules & set(vars(package)):
                if getattr(package, key) is not sys.modules.get(f"{name}.{key}"):
                    found.append(f"{name}.{key}")
        print(json.dumps(found))
        """,
        deferred=False,
        given=sorted(GATHERING),
    )
    assert hidden == []


@pytest.mark.slow
def test_what_one_package_adds_to_another_is_there_in_either_order():
    for first, second in (("tfx.components", "{0}"), ("{0}", "tfx.components")):
        name = next(iter(ADDITIONS))
        assert (
            python(
                f"""
            importlib.import_module({first.format(name)!r})
            import tensorflow_model_analysis as tfma
            if {first == "{0}"!r}:
                tfma.Validate if hasattr(tfma, "Validate") else dir(tfma)
            importlib.import_module({second.format(name)!r})
            print(json.dumps(tfma.EvalConfig.__name__))
            """
            )
            == "EvalConfig"
        )


def test_imports_leave_nothing_for_the_collector_to_look_through():
    assert python(
        """
        from tfx_kubeflow.imports import without_collection
        with without_collection():
            inside = gc.isenabled()
            import tfx.types.standard_artifacts
        print(json.dumps([inside, gc.isenabled(), len(gc.get_objects()) < 10_000]))
        """
    ) == [False, True, True]


def test_the_modules_that_wait_exist():
    assert (
        python(
            "print(json.dumps([n for n in given if importlib.util.find_spec(n) is None]))",
            given=sorted({*GATHERING, *WHOLE} - {"tqdm.notebook", "keras.wrappers"}),
        )
        == []
    )


def test_local_files_need_no_tensorflow(tmp_path):
    assert python(
        """
        from tfx.dsl.io import fileio
        from tfx_kubeflow.imports import use_local_files
        use_local_files()
        fileio.makedirs(given + "/a/b")
        with fileio.open(given + "/a/b/c", "w") as file:
            file.write("text")
        found = [fileio.exists(given + "/none"), fileio.glob(given + "/a/*/c")]
        found.append(fileio.stat(given + "/a/b/c").length)
        print(json.dumps([found, type(sys.modules["tensorflow"]).__name__]))
        """,
        given=str(tmp_path),
    ) == [[False, [f"{tmp_path}/a/b/c"], 4], "DeferredModule"]


def test_with_tensorflow_local_files_are_left_to_it():
    assert (
        python(
            """
        from tfx.dsl.io import filesystem_registry, fileio
        import tensorflow.io
        from tfx_kubeflow.imports import use_local_files
        use_local_files()
        registry = filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY
        print(json.dumps(registry.get_filesystem_for_path("/tmp").__name__))
        """
        )
        == "TensorflowFilesystem"
    )
