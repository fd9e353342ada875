import pytest
from kubeflow_cases import pipelines
from tfx_kubeflow import versions
from tfx_kubeflow.errors import CompileError
from tfx_kubeflow.runner import KubeflowRunner
from tfx_kubeflow.settings import KubeflowSettings


def test_a_tfx_that_is_not_known_compiles_nothing(monkeypatch):
    monkeypatch.setattr(versions, "KNOWN", "9.9")
    runner = KubeflowRunner(KubeflowSettings(image="i"))
    with pytest.raises(CompileError, match=r'^TFX 1\.21\..*knows 9.9 only. Install "tfx\[kfp\]=='):
        runner.compile(pipelines.pipeline(pipelines.Count(start=1)))
