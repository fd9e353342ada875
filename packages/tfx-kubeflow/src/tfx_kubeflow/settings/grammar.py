"""What Kubernetes, container registries and KFP take as names, quantities and endpoints.

What they refuse fails when a pod starts, long after the pipeline was compiled.
"""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator

DNS_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
DNS_SUBDOMAIN = re.compile(rf"{DNS_LABEL}(\.{DNS_LABEL})*")
NAME_PART = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")

_PATH_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
_HOST_PART = r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_HOST = rf"({_HOST_PART}(\.{_HOST_PART})*|\[[0-9a-fA-F:]+\])"
IMAGE = re.compile(
    rf"(?P<name>({_HOST}(:[0-9]+)?/)?{_PATH_PART}(/{_PATH_PART})*)"
    r"(:[A-Za-z0-9_][\w.-]{0,127})?(@(?P<digest>[A-Za-z][\w+.-]*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)

QUANTITY = re.compile(
    r"(?P<number>[0-9]+\.?[0-9]*|\.[0-9]+)(?P<suffix>[numkMGTPE]?|[KMGTPE]i|[eE][+-]?[0-9]{1,2})"
)
DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
MOST_CORES = 4096
LEAST_MEMORY = 4 * 2**20
"""Bytes; a container cannot start on less."""

ROOT = re.compile(r"(minio|s3|gs)://[A-Za-z0-9][A-Za-z0-9._-]{0,221}(/[^\s?#{}\\\x00-\x20\x7f]*)?")

# Below the last three a volume may be mounted where KFP's launcher puts the artifacts of a bucket.
KFP_FOLDERS = re.compile(
    r"/(kfp-launcher|kfp/certs|\.local|\.cache|\.config)(/.*)?|/(gcs|s3|minio)/?"
)
KFP_VOLUMES = re.compile(
    r"kfp-launcher|ca-bundle|(gcs|s3|minio|dot-local|dot-cache|dot-config)-scratch"
    r"|var-run-argo|tmp-dir-argo|input-artifacts"
)


def _refuse_unless(valid: object, problem: str) -> None:
    if not valid:
        raise ValueError(problem)


def image(text: str) -> str:
    """Checks a reference of a container image, such as registry:5000/team/name:1@sha256:..."""
    found = IMAGE.fullmatch(text)
    _refuse_unless(
        found and len(found["name"]) <= 255,
        "not a container image: expected [registry[:port]/]name[:tag][@digest], the name in lower "
        "case, without spaces",
    )
    digest = (found and found["digest"]) or ""
    _refuse_unless(
        not digest.startswith("sha256:") or len(digest) == len("sha256:") + 64,
        "not a container image: a sha256 digest has 64 digits",
    )
    return text


def dns_subdomain(text: str) -> str:
    """Checks the name of a Kubernetes object."""
    _refuse_unless(
        len(text) <= 253 and DNS_SUBDOMAIN.fullmatch(text),
        "not a name in Kubernetes: lower-case letters, digits, '-' and '.', at most 253 characters",
    )
    return text


def claim(text: str) -> str:
    """Checks the name of a volume claim, which KFP takes as the volume's name in the pod, too."""
    _refuse_unless(
        len(text) <= 63 and re.fullmatch(DNS_LABEL, text),
        "not the name of a claim that KFP mounts: lower-case letters, digits and '-', at most 63 "
        "characters (KFP calls the volume in the pod after it)",
    )
    _refuse_unless(not KFP_VOLUMES.fullmatch(text), "KFP has a volume of this name in each pod")
    return text


def secret_key(text: str) -> str:
    """Checks a key inside a Kubernetes secret."""
    valid = len(text) <= 253 and re.fullmatch(r"[\w.-]+", text, re.ASCII)
    _refuse_unless(
        valid and text != "." and not text.startswith(".."),
        "not a key of a secret: letters, digits, '-', '_' and '.'",
    )
    return text


def variable(text: str) -> str:
    """Checks the name of an environment variable."""
    _refuse_unless(
        re.fullmatch(r"[A-Za-z_.-][\w.-]*", text, re.ASCII)
        and text != "."
        and not text.startswith(".."),
        "not the name of an environment variable: letters, digits, '_', '-' and '.', no digit "
        "first",
    )
    return text


def mount_path(text: str) -> str:
    """Checks a folder in the pod."""
    _refuse_unless(
        re.fullmatch(r"(/[^:{/\x00-\x1f\x7f]+)+/?", text) and ".." not in text.split("/"),
        "not a folder to mount a volume at: an absolute path without ':', '{' or '..', not '/'",
    )
    _refuse_unless(not KFP_FOLDERS.fullmatch(text), "KFP mounts a volume of its own there")
    return text


def sub_path(text: str) -> str:
    """Checks a folder in a volume."""
    _refuse_unless(
        not text.startswith("/")
        and ".." not in text.split("/")
        and not re.search(r"[{\x00-\x1f\x7f]", text),
        "not a folder in a volume: a relative path without '{' or '..'",
    )
    return text


def label_key(text: str) -> str:
    """Checks the key of a label, an annotation, or a taint: [domain/]name."""
    prefix, slash, name = text.rpartition("/")
    _refuse_unless(
        len(name) <= 63
        and NAME_PART.fullmatch(name)
        and (not slash or (len(prefix) <= 253 and DNS_SUBDOMAIN.fullmatch(prefix))),
        "not a key of Kubernetes: [domain/]name, the name of at most 63 letters, digits, '-', '_' "
        "and '.', a letter or digit first and last",
    )
    return text


def taint_key(text: str) -> str:
    """Checks the key of a toleration; an empty one tolerates all taints."""
    return text and label_key(text)


def annotation_key(text: str) -> str:
    """Checks the key of an annotation, whose domain may have capitals."""
    label_key(text.lower())
    return text


def label_value(text: str) -> str:
    """Checks the value of a label."""
    _refuse_unless(
        not text or (len(text) <= 63 and NAME_PART.fullmatch(text)),
        "not the value of a label: at most 63 letters, digits, '-', '_' and '.', a letter or digit "
        "first and last",
    )
    return text


def extended_resource(text: str) -> str:
    """Checks the resource name of an accelerator, such as nvidia.com/gpu."""
    domain, slash, name = text.partition("/")
    _refuse_unless(
        slash
        and len(name) <= 63
        and NAME_PART.fullmatch(name)
        and len(domain) <= 253 - len("requests.")
        and DNS_SUBDOMAIN.fullmatch(domain)
        and not domain.startswith("requests.")
        and not f".{domain}".endswith(".kubernetes.io"),
        "not an accelerator's resource name: the device plugin's domain/name, such as "
        "nvidia.com/gpu",
    )
    return text


def quantity(text: str) -> Decimal:
    """Returns a quantity as Kubernetes reads it.

    >>> quantity("1e3"), quantity("1.5Gi"), quantity("500m")
    (Decimal('1000'), Decimal('1610612736.0'), Decimal('0.500'))

    Raises:
        ValueError: It is none.
    """
    found = QUANTITY.fullmatch(text)
    if found is None:
        raise ValueError(
            "not a quantity: a number and n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei or an "
            "exponent, such as 500m, 2Gi or 1e3"
        )
    amount = Decimal(found["number"]) * _factor(found["suffix"])
    _refuse_unless(amount < 2**63, "a quantity must be below 2^63")
    return amount


def _factor(suffix: str) -> Decimal:
    if suffix in BINARY:
        return Decimal(2 ** BINARY[suffix])
    return Decimal(10) ** (DECIMAL[suffix] if suffix in DECIMAL else int(suffix[1:]))


def cores(text: str) -> str:
    """Checks an amount of CPU."""
    amount = quantity(text)
    _refuse_unless(amount >= Decimal("0.001"), "less than 1m, a thousandth of a core")
    _refuse_unless(
        amount <= MOST_CORES, "more cores than any machine has; is it an amount of memory?"
    )
    return text


def memory(text: str) -> str:
    """Checks an amount of memory."""
    _refuse_unless(
        quantity(text) >= LEAST_MEMORY,
        "less than the 4Mi without which no container starts; bytes are counted in Mi or Gi",
    )
    return text


def pipeline_root(text: str) -> str:
    """Checks where artifacts go."""
    _refuse_unless(
        ROOT.fullmatch(text) and "/../" not in f"{text}/" and "/./" not in f"{text}/",
        "not a pipeline root: minio://, s3:// or gs://, a bucket, and a path in it without spaces, "
        "'?', '#' or braces",
    )
    return text


def endpoint(text: str) -> str:
    """Checks the endpoint of an object store."""
    _refuse_unless(
        re.fullmatch(r"https?://[A-Za-z0-9.\[\]:-]+(:[0-9]{1,5})?/?", text),
        "not the endpoint of a store: http:// or https://, a host, a port, and nothing else; "
        "credentials belong into its secret",
    )
    return text


Image = Annotated[str, AfterValidator(image)]
ObjectName = Annotated[str, AfterValidator(dns_subdomain)]
ClaimName = Annotated[str, AfterValidator(claim)]
SecretKey = Annotated[str, AfterValidator(secret_key)]
Variable = Annotated[str, AfterValidator(variable)]
MountPath = Annotated[str, AfterValidator(mount_path)]
SubPath = Annotated[str, AfterValidator(sub_path)]
LabelKey = Annotated[str, AfterValidator(label_key)]
LabelValue = Annotated[str, AfterValidator(label_value)]
TaintKey = Annotated[str, AfterValidator(taint_key)]
AnnotationKey = Annotated[str, AfterValidator(annotation_key)]
ExtendedResource = Annotated[str, AfterValidator(extended_resource)]
Cores = Annotated[str, AfterValidator(cores)]
Memory = Annotated[str, AfterValidator(memory)]
PipelineRoot = Annotated[str, AfterValidator(pipeline_root)]
Endpoint = Annotated[str, AfterValidator(endpoint)]
