"""Addresses of servers, and what is shown to them."""

import pytest

from tfx_pipeline.client.address import Credentials, credentials, parse
from tfx_pipeline.client.errors import ForecastError


@pytest.mark.parametrize(
    ("url", "host", "protocol", "encrypted", "local"),
    [
        ("http://127.0.0.1:8501", "127.0.0.1:8501", "rest", False, True),
        ("localhost:8501/", "localhost:8501", "rest", False, True),
        ("https://models.example/house", "models.example:443", "rest", True, False),
        ("grpc://10.0.0.1", "10.0.0.1:8500", "grpc", False, False),
        ("grpcs://[::1]:9000", "[::1]:9000", "grpc", True, True),
    ],
)
def test_addresses(url, host, protocol, encrypted, local):
    found = parse(url)
    assert (found.host, found.protocol, found.encrypted, found.local) == (
        host,
        protocol,
        encrypted,
        local,
    )
    assert not found.url.endswith("/")


@pytest.mark.parametrize(
    ("url", "protocol", "said"),
    [
        ("ftp://x", None, "expected http://host:port"),
        ("http://", None, "expected http://host:port"),
        ("http://x:99999", None, "Port out of range"),
        ("http://" + "me:word@x", None, "holds a user or password; set FORECAST_TOKEN"),
        ("http://x", "grpc", "grpc is spoken at an address that begins with grpc://"),
        ("grpc://x", "kserve-v1", "kserve-v1 is spoken at an address that begins with http://"),
    ],
)
def test_others_are_refused(url, protocol, said):
    with pytest.raises(ForecastError, match=said) as caught:
        parse(url, protocol)
    assert "word" not in str(caught.value).replace("password", "")


def test_credentials_are_those_of_the_environment(tmp_path, monkeypatch):
    assert credentials() == Credentials()
    file = tmp_path / "token"
    file.write_text("from a file\n")
    monkeypatch.setenv("FORECAST_TOKEN_FILE", str(file))
    assert credentials() == Credentials("from a file")
    monkeypatch.setenv("FORECAST_TOKEN", "from a variable")
    assert credentials() == Credentials("from a variable")
    monkeypatch.setenv("FORECAST_CA_FILE", str(tmp_path / "ca.pem"))
    with pytest.raises(ForecastError, match=r"FORECAST_CA_FILE: .*ca\.pem: No such file"):
        credentials()


@pytest.mark.parametrize("url", ["http://models.example", "grpc://10.0.0.1"])
def test_a_token_goes_where_nobody_reads_it(url):
    with pytest.raises(ForecastError, match="a token is sent by https:// or grpcs:// alone"):
        Credentials("very-secret").require_safe(parse(url))
    Credentials().require_safe(parse(url))
    Credentials("very-secret").require_safe(parse("https://models.example"))
    Credentials("very-secret").require_safe(parse("http://127.0.0.1:8501"))
