"""Compiles the pipeline for open-source Kubeflow Pipelines: settings -> pipeline -> KubeflowRunner.

`python runner_kubeflow.py` writes the package; so does
`tfx pipeline compile --engine=kubeflow --pipeline-path=runner_kubeflow.py`.
"""

from tfx_pipeline.settings import load_settings


def main() -> None:
    """Writes `<name>.yaml` into the current folder."""
    # `--help` and wrong settings end here, before the slow imports
    settings = load_settings(read=lambda settings: settings.read_in_pods)
    from tfx_kubeflow.imports import quick_imports

    with quick_imports():
        from tfx.orchestration.data_types import RuntimeParameter
        from tfx_kubeflow.runner import KubeflowRunner

        from tfx_pipeline.data.raw.location import split_pattern
        from tfx_pipeline.kubeflow.component import RunReport
        from tfx_pipeline.pipeline import create_pipeline

    runner = KubeflowRunner(settings.kubeflow)
    pipeline = create_pipeline(
        settings,
        data=split_pattern(settings.kubeflow.data),
        pipeline_root=settings.kubeflow.pipeline_root,
        serving_dir=f"{settings.kubeflow.serving_base}/{settings.name}",
        scheduled_time=RuntimeParameter("scheduled_time", str, default=""),
    )
    runner.set_exit_handler(RunReport(settings, pipeline))
    runner.run(pipeline)
    print(f"wrote {runner.package_path(settings.name)}")


if __name__ == "__main__":
    main()
