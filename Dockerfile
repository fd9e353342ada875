# The image that every step of the pipeline runs in; docs/image.md tells how to build and pin it.
# Needs BuildKit: Docker 23 or newer, Docker 20.10 with DOCKER_BUILDKIT=1, or buildah.
ARG BASE=docker.io/library/python:3.11-slim-trixie

# What is locked, apart from the rest of pyproject.toml, whose changes then build nothing anew.
FROM ${BASE} AS locked
WORKDIR /build
COPY tools/environment tools/environment
COPY tools/image/uv tools/image/
COPY pyproject.toml uv.lock ./
COPY packages/tfx-kubeflow/pyproject.toml packages/tfx-kubeflow/
RUN --mount=type=secret,id=index --mount=type=secret,id=certificates \
    # The group `image` has TensorFlow without its GPU half.
    tools/image/uv export --quiet --frozen --no-dev --group image --no-emit-workspace \
        --no-emit-package tensorflow --output-file packages.txt && \
    tools/image/uv export --quiet --frozen --only-group build --output-file build.txt

# The packages, hashes checked.
FROM ${BASE} AS packages
RUN apt-get update && apt-get install --yes --no-install-recommends binutils
WORKDIR /build
COPY tools/environment tools/environment
COPY tools/image/uv tools/image/
COPY --from=locked /build/packages.txt ./
RUN --mount=type=secret,id=index --mount=type=secret,id=certificates \
    --mount=type=cache,target=/root/.cache/uv \
    tools/image/uv venv /opt/venv && \
    tools/image/uv pip sync --require-hashes --python /opt/venv/bin/python packages.txt
COPY tools/image/slim tools/image/compile tools/image/
RUN tools/image/slim /opt/venv/lib/python3.11/site-packages && tools/image/compile /opt/venv/lib

# The project itself, in a folder of its own: a layer of less than a megabyte, the only one that a
# change of its code renews.
FROM packages AS project
COPY --from=locked /build/build.txt ./
COPY pyproject.toml README.md LICENSE settings.yaml ./
COPY packages packages
COPY modules modules
COPY tfx_pipeline tfx_pipeline
RUN --mount=type=secret,id=index --mount=type=secret,id=certificates \
    --mount=type=cache,target=/root/.cache/uv \
    tools/image/uv build --all-packages --wheel --require-hashes --build-constraints build.txt --out-dir dist && \
    tools/image/uv pip install --no-deps --no-index --python /opt/venv/bin/python \
        --prefix /opt/project dist/*.whl && \
    tools/image/compile /opt/project/lib

FROM ${BASE}
LABEL org.opencontainers.image.title="household-power" \
      org.opencontainers.image.description="The steps of a TFX pipeline on Kubeflow Pipelines" \
      org.opencontainers.image.licenses="Apache-2.0"
# A user by number, since Kubernetes can tell only then that it is not root. HOME is everybody's, and
# USER answers getpass.getuser(), so that a pod may also run as a user that only its cluster knows.
RUN echo "pipeline:x:10001:10001::/home/pipeline:/usr/sbin/nologin" >>/etc/passwd && \
    echo "pipeline:x:10001:" >>/etc/group && \
    mkdir --mode=1777 /home/pipeline
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    HOME=/home/pipeline \
    USER=pipeline \
    PYTHONUNBUFFERED=1 \
    TF_CPP_MIN_LOG_LEVEL=2
COPY --from=packages /opt/venv /opt/venv
COPY --from=project /opt/project /opt/venv
USER 10001:10001
WORKDIR /home/pipeline
# No ENTRYPOINT: Kubeflow's command and that of KFP's DockerRunner are whole commands.
CMD ["python", "-m", "tfx_kubeflow.steps.entrypoint", "--help"]
ARG REVISION=unknown
LABEL org.opencontainers.image.revision="${REVISION}"
# Of this commit a run's summary says that it was made.
ENV HOUSEHOLD_POWER_REVISION="${REVISION}"
