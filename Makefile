# Every target sets the project up first, which takes no time when nothing has changed.
.DEFAULT_GOAL := help
.PHONY: help setup run report serve kubeflow-local test check format lint types layers credentials lock documents \
	figures hooks image e2e bench flink spark mlflow clean

BIN := .venv/bin
# Passed on: make run ARGS="--profile=sample", make test ARGS="-k transform".
ARGS :=
# A run's name; nothing: the latest.
RUN :=
# The container image, and the image that it is built on; nothing: the Dockerfile's own.
IMAGE := household-power:1
BASE :=
# Prints the path of the data set that comes with the environment.
EMBEDDED := from tfx_pipeline.data.raw.location import locate; print(*locate(None), sep="/")

help:  ## Print the targets.
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

setup:  ## Make the environment ready (docs/install.md).
	@tools/setup

run: setup  ## Run the whole pipeline on this machine.
	@$(BIN)/python runner_local.py $(ARGS)

report: setup  ## Open the report of the latest run, or of RUN=name (docs/report.md).
	@$(BIN)/household-power report $(RUN) --open $(ARGS)

serve: setup  ## Serve the pushed models on this machine, with TensorFlow Serving's API (docs/serving.md).
	@$(BIN)/household-power serve $(ARGS)

kubeflow-local: setup  ## Run the package for Kubeflow on this machine, without a cluster.
	@POWER_PROFILE=$${POWER_PROFILE:-sample} \
	    POWER_KUBEFLOW__DATA=$${POWER_KUBEFLOW__DATA:-$$($(BIN)/python -c '$(EMBEDDED)')} \
	    POWER_KUBEFLOW__SERVING_BASE=$${POWER_KUBEFLOW__SERVING_BASE:-$(CURDIR)/outputs/kubeflow-local/serving} \
	    $(BIN)/tfx-kubeflow run-local --pipeline-path=runner_kubeflow.py --root=outputs/kubeflow-local $(ARGS)

test: setup  ## Run every test.
	@$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile $(ARGS)

check: format lint types layers credentials lock documents  ## Run every check that is not a test.

format: setup  ## Check the format; `ruff format` mends it.
	@$(BIN)/ruff format --check

lint: setup  ## Check for mistakes and style.
	@$(BIN)/ruff check

types: setup  ## Check the types.
	@$(BIN)/mypy

layers: setup  ## Check that each package imports only those below it.
	@$(BIN)/lint-imports

credentials: setup  ## Check that nothing looks like a credential.
	@git ls-files -z ':!*/conformance/verdicts.json' | xargs -0 $(BIN)/detect-secrets-hook

lock: setup  ## Check that uv.lock fits pyproject.toml, whatever index this machine uses.
	@env -u UV_INDEX -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL \
	    .runtime/bin/uv lock --check

documents: setup  ## Check that the documents' figures are those that the benchmarks wrote.
	@$(BIN)/python benchmarks/figures.py

figures: setup  ## Put the figures that the benchmarks wrote into the documents.
	@$(BIN)/python benchmarks/figures.py --write

hooks: setup  ## Check before each commit, too: the checks above, and the commit's subject.
	@$(BIN)/pre-commit install

image:  ## Build the container image: IMAGE=name:tag BASE=... (docs/image.md).
	@BASE=$(BASE) tools/image/build $(IMAGE) $(ARGS)

e2e: setup  ## Test on a Kubeflow Pipelines: KFP_ENDPOINT=http://... IMAGE=name:tag.
	@KFP_ENDPOINT=$(KFP_ENDPOINT) IMAGE=$(IMAGE) $(BIN)/python -m pytest tests/e2e packages/tfx-kubeflow/tests/e2e --no-cov -s $(ARGS)

flink: setup  ## Run a Flink cluster for the Beam steps on this machine (docs/beam.md).
	@$(BIN)/python -m tools.cluster flink --folder=.runtime/flink $(ARGS)

spark: setup  ## Run a Spark cluster for the Beam steps on this machine (docs/beam.md).
	@$(BIN)/python -m tools.cluster spark --folder=.runtime/spark $(ARGS)

mlflow: setup  ## Show the runs in MLflow's pages, on 127.0.0.1 (docs/tracking.md).
	@$(BIN)/python -m tools.mlflow $(ARGS)

bench: setup  ## Measure what README and docs state, and put it there.
	@$(BIN)/python benchmarks/run.py $(ARGS)

clean:  ## Remove the environment and caches; data and results stay.
	@rm -rf .venv .runtime .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .coverage*
	@find . -name __pycache__ -prune -exec rm -rf {} +
