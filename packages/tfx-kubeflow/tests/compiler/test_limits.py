import hashlib
import itertools

import pytest
from kubeflow_cases import pipelines
from kubeflow_cases.compiling import SETTINGS, compiled
from tfx_kubeflow.compiler import limits
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings, NodeSettings


def writes(count, text, chained=False):
    nodes = [pipelines.Write(number=1, name=text, share=0.5).with_id(f"W{n}") for n in range(count)]
    if chained:
        for before, after in itertools.pairwise(nodes):
            after.add_upstream_node(before)
    return pipelines.pipeline(*nodes)


def random_text(size, seed=0):
    digests = (hashlib.sha256(f"{seed} {n}".encode()).hexdigest() for n in range(size // 64 + 1))
    return "".join(digests)[:size]


BIG = KubeflowSettings(
    image="registry/image:1",
    defaults=NodeSettings(env={"A": "b" * 5_000}, annotations={"a": "b" * 5_000}),
)
CASES = {
    "one": (lambda _: writes(1, "x"), SETTINGS),
    "one of 100 KB": (lambda _: writes(1, "x" * 100_000), SETTINGS),
    "quotes and lines": (lambda _: writes(1, '"\n' * 20_000), SETTINGS),
    "backslashes": (lambda _: writes(1, "\\" * 20_000), SETTINGS),
    "letters that Go escapes": (lambda _: writes(1, "<&>" * 5_000), SETTINGS),
    "beyond ASCII": (lambda _: writes(1, "日" * 20_000), SETTINGS),
    "a hundred": (lambda _: writes(100, "x"), SETTINGS),
    "a hundred, one after the other": (lambda _: writes(100, "x", chained=True), SETTINGS),
    "twenty of 10 KB": (lambda _: writes(20, "x" * 10_000), SETTINGS),
    "settings": (lambda _: writes(20, "x"), BIG),
    "resolver": (pipelines.with_resolver, SETTINGS),
    "penguin": (lambda folder: pipelines.penguin(folder, folder), SETTINGS),
}
WORKFLOW_BYTES = {
    "one": 10_929,
    "one of 100 KB": 210_927,
    "quotes and lines": 290_927,
    "backslashes": 170_927,
    "letters that Go escapes": 220_927,
    "beyond ASCII": 130_927,
    "a hundred": 270_588,
    "a hundred, one after the other": 278_874,
    "twenty of 10 KB": 460_628,
    "settings": 367_725,
    "resolver": 35_872,
    "penguin": 110_123,
}
"""Of the Workflow that the compiler of KFP 2.17 made of each package."""


@pytest.mark.parametrize("name", CASES)
def test_the_workflow_is_estimated_as_kfps_compiler_makes_it(name, tmp_path):
    build, settings = CASES[name]
    package = KubeflowRunner(settings).compile(build(tmp_path))
    estimate = limits.workflow_bytes(*package)
    assert 0.99 <= estimate / WORKFLOW_BYTES[name] <= 1.2


@pytest.mark.parametrize(
    "text", ["x" * 120_000, "日" * 50_000, '"' * 60_000, "<" * 20_000], ids=lambda text: text[0]
)
def test_what_is_no_argument_of_a_process_is_refused(text):
    with pytest.raises(CompileError, match=r"^W0: it takes \d+ bytes.* one argument"):
        compiled(writes(1, text))


def test_the_longest_argument_is_taken_and_a_byte_more_is_not():
    most = limits.ARGUMENT - limits.ARGUMENT_RESERVE
    with pytest.raises(CompileError) as error:
        compiled(writes(1, "x" * most))
    taken = int(str(error.value).split("it takes ")[1].split()[0])
    compiled(writes(1, "x" * (2 * most - taken)))
    with pytest.raises(CompileError):
        compiled(writes(1, "x" * (2 * most - taken + 1)))


def test_too_many_tasks_are_refused():
    with pytest.raises(CompileError, match=r"^pipeline 'small': its 800 tasks .* of the 1024 "):
        compiled(writes(800, "x"))
    compiled(writes(200, "x"))


def test_too_much_text_is_refused_with_the_node_that_holds_most():
    nodes = [
        pipelines.Write(number=1, name=random_text(20_000 + n % 7, n), share=0.5).with_id(f"W{n}")
        for n in range(40)
    ]
    nodes[3] = pipelines.Write(number=1, name=random_text(50_000), share=0.5).with_id("Largest")
    with pytest.raises(CompileError, match=r"^pipeline 'small': .* most is Largest's \(5\d{4} "):
        compiled(pipelines.pipeline(*nodes))


def test_the_state_of_a_run_counts_what_cannot_be_compressed():
    plain, packed = (compiled(writes(5, text)) for text in ("x" * 20_000, random_text(20_000)))
    assert limits.state_bytes(packed) > limits.state_bytes(plain) + 50_000
