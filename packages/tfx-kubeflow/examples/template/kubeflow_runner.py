"""Compiles a project of `tfx template copy` for Kubeflow Pipelines, in the place of its own runner.

The image and what pods ask for are in tfx-kubeflow.toml. DATA and SERVING are where pods find the
CSV files and put the models: folders of a mounted volume, or minio://, s3:// or gs:// URIs.
"""

import os

from pipeline import configs, pipeline
from tfx import v1 as tfx
from tfx_kubeflow.runner import KubeflowRunner

STORE = f"minio://mlpipeline/{configs.PIPELINE_NAME}"

if __name__ == "__main__":
    KubeflowRunner().run(
        pipeline.create_pipeline(
            pipeline_name=configs.PIPELINE_NAME,
            pipeline_root="",  # each run has that of the settings
            data_path=os.environ.get("DATA", f"{STORE}/data"),
            preprocessing_fn=configs.PREPROCESSING_FN,
            run_fn=configs.RUN_FN,
            train_args=tfx.proto.TrainArgs(num_steps=configs.TRAIN_NUM_STEPS),
            eval_args=tfx.proto.EvalArgs(num_steps=configs.EVAL_NUM_STEPS),
            eval_accuracy_threshold=configs.EVAL_ACCURACY_THRESHOLD,
            serving_model_dir=os.environ.get("SERVING", f"{STORE}/serving"),
        )
    )
