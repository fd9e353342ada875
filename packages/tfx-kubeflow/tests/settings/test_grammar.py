from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfx_kubeflow.settings import grammar

DIGEST = "sha256:" + "0123456789abcdef" * 4

RIGHT = {
    grammar.image: [
        "i",
        "python:3.11",
        "registry/image:1",
        "localhost:5000/team/name:v1.2_x",
        "Registry.Example:5000/a__b/c--d",
        f"ghcr.io/a/b@{DIGEST}",
        f"ghcr.io/a/b:1@{DIGEST}",
        "[::1]:5000/a",
    ],
    grammar.dns_subdomain: ["a", "mlpipeline-minio-artifact", "a.b-c.d1", "1a"],
    grammar.claim: ["data", "a-1"],
    grammar.secret_key: ["accesskey", "tls.key", "a_b-C"],
    grammar.variable: ["A", "_a1", "a.b-c"],
    grammar.mount_path: ["/data", "/data/", "/opt/a b", "/gcsfuse", "/kfp", "/minio/b"],
    grammar.sub_path: ["", "a/b", "a..b"],
    grammar.label_key: ["a", "app.kubernetes.io/name", "A_b.c-d", "x" * 63, "a/" + "x" * 63],
    grammar.annotation_key: ["Example.COM/Note", "a"],
    grammar.label_value: ["", "energy", "A_1.b-c", "x" * 63],
    grammar.taint_key: ["", "nvidia.com/gpu"],
    grammar.extended_resource: ["nvidia.com/gpu", "amd.com/gpu", "nvidia.com/mig-1g.5gb"],
    grammar.cores: ["1", "500m", "0.5", ".5", "1e1", "1.", "4096"],
    grammar.memory: ["2Gi", "100M", "1e9", "1.5Gi", "4Mi", "1Ti", "0.001Pi", "5000000"],
    grammar.pipeline_root: [
        "minio://mlpipeline/v2/artifacts",
        "s3://my.bucket",
        "gs://my_bucket/a/",
        "s3://b/a%20b/é",
    ],
    grammar.endpoint: [
        "http://seaweedfs.kubeflow:9000",
        "https://s3.example",
        "http://[::1]:9000/",
    ],
}
WRONG = {
    grammar.image: [
        "",
        " i",
        "i\n",
        "a b",
        "Power:1",
        "registry/Power:1",
        "a//b",
        "a:",
        "a:-x",
        "a:" + "x" * 129,
        "a@sha256:abc",
        f"a@{DIGEST}0",
        "user:pw@host/a",
        "https://host/a",
        "a/" * 128 + "b",
        "ä",
    ],
    grammar.dns_subdomain: ["", "A", "a_b", "-a", "a.", "a..b", "x" * 254, "a\n"],
    grammar.claim: ["", "a.b", "Data", "x" * 64, "gcs-scratch", "kfp-launcher"],
    grammar.secret_key: ["", ".", "..", "a b", "a/b", "x" * 254],
    grammar.variable: ["", "1A", "A B", "A=B", "é", ".", "..A", "A\n"],
    grammar.mount_path: [
        "",
        "data",
        "/",
        "/a:b",
        "/a/../b",
        "/gcs",
        "/minio/",
        "/.cache",
        "/a\n",
        "/{{x}}",
    ],
    grammar.sub_path: ["/a", "{{x}}", "../a", "a/..", "a\nb"],
    grammar.label_key: ["", "a b", "-a", "a-", "/a", "A.b/c", "a/", "a/b/c", "x" * 64, "a\n"],
    grammar.annotation_key: ["", "a b", "a_b/c"],
    grammar.label_value: ["a b", "-a", "a-", "x" * 64, "é", "a\n"],
    grammar.taint_key: ["a b", "-"],
    grammar.extended_resource: ["", "gpu", "a b/c", "kubernetes.io/x", "a.kubernetes.io/x", "/gpu"],
    grammar.cores: ["", "two", "0", "-1", "0.1m", "2Gi", "1 ", "1K", "1Mi2", "0x1", "1e", "1_0"],
    grammar.memory: ["", "2", "512m", "2gi", "2GB", "1KiB", "-1Gi", "1e30", "8Ei", "NaN"],
    grammar.pipeline_root: [
        "",
        "/tmp/root",
        "http://b/a",
        "s3://",
        "s3:///a",
        "s3://b/a b",
        "s3://b/a\nb",
        "s3://b/a\n",
        "s3://b?region=x",
        "minio://b/a?endpoint=h:9000",
        "s3://b/a#b",
        "s3://b/../c",
        "s3://key:secret@b/a",  # pragma: allowlist secret
        "s3://b/{{workflow.name}}",
    ],
    grammar.endpoint: ["", "host:9000", "http://u:p@h", "http://h/path", "http://h?x=1", "ftp://h"],
}


def pairs(table):
    return [
        pytest.param(check, text, id=f"{check.__name__}-{text[:40]!r}")
        for check, texts in table.items()
        for text in texts
    ]


@pytest.mark.parametrize(("check", "text"), pairs(RIGHT))
def test_what_kubernetes_takes_is_taken_unchanged(check, text):
    assert check(text) == text


@pytest.mark.parametrize(("check", "text"), pairs(WRONG))
def test_what_would_fail_on_the_cluster_is_refused(check, text):
    with pytest.raises(ValueError):
        check(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1e3", 1000),
        ("1E3", 1000),
        ("1E", 10**18),
        ("1e-3", Decimal("0.001")),
        ("1e+3", 1000),
        ("100M", 10**8),
        ("1Ki", 1024),
        ("2Pi", 2 * 2**50),
        ("3Ei", 3 * 2**60),
        ("5n", Decimal("5e-9")),
        ("5u", Decimal("5e-6")),
        ("1.5Gi", 3 * 2**29),
    ],
)
def test_quantities_are_read_as_kubernetes_does(text, amount):
    assert grammar.quantity(text) == amount


@given(st.text(), st.sampled_from(sorted(RIGHT, key=lambda check: check.__name__)))
def test_any_text_is_taken_or_refused_with_words(text, check):
    try:
        assert check(text) == text
    except ValueError as error:
        assert str(error)  # noqa: PT017 (it is no failure to be refused)


@given(st.text())
def test_what_is_taken_as_an_image_or_a_root_is_one_line_without_spaces(text):
    for check in (grammar.image, grammar.pipeline_root, grammar.label_value):
        try:
            check(text)
        except ValueError:
            continue
        assert text == "" or text.split() == [text]
