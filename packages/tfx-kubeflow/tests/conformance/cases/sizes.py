"""Sizes: what KFP, Argo and etcd take."""

from conformance import components as c
from conformance.registry import case


@case()
def a_text_of_100_kilobytes():
    return [c.Told(text="x" * 100_000)]


@case("either", at="Told")
def a_text_of_300_kilobytes():
    return [c.Told(text="x" * 300_000)]


@case("refused", at="Told")
def a_text_of_two_megabytes():
    return [c.Told(text="x" * 2_000_000)]


@case("refused", at="small")
def many_texts_of_two_megabytes_together():
    return [c.Told(text="x" * 100_000).with_id(f"Told{n}") for n in range(20)]


@case("either", at="Structured")
def a_list_of_ten_thousand_numbers():
    return [c.Structured(items=list(range(10_000)), table={})]


@case("either", at="small")
def three_hundred_nodes():
    return [c.Number(value=n).with_id(f"N{n}") for n in range(300)]


@case("refused", at="small")
def eight_hundred_nodes():
    return [c.Number(value=n).with_id(f"N{n}") for n in range(800)]


@case("either", at="Told")
def a_text_beyond_ascii_of_100_kilobytes():
    return [c.Told(text="日" * 100_000)]
