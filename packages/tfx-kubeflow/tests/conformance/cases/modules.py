"""User modules: files, functions, sizes."""

import hashlib

from conformance.registry import case
from tfx import v1
from tfx.types.standard_artifacts import Examples, Schema


def trainer(**module):
    found = v1.dsl.Importer(source_uri="s3://b/e", artifact_type=Examples).with_id("E")
    made = v1.components.Trainer(
        examples=found.outputs["result"],
        train_args=v1.proto.TrainArgs(),
        eval_args=v1.proto.EvalArgs(),
        **module,
    )
    return [found, made]


def dense(size, seed=0):
    """A source that hardly gets smaller when it is compressed."""
    digests = (hashlib.sha256(f"{seed} {n}".encode()).hexdigest() for n in range(size // 71))
    return "".join(f"x = '{digest}'\n" for digest in digests)


def written(folder, text="def run_fn(fn_args):\n    pass\n", name="my_module.py", **others):
    for other, content in others.items():
        (folder / f"{other}.py").write_text(content)
    path = folder / name
    path.write_text(text)
    return trainer(module_file=str(path))


@case()
def a_function_of_the_image():
    return trainer(run_fn="package.module.run_fn")


@case("refused", at="Trainer")
def a_function_without_a_module():
    return trainer(run_fn="run_fn")


@case()
def a_module_file(folder):
    return written(folder)


@case("refused", at="Trainer")
def a_module_file_that_is_not_there():
    return trainer(module_file="/nowhere/m.py")


@case("refused", at="Trainer")
def a_module_file_that_is_a_folder(folder):
    return trainer(module_file=str(folder))


@case("either", at="Trainer")
def a_module_file_in_a_bucket():
    return trainer(module_file="gs://bucket/m.py")


@case("refused", at="Trainer")
def a_module_file_that_is_not_text(folder):
    (folder / "m.py").write_bytes(b"\xff\xfe\x00")
    return trainer(module_file=str(folder / "m.py"))


@case("either", at="Trainer")
def a_module_file_with_a_module_beside_it(folder):
    return written(folder, "import helper\n\ndef run_fn(fn_args):\n    helper.go()\n",
                   helper="def go():\n    pass\n")  # fmt: skip


@case("either", at="Trainer")
def a_module_file_with_modules_that_import_each_other(folder):
    return written(folder, "from one import go\n", one="from two import go\n",
                   two="def go():\n    pass\n")  # fmt: skip


@case("either", at="Trainer")
def a_module_file_in_a_package(folder):
    package = folder / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "helper.py").write_text("x = 1\n")
    (package / "main.py").write_text("from package import helper\nfrom . import helper\n")
    return trainer(module_file=str(package / "main.py"))


@case()
def a_module_file_with_braces_and_quotes(folder):
    return written(folder, "x = f'{{{{y}}}}' + \"{{$.inputs}}\" + '''\\n{{workflow.name}}'''\n")


@case()
def a_module_file_beyond_ascii(folder):
    return written(folder, "# Größe 日本 🙂\nx = 1\n")


@case("either", at="Trainer")
def a_module_file_whose_name_is_no_module(folder):
    return written(folder, name="my module-1.py")


@case()
def an_empty_module_file(folder):
    return written(folder, "")


@case()
def a_module_file_with_windows_lines(folder):
    return written(folder, "x = 1\r\ny = 2\r\n")


@case()
def a_module_file_of_60_kilobytes(folder):
    return written(folder, "x = 1\n" * 10_000)


@case("refused", at="Trainer")
def a_module_file_of_600_kilobytes(folder):
    return written(folder, dense(600_000))


@case()
def one_module_file_in_two_nodes(folder):
    found, made = written(folder)
    path = str(folder / "my_module.py")
    schema = v1.dsl.Importer(source_uri="s3://b/s", artifact_type=Schema).with_id("S")
    transform = v1.components.Transform(
        examples=found.outputs["result"], schema=schema.outputs["result"], module_file=path
    )
    return [found, made, schema, transform]


@case("refused", at="small")
def many_module_files_that_are_too_much_together(folder):
    found = v1.dsl.Importer(source_uri="s3://b/e", artifact_type=Examples).with_id("E")
    nodes = [found]
    for n in range(30):
        path = folder / f"m{n}.py"
        path.write_text(dense(60_000, n))
        nodes.append(
            v1.components.Trainer(
                module_file=str(path),
                examples=found.outputs["result"],
                train_args=v1.proto.TrainArgs(),
                eval_args=v1.proto.EvalArgs(),
            ).with_id(f"Trainer{n}")
        )
    return nodes
