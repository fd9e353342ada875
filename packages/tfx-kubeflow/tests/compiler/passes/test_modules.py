import random

import pytest
from kubeflow_cases import pipelines
from kubeflow_cases.compiling import compiled
from tfx import v1
from tfx.types.standard_artifacts import Examples, Schema
from tfx_kubeflow.compiler import ir
from tfx_kubeflow.compiler.passes import modules
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.protocol import unpack


def trainer(**module):
    examples = v1.dsl.Importer(source_uri="s3://b/e", artifact_type=Examples).with_id("E")
    made = v1.components.Trainer(
        examples=examples.outputs["result"],
        train_args=v1.proto.TrainArgs(),
        eval_args=v1.proto.EvalArgs(),
        **module,
    )
    return pipelines.pipeline(examples, made)


def packed(path):
    body = ir.task(compiled(trainer(module_file=str(path))), "trainer").body
    parameters = body["inputs"]["parameters"]
    assert parameters["module_file"]["runtimeValue"]["constant"] == path.name
    return parameters["module_source"]["runtimeValue"]["constant"]


@pytest.fixture
def module(tmp_path):
    (tmp_path / "m.py").write_text("import features\n")
    (tmp_path / "features.py").write_text("SCALE = 2\n")
    (tmp_path / "unrelated.py").write_text("x = 1\n")
    return tmp_path / "m.py"


def test_a_module_travels_with_those_beside_it_that_it_imports(module):
    found = unpack(packed(module))
    assert found.source == "import features\n"
    assert found.beside == {"features.py": "SCALE = 2\n"}


def test_a_change_in_any_of_them_changes_the_parameter_and_so_the_cache_key(module):
    before = packed(module)
    assert packed(module) == before
    (module.parent / "unrelated.py").write_text("x = 2\n")
    assert packed(module) == before
    (module.parent / "features.py").write_text("SCALE = 3\n")
    assert packed(module) != before


def test_a_module_may_hold_what_argo_and_kfp_would_replace(tmp_path):
    text = "f'{{{{x}}}}' + \"{{$.inputs}}\"\n"
    (tmp_path / "m.py").write_text(text)
    found = packed(tmp_path / "m.py")
    assert "{{" not in found
    assert unpack(found).source == text


def words(count):
    return "".join(f"x{n} = {random.Random(n).random()}\n" for n in range(count))


def test_long_modules_are_compressed(tmp_path):
    text = "# Größe 日本 {{x}}\n" + words(2_000)
    (tmp_path / "m.py").write_text(text)
    found = packed(tmp_path / "m.py")
    assert "{" not in found
    assert len(found) < len(text)
    assert unpack(found).source == text


def test_modules_that_do_not_fit_into_a_package_are_refused_together(tmp_path):
    (tmp_path / "m.py").write_text("import a, b\n")
    for name in ("a", "b"):
        (tmp_path / f"{name}.py").write_text(words(3_000))
    with pytest.raises(CompileError, match=r"Trainer: module_file .*with the 2 modules.*Install"):
        packed(tmp_path / "m.py")


def test_the_most_that_travels_is_taken_and_a_byte_more_is_not(module, monkeypatch):
    size = len(packed(module))
    monkeypatch.setattr(modules, "MAX_BYTES", size)
    packed(module)
    monkeypatch.setattr(modules, "MAX_BYTES", size - 1)
    with pytest.raises(CompileError, match=f"takes {size} bytes"):
        packed(module)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read here"),
        (b"\xff\xfe\x00", "is not text in UTF-8"),
        (b"def run_fn(:\n", r"is no Python: .*\(line 1\)"),
        (b"import broken\n", r"imports broken\.py, which is no Python"),
    ],
)
def test_a_module_that_no_pod_could_import_is_refused(tmp_path, content, message):
    (tmp_path / "broken.py").write_text("x =\n")
    if content is not None:
        (tmp_path / "m.py").write_bytes(content)
    with pytest.raises(CompileError, match=rf"^Trainer: module_file .*m\.py {message}.*Install"):
        packed(tmp_path / "m.py")


def test_a_function_of_the_module_file_needs_no_module(tmp_path):
    (tmp_path / "m.py").write_text("def scale(inputs): ...\n")
    examples = v1.dsl.Importer(source_uri="s3://b/e", artifact_type=Examples).with_id("E")
    schema = v1.dsl.Importer(source_uri="s3://b/s", artifact_type=Schema).with_id("S")
    transform = v1.components.Transform(
        examples=examples.outputs["result"],
        schema=schema.outputs["result"],
        module_file=str(tmp_path / "m.py"),
    )
    spec = compiled(pipelines.pipeline(examples, schema, transform))
    assert "module_source" in ir.task(spec, "transform").body["inputs"]["parameters"]
