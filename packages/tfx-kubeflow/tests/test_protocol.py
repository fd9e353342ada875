"""What the compiler hides from those who would change it on its way."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfx_kubeflow import protocol
from tfx_kubeflow.compiler.parameters import _text
from tfx_kubeflow.metadata import values
from tfx_kubeflow.steps.parameters import unescaped

TEXTS = st.text(st.sampled_from('${}()\\"aA\U0001f600'), max_size=12)


def expanded(text: str, variables: dict[str, str]) -> str:
    """What Kubernetes makes of an argument: $$ becomes $, and $(NAME) what NAME is, if it is."""
    made, at = "", 0
    while at < len(text):
        if text.startswith("$$", at):
            made, at = made + "$", at + 2
        elif text.startswith("$(", at) and ")" in text[at:]:
            end = text.index(")", at)
            made += variables.get(text[at + 2 : end], text[at : end + 1])
            at = end + 1
        else:
            made, at = made + text[at], at + 1
    return made


@given(TEXTS | st.lists(TEXTS) | st.dictionaries(TEXTS, TEXTS))
def test_what_is_hidden_is_changed_by_nobody(value):
    text = protocol.hidden(value)
    assert json.loads(text) == value
    assert not protocol.changes(text)
    assert not protocol.changes(json.dumps({"inputs": text}))


@given(TEXTS)
def test_a_module_is_changed_by_nobody(source):
    text = protocol.pack(protocol.UserModule(source, {}))
    assert not protocol.changes(text)
    assert protocol.unpack(text).source == source


@pytest.mark.parametrize(
    "text",
    ["price $$5", "^a$$", "$(KFP_POD_NAME)", "$$(x)", 'tfx-kubeflow-json:"oops"', "a $x", "{{x}}"],
)
def test_a_text_arrives_as_it_was_written(text):
    made = _text("Node", text)
    constant = made.source["runtimeValue"]["constant"]
    argument = json.dumps({"parameterValues": {"text": constant}})
    given_text = json.loads(expanded(argument, {"KFP_POD_NAME": "pod", "x": "y"}))
    escaped = ("text",) if made.escaped else ()
    assert unescaped(given_text["parameterValues"], escaped) == {"text": text}
    kept, kind = values.encoded(text)
    arrived = json.loads(expanded(json.dumps({"a": kept}), {"KFP_POD_NAME": "pod"}))["a"]
    assert values.decoded(arrived, kind) == text
