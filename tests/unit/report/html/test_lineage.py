"""The picture of a run's graph: from left to right, every line from what made to what used it."""

from tfx_pipeline.report.html.lineage import EARLIER, WIDTH, picture
from tfx_pipeline.report.summary import ArtifactSummary, NodeSummary


def node(name: str, reads: dict[str, int], makes: dict[str, int]) -> NodeSummary:
    def artifacts(of: dict[str, int]) -> tuple[ArtifactSummary, ...]:
        return tuple(
            ArtifactSummary(key=kind.lower(), id=number, type=kind, uri=f"/{number}")
            for kind, number in of.items()
        )

    return NodeSummary(
        id=name,
        state="complete",
        seconds=1.0,
        peak_rss_bytes=1,
        inputs=artifacts(reads),
        outputs=artifacts(makes),
    )


NODES = (
    node("Gen", {}, {"Examples": 1}),
    node("Statistics", {"Examples": 1}, {"Stats": 2}),
    node("Trainer", {"Examples": 1, "Stats": 2}, {"Model": 3}),
    node("Baseline", {"Model": 99}, {}),
    node("Evaluator", {"Examples": 1, "Model": 3}, {"Blessing": 4}),
)


def test_what_is_made_stands_left_of_what_uses_it():
    found = picture(NODES)
    assert found is not None
    left = {box.name: box.x for box in found.boxes}
    lines = {(line.source, line.target): line.what for line in found.lines}
    assert lines == {
        ("Gen", "Statistics"): "Examples 1",
        ("Gen", "Trainer"): "Examples 1",
        ("Statistics", "Trainer"): "Stats 2",
        (EARLIER, "Baseline"): "Model 99",
        ("Gen", "Evaluator"): "Examples 1",
        ("Trainer", "Evaluator"): "Model 3",
    }
    assert all(left[source] < left[target] for source, target in lines)


def test_boxes_lie_apart_and_within_the_picture():
    found = picture(NODES)
    assert found is not None
    places = [(box.x, box.y) for box in found.boxes]
    assert len(set(places)) == len(NODES) + 1
    assert all(0 <= x <= found.width - WIDTH for x, _ in places)
    assert all(0 <= y < found.height for _, y in places)


def test_without_artifacts_there_is_no_picture():
    assert picture((node("Gen", {}, {}),)) is None
