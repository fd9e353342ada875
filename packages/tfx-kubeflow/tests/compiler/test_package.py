"""The package's YAML: KFP's API server reads it in Go, by YAML 1.2."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tfx_kubeflow.compiler.package import package_text


@pytest.mark.parametrize(
    "text", ["08", "4e7", "2024-1-5", ".5e3", "-.5", "018", "0o17", "1_0", "+1", "~", "", "<<"]
)
def test_a_text_is_quoted_where_go_reads_something_else(text):
    node = yaml.compose(package_text({"text": text, "list": [text], "keys": {text: 1}}, {}))
    for written in (node.value[0][1].value[0][0], node.value[1][1].value[0], node.value[2][1]):
        assert (written.value, written.style) == (text, "'")


@given(st.text() | st.text(st.sampled_from("0123456789eE+-._:xoTZ \n\x85\u2028\ufeff'\"")))
def test_texts_come_back(text):
    document = {"text": text, "list": [text], "number": 1.5, "none": None, "flag": True}
    assert yaml.safe_load(package_text(document, {})) == document
