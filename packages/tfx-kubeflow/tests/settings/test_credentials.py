import base64
import string
import time

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from tfx_kubeflow.settings.credentials import credential, secret_name

PEM = "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIE"
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxIn0.x"

CREDENTIALS = [
    ("AWS_SECRET_ACCESS_KEY", "x"),
    ("AWS_ACCESS_KEY_ID", "x"),
    ("AWS_SESSION_TOKEN", "x"),
    ("DB_PASS", "x"),
    ("DB_PASSWORD", "1234"),
    ("db_password", "x"),
    ("dbPassword", "x"),
    ("PGPASSWORD", "x"),
    ("MYSQL_PWD", "x"),
    ("PRIVATE_KEY", "x"),
    ("AUTH", "user:pw"),
    ("BASIC_AUTH", "x"),
    ("AUTHORIZATION", "x"),
    ("HF_TOKEN", "x"),
    ("HFTOKEN", "x"),
    ("API_TOKENS", "a,b"),
    ("TOKEN_1", "x"),
    ("APIKEY", "x"),
    ("api-key", "x"),
    ("OPENAI_API_KEY", "x"),
    ("ENCRYPTION_KEY", "x"),
    ("STORAGE_ACCOUNT_KEY", "x"),
    ("SECRET", "x"),
    ("CLIENT_SECRET", "x"),
    ("DJANGO_SECRET_KEY", "x"),
    ("SSH_PASSPHRASE", "x"),
    ("GIT_CREDENTIALS", "x"),
    ("vault.example/token", "x"),
    ("DATABASE_URL", "postgres://u:pw@h"),  # pragma: allowlist secret
    ("DATABASE_URL", "postgres://u:pw@h/db?sslmode=off"),  # pragma: allowlist secret
    ("BROKER", "redis://:pw@h:6379"),
    # pragma: allowlist nextline secret
    ("PIP_EXTRA_INDEX_URL", "https://a.example https://u:pw@b.example/simple"),
    # pragma: allowlist nextline secret
    ("TOKEN_URL", "https://u:pw@h"),
    ("DSN", "host=h user=u password=pw"),
    ("STORAGE", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abcd=="),
    ("UPLOAD", "https://h/c?sv=1&sig=abcd"),
    ("OPTIONS", "--user=u --db_password=pw"),
    ("CONFIG", '{"user": "u", "password": "pw"}'),  # pragma: allowlist secret
    ("CONFIG", PEM),
    ("X", "AKIA" + "IOSFODNN7EXAMPLE"),
    ("X", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"),
    ("X", "ghp_" + "a1B2" * 9),
    ("X", "github_pat_" + "a1B2" * 9),
    ("X", "glpat-" + "a1B2" * 5),
    ("X", "hf_" + "aBcD" * 8),
    ("X", "sk-proj-" + "a1B2" * 8),
    ("X", "xoxb-" + "1234567890"),
    ("X", JWT),
    ("HEADERS", "Authorization: Bearer " + "abcdefghijkl"),
]
HARMLESS = [
    ("TOKENIZERS_PARALLELISM", "false"),
    ("GOOGLE_APPLICATION_CREDENTIALS", "/path/to/key.json"),
    ("AWS_SHARED_CREDENTIALS_FILE", "/aws/credentials"),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/secrets/token"),
    ("AWS_PROFILE", "default"),
    ("MAX_TOKENS", "512"),
    ("MAX_NEW_TOKENS", "1_024"),
    ("TOKEN_TTL", "3600s"),
    ("TOKEN_TYPE", "urn:ietf:jwt"),
    ("TOKEN_URL", "https://login.example/token"),
    ("AUTH_TYPE", "basic"),
    ("AUTH_ENABLED", "maybe"),
    ("AUTHOR", "Ada"),
    ("AUTHORS", "Ada"),
    ("PASS_THROUGH", "all"),
    ("PASSENGER_COUNT", "4"),
    ("COMPASS", "north"),
    ("BYPASS_CACHE", "always"),
    ("PASSWORD_FILE", "/run/secrets/db"),
    ("SECRET_NAME", "mlflow"),
    ("PASSWORD", ""),
    ("DB_PASSWORD", "$(OTHER_PASSWORD)"),
    ("AUTH", "false"),
    ("PWD", "/home/x"),
    ("PWD", "home"),
    ("LABEL_KEY", "species"),
    ("SORT_KEY", "time"),
    ("PRIMARY_KEY", "id"),
    ("KEY", "species"),
    ("MONKEY", "x"),
    ("DATABASE_URL", "postgres://u@h/db"),
    ("DATABASE_URL", "postgres://u:$(DB_PASS)@h/db"),
    ("MLFLOW_TRACKING_URI", "http://mlflow.kubeflow:5000"),
    ("AT", "mail@example.org at 10:30"),
    ("TF_CPP_MIN_LOG_LEVEL", "2"),
    (
        "XLA_FLAGS",
        "--xla_gpu_cuda_data_dir=/usr/local/cuda --xla_force_host_platform_device_count=8",
    ),
    ("IMAGE", "registry/x@sha256:" + "0123456789abcdef" * 4),
    ("COMMIT", "0123456789abcdef0123456789abcdef01234567"),  # pragma: allowlist secret
    ("RUN", "9f8a4c1e-6b1d-4d0e-9f55-0a1b2c3d4e5f"),
    ("CERTIFICATE", "-----BEGIN CERTIFICATE-----"),
    ("MODULE", "tfx.examples.chicago_taxi_pipeline.taxi_utils_native_keras.run_fn"),
    ("DATA", "s3://my-bucket/Training-Data-2024/span-{SPAN}/version-{VERSION}/Part1"),
    ("PASSWORD_POLICY", "long"),
    ("OPTIONS", "--token=/var/run/token --password="),
    ("NOTE", "ask the on-call team for the password"),
]


@pytest.mark.parametrize(("name", "value"), CREDENTIALS)
def test_credentials_are_recognised_and_not_shown(name, value):
    reason = credential(name, value)
    assert reason
    assert len(value) < 3 or value not in reason


@pytest.mark.parametrize(("name", "value"), HARMLESS)
def test_other_values_are_let_through(name, value):
    assert credential(name, value) is None


RANDOM = st.binary(min_size=36, max_size=64).filter(lambda data: len(set(data)) > len(data) * 0.8)


@given(RANDOM)
def test_a_long_random_key_is_recognised_by_any_name(data):
    text = base64.urlsafe_b64encode(data).decode().rstrip("=")
    assume(len(set(text)) > 26 and any(letter in string.digits for letter in text))
    assert credential("X", text)


PART = st.text(string.ascii_letters + string.digits, min_size=1, max_size=12)


@given(PART, PART, PART)
def test_a_password_in_a_url_is_recognised_and_not_shown(user, password, host):
    reason = credential("X", f"amqps://{user}:{password}@{host}.example/x")
    assert reason == "its value is a URL with a password"


@given(st.from_regex(r"[a-z]{1,8}(_[a-z]{1,8}){0,3}", fullmatch=True))
@example("password")
def test_a_secret_name_is_one_however_it_is_written(name):
    assert secret_name(name) == secret_name(name.upper()) == secret_name(name.replace("_", "-"))


@pytest.mark.parametrize("piece", ["x", "a:", "a/", "a://", "eyJ.", "Password=", "1aA/+-_", " "])
def test_a_long_value_is_judged_in_no_time(piece):
    started = time.perf_counter()
    credential("X", piece * 100_000)
    assert time.perf_counter() - started < 2


@given(st.text(), st.text())
def test_any_name_and_value_are_judged_without_an_error(name, value):
    reason = credential(name, value)
    assert reason is None or reason.startswith("its ")


WORDS = ["alpha", "beta", "gamma", "delta", "run", "fn", "model", "taxi"]


@given(st.lists(st.sampled_from(WORDS), min_size=1))
def test_long_names_are_no_random_keys(words):
    for joined in (".".join(words), "_".join(words), "".join(word.title() for word in words)):
        assert credential("X", joined) is None
