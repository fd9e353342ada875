import json
import operator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tfx_kubeflow import cel
from tfx_kubeflow.cel.tree import Binary, Index, Literal, Member, Name, Not, ParseJson

RECORDED = json.loads(Path(__file__).with_name("cel_go.json").read_text(encoding="utf-8"))
"""What cel-go, in the environment of KFP's driver, said of conditions: see judge/README.md."""


def verdict(condition):
    try:
        cel.check(cel.parse(condition))
    except cel.CelError:
        return "refused"
    try:
        return cel.holds(condition, RECORDED["input"])
    except cel.CelError:
        return "failed"


@pytest.mark.parametrize(("condition", "theirs"), RECORDED["verdicts"].items())
def test_conditions_mean_what_kfps_driver_makes_of_them(condition, theirs):
    ours = verdict(condition)
    # A constant that is no truth value is found sooner here.
    assert ours == theirs or (ours, theirs) == ("refused", "failed")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
LITERALS = st.builds(Literal, TEXTS | NUMBERS | st.booleans() | st.none())
NAMES = st.builds(Name, st.just("inputs"))
TREES = st.recursive(
    LITERALS | NAMES,
    lambda trees: st.one_of(
        st.builds(Member, NAMES, st.sampled_from(["artifacts", "uri", "x_1"])),
        st.builds(Index, st.builds(Member, NAMES, st.just("artifacts")), trees),
        st.builds(ParseJson, trees),
        st.builds(Not, trees),
        st.builds(
            Binary,
            st.sampled_from(["&&", "||", "==", "!=", "<", "<=", ">", ">=", "+"]),
            trees,
            trees,
        ),
    ),
)


@given(TREES)
def test_what_is_printed_is_read_back(tree):
    # 1 and 1.0 are equal to Python and not to CEL.
    assert repr(cel.parse(cel.to_text(tree))) == repr(tree)


@given(TEXTS)
def test_a_quoted_text_is_itself_and_nothing_that_argo_expands(text):
    quoted = cel.quote(text)
    assert cel.parse(quoted) == Literal(text)
    assert not any(part in quoted for part in ("{{", "$$", "$("))
    assert "\n" not in quoted


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("it's me", r"'it\'s me'"),
        (r"C:\new", r"'C:\\new'"),
        ("{{a}}", r"'{\u007ba}}'"),
        ("$$$(a)", r"'\u0024\u0024\u0024(a)'"),
    ],
)
def test_texts_are_quoted(text, quoted):
    assert cel.quote(text) == quoted


PYTHON = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@st.composite
def conditions(draw, depth=4):
    """A condition on parameters, and what Python makes of the same."""
    kind = draw(st.sampled_from(["compare", "not", "and", "or"])) if depth else "compare"
    if kind == "not":
        text, value = draw(conditions(depth - 1))
        return f"!({text})", not value
    if kind in ("and", "or"):
        (left, one), (right, other) = draw(conditions(depth - 1)), draw(conditions(depth - 1))
        both = kind == "and"
        return f"({left} {'&&' if both else '||'} {right})", one and other if both else one or other
    values = draw(st.sampled_from([TEXTS, NUMBERS.map(float)]))
    left, right = draw(values), draw(values)
    sign = draw(st.sampled_from(sorted(PYTHON)))
    parameter = f"parseJson({cel.quote(json.dumps(left))})"
    return f"({parameter} {sign} {cel.to_text(Literal(right))})", PYTHON[sign](left, right)


@given(conditions())
def test_conditions_are_worth_what_python_makes_of_them(case):
    condition, value = case
    assert cel.holds(condition, {}) is value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "column 1: ends"),
        ("'a' == 'it's'", "column 13: string without end"),
        ("'a' == 'b", "column 8: string without end"),
        ("(1 == 2", "column 8: ends; ')' belongs here"),
        ("a && && b", "column 6: unexpected '&&'"),
        ("size(a) == 1", "column 1: no function 'size'"),
        ("'a\\q' == 'a'", "column 3: no such escape"),
        ("9223372036854775808 == 1", "column 1: 9223372036854775808 is beyond 64 bits"),
        ("inputs.artifacts['a'] == ", "column 26: ends"),
    ],
)
def test_what_cannot_be_read_names_the_place(text, message):
    with pytest.raises(cel.CelError) as error:
        cel.parse(text)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nan == 1.0", "column 1: no variable 'nan'; conditions have inputs"),
        ("1 == 1.0", "column 3: int == double does not go together"),
        ("inputs.wrong == 1", "column 7: no 'wrong' in inputs, which has: artifacts, param"),
        ("inputs.artifacts['a'].artifacts[0].uri == 1.0", "column 40: string == double"),
        ("'a'", "column 1: string where bool belongs"),
    ],
)
def test_types_that_kfp_refuses_are_refused_before_anything_runs(text, message):
    with pytest.raises(cel.CelError) as error:
        cel.check(cel.parse(text))
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 2**63])
def test_a_number_without_literal_is_not_printed(number):
    with pytest.raises(cel.CelError):
        cel.to_text(Literal(number))
