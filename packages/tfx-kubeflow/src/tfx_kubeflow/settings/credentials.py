"""Tells credentials from other values, by their name and by what they look like."""

import math
import re
from collections import Counter

HINT = "put it into a Kubernetes secret and name that under `secrets`"

# Word parts that name a credential wherever they stand.
SECRET_WORD = re.compile(
    r"\w*(PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|APIKEY|ACCESSKEY|PRIVATEKEY)S?"
    r"|\w*SECRET(S|KEY|TOKEN)?|\w*TOKENS?|AUTHORIZATION|DBPASS|PASSKEYS?"
)
# Word parts that name one only at the end: AUTH_TYPE and PASS_THROUGH are none.
SECRET_ENDING = {"PASS", "PWD", "AUTH", "AUTHKEY", "SIGNATURE", "COOKIE"}
# KEY names a credential after one of these: SORT_KEY and LABEL_KEY are none.
SECRET_KEY = re.compile(
    r"(^|_)(ACCESS|ACCOUNT|AES|API|APP|AUTH|CLIENT|DECRYPTION|DEPLOY|ENCRYPTION|FERNET|GPG|HMAC|JWT|MASTER"
    r"|PGP|PRIVATE|RSA|SAS|SECRET|SERVICE|SESSION|SHARED|SIGNING|SSH|SSL|STORAGE|TLS)_KEYS?(_|$)"
)
# Last word parts of names that say something about a credential instead of holding it.
ABOUT = re.compile(
    r"AUDIENCE|BACKEND|CLASS|COUNT|DIR|DIRECTORY|DISABLED|ENABLED|ENDPOINT|EXPIRATION|EXPIRY|FILE"
    r"|FILENAME|FOLDER|FORMAT|HOST|INTERVAL|ISSUER|LENGTH|LIFETIME|LIMIT|METHOD|MODE|NAMES?|PATH"
    r"|POLICY|PORT|PROVIDER|REF|REGION|REQUIRED|ROTATION|SCOPE|SECONDS|SIZE|TIMEOUT|TTL|TYPE|URI|URL"
    r"|VERSION"
)

HARMLESS = re.compile(
    r"|true|false|yes|no|on|off|none|null|0|1"  # a switch
    r"|(\$\([A-Za-z_][\w.-]*\))+"  # Kubernetes fills it in from another variable
    r"|(file://)?[~.]?(/[\w.@ -]+)+/?",  # a file
    re.I,
)
NUMBER = re.compile(r"[0-9.,_]+")
FILLED_IN = re.compile(r"\$\([A-Za-z_][\w.-]*\)")

URL_PASSWORD = re.compile(r"[A-Za-z][\w+.-]{0,30}://[^\s/?#@:]{0,500}:([^\s/?#]{0,500})@")
ASSIGNMENT = re.compile(
    r"""(?<![A-Za-z])(?P<name>password|passwd|passphrase|pass|pwd|client_?secret|secret|token|sig
    |account_?key|shared_?access_?key|secret_?access_?key|secret_?key|api[_-]?key|access[_-]?key
    |private_?key|x-amz-signature|x-goog-signature)
    (?:["']\s*:\s*["']|["']?\s*=\s*["']?)(?P<value>[^\s;&,"']+)""",
    re.I | re.X,
)
SHAPES = {
    "a private key": r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY",
    "an AWS access key": r"\b(AKIA|ASIA)[A-Z0-9]{16}\b",
    "a token of GitHub": r"\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{20,}",
    "a token of GitLab": r"\bglpat-[\w-]{20,}",
    "a token of Slack": r"\bxox[abeoprs]-[\w-]{10,}",
    "a token of Hugging Face": r"\bhf_[A-Za-z0-9]{30,}",
    "a key of Google's": r"\bAIza[\w-]{35}|\bya29\.[\w-]{20,}",
    "an API key": r"\b(sk|pk|rk)[-_](live_|test_|proj-|ant-)?[A-Za-z0-9_-]{20,}",
    "a registry's token": r"\b(npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|dckr_pat_[\w-]{20,})",
    "a JSON web token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.",
    "an authorization header": r"(?i)\b(basic|bearer)\s+[\w+/=.~-]{12,}",
}
LOOKS_LIKE = {what: re.compile(shape) for what, shape in SHAPES.items()}

RANDOM_TEXT = re.compile(r"[A-Za-z0-9+_=-]{32,}|(?<![\w/+])[A-Za-z0-9/+]{40}(?![\w/+=])")
"""The latter are AWS's secret keys."""
RANDOM_BITS = 4.2
"""Bits per character from which a long text is taken for a random one; names stay below."""


def credential(name: str, value: str) -> str | None:
    """Says why a setting looks like a credential.

    Args:
        name: Its name, such as that of an environment variable; may be empty.
        value: Its value, which is not part of the answer.

    Returns:
        The reason, to be put after the name; None for what does not look like one.

    Example:
        >>> credential("TOKENIZERS_PARALLELISM", "false")
        >>> credential("DATABASE_URL", "postgres://u:pw@h")  # pragma: allowlist secret
        'its value is a URL with a password'
    """
    if _holds_password(value):
        return "its value is a URL with a password"
    for found in ASSIGNMENT.finditer(value):
        if not HARMLESS.fullmatch(found["value"]):
            return f"its value holds a {found['name'].lower()}"
    for what, shape in LOOKS_LIKE.items():
        if shape.search(value):
            return f"its value looks like {what}"
    if any(_is_random(text) for text in RANDOM_TEXT.findall(value)):
        return "its value looks like a random key"
    if secret_name(name) and not _is_harmless(name, value):
        return "its name says that it is one"
    return None


def secret_name(name: str) -> bool:
    """Says whether a name is one under which people keep credentials."""
    words = _words(name)
    if not words or ABOUT.fullmatch(words[-1]) or words == ["PWD"]:  # the shell's own
        return False
    return (
        words[-1] in SECRET_ENDING
        or any(SECRET_WORD.fullmatch(word) for word in words)
        or SECRET_KEY.search("_".join(words)) is not None
    )


def _words(name: str) -> list[str]:
    """Word parts: of SNAKE_CASE, kebab-case and camelCase; numbers at the end are no part."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.rsplit("/", 1)[-1])
    words = [word for word in re.split(r"[^A-Za-z0-9]+", split.upper()) if word]
    while words and words[-1].isdigit():
        words.pop()
    return words


def _is_harmless(name: str, value: str) -> bool:
    if HARMLESS.fullmatch(value):
        return True
    # MAX_TOKENS=512 counts; a password may well be a number.
    counts = any("TOKEN" in word for word in _words(name))
    return counts and NUMBER.fullmatch(value) is not None


def _holds_password(value: str) -> bool:
    passwords = URL_PASSWORD.findall(value)
    return any(text and not FILLED_IN.fullmatch(text) for text in passwords)


def _is_random(text: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit)
    if not all(any(kind(letter) for letter in text) for kind in kinds):
        return False
    counts = Counter(text).values()
    bits = -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
    return bits >= RANDOM_BITS
