"""What is private does not survive masking, wherever it stands; identifiers and figures do."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.masking import mask

_WORD = string.ascii_letters + string.digits
_BETWEEN = st.sampled_from(
    [" ", "\n", "\t", ", ", "; ", "(", ")", '"', "'", "<", ">", "|", " = ", ": ", "[", "]", "{", "}", "`"]
)
_PROSE = st.text(st.characters(codec="utf-8"), max_size=60)


def _word(least: int, most: int, alphabet: str = _WORD) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most)


def _luhn(prefix: str) -> str:
    for digit in "0123456789":
        doubled = [sum(divmod(int(c) * 2, 10)) if at % 2 else int(c) for at, c in enumerate(reversed(prefix + digit))]
        if sum(doubled) % 10 == 0:
            return prefix + digit
    raise AssertionError


def _grouped(digits: str) -> str:
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


_CARDS = st.builds(lambda first, rest: _luhn(first + rest), st.sampled_from("3456"), _word(14, 14, string.digits))
_SECRETS = st.one_of(
    _word(8, 40).map("sk_live_{}".format),
    _word(8, 40).map("rk_test_{}".format),
    _word(16, 40).map("whsec_{}".format),
    _word(12, 30).map("xoxb-{}".format),
    _word(16, 16, string.ascii_uppercase + string.digits).map("AKIA{}".format),
    st.builds("pi_{}_secret_{}".format, _word(8, 24), _word(8, 24)),
    st.builds("eyJ{}.{}.{}".format, _word(8, 30), _word(8, 40), _word(8, 40)),
    st.builds("{}@{}.{}".format, _word(1, 12), _word(1, 12), st.sampled_from(["com", "co.uk", "museum"])),
    _CARDS,
    _CARDS.map(_grouped),
    _word(9, 12, "123456789").map("+49{}".format),
    _word(8, 40).map("https://billing.stripe.com/p/session/live_{}".format),
    _word(8, 40).map("https://invoice.stripe.com/i/acct_1/{}?s=ap".format),
    _word(8, 40).map("https://hooks.slack.com/services/T0/B0/{}".format),
    _word(8, 40).map("https://example.com/reset?token={}".format),
    _word(8, 30).map("postgresql://bot:{}@db.example/app".format),
    st.builds("Authorization: Bearer {}7".format, _word(8, 40)),
    st.builds(
        "{}={}7".format, st.sampled_from(["client_secret", "STRIPE_API_KEY", "password", "auth_token"]), _word(8, 40)
    ),
    st.builds(
        '"{}": "{}7"'.format, st.sampled_from(["client_secret", "apiKey", "session", "fingerprint"]), _word(8, 40)
    ),
)
_IDS = st.one_of(
    st.uuids().map(str),
    st.builds(
        "{}_{}".format,
        st.sampled_from(["evt", "cus", "sub", "in", "ch", "pi", "po", "acct", "mtr", "si"]),
        _word(14, 28),
    ),
    st.builds("accrue.ops.{}".format, _word(3, 12, string.ascii_lowercase)),
    st.datetimes().map(lambda moment: moment.isoformat(timespec="seconds") + "+00:00"),
    st.integers(0, 10**12).map("{:,}".format),
    st.decimals(0, 10**6, places=4).map(str),
)


def _private_part(secret: str) -> str:
    """What must not be readable afterwards: the longest run of it that is no name, host or path."""
    for start in ("live_", "acct_1/", "B0/", "token=", "bot:", "Bearer ", '": "', "="):
        if start in secret and not secret.startswith(("sk_", "rk_")):
            return secret.partition(start)[2].split("?")[0].split("@")[0].strip('"')
    return secret


@given(before=_PROSE, left=_BETWEEN, secret=_SECRETS, right=_BETWEEN, after=_PROSE)
def test_a_secret_anywhere_in_a_text_does_not_survive(
    before: str, left: str, secret: str, right: str, after: str
) -> None:
    assume(_private_part(secret) not in before + after)

    masked = mask(before + left + secret + right + after)

    assert _private_part(secret) not in masked


@given(st.lists(st.one_of(_PROSE, _SECRETS, _IDS, _BETWEEN), max_size=6).map("".join))
def test_masking_what_is_masked_changes_nothing(text: str) -> None:
    once = mask(text)

    assert mask(once) == once


@given(st.lists(_IDS, min_size=1, max_size=5))
def test_identifiers_and_figures_pass(ids: list[str]) -> None:
    text = " ".join(ids)

    assert mask(text) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("no such customer: 'cus_Nabc123def456'; a similar object exists in live mode", id="stripe-error"),
        pytest.param("http://prometheus:9090/graph?g0.expr=sum%28rate%28x%5B5m%5D%29%29&g0.tab=1", id="graph-link"),
        pytest.param("https://dashboard.stripe.com/events/evt_1NabcdefGHIJKLmnopqrst", id="dashboard-link"),
        pytest.param("https://github.com/acme/runbooks/blob/main/late-orders.md#triage", id="guide"),
        pytest.param("STRIPE_API_KEY: set it, or leave the resource out", id="a-name-of-a-setting"),
        pytest.param("the token: expired", id="prose-about-a-token"),
        pytest.param("basic authentication is used", id="prose-about-basic"),
        pytest.param("diagnose:550e8400-e29b-41d4-a716-446655440000:2", id="job"),
        pytest.param("9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab", id="revision"),
        pytest.param("2026-11-20 10:00:00.123456+00:00 1763712345678", id="times"),
        pytest.param("pkg@1.2.3 and 10.0.0.1:9090", id="versions-and-addresses"),
        pytest.param("8 243 1,234,567.89 0.00123456789 -12.5", id="numbers"),
        pytest.param('{}/{severity=~"critical|warning"}:{alertname="X", service="y"}', id="group-key"),
    ],
)
def test_what_on_call_needs_to_read_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        pytest.param("https://user:pw1234@host.example/x?y=1", "https://host.example/x?y=1", id="basic-auth-in-a-url"),
        pytest.param(
            "postgresql+psycopg://u:p@ss/w@h:5432/db", "postgresql+psycopg://h:5432/db", id="dsn-with-an-odd-password"
        ),
        pytest.param(
            "see https://pay.stripe.com/invoice/acct_1/test_Y/pdf?s=ap.",
            "see https://pay.stripe.com/[link].",
            id="invoice-pdf",
        ),
        pytest.param('{"email":"a@b.co","name":"Jane Doe"}', '{"email":"[e-mail]","name":[private]}', id="payload"),
        pytest.param('{\\"name\\": \\"Jane\\"}', '{\\"name\\": [private]}', id="payload-inside-json"),
        pytest.param("mailto jane%40example.com", "mailto [e-mail]", id="encoded-e-mail"),
        pytest.param("call (555) 123-4567 or 0151/2345678", "call [phone] or [phone]", id="national-phones"),
        pytest.param("3782 822463 10005", "[card]", id="american-express"),
        pytest.param("4242-4242-4242-4242", "[card]", id="card-with-dashes"),
        pytest.param("4242.4242.4242.4242", "[card]", id="card-with-dots"),
        pytest.param("to DE89 3704 0044 0532 0130 00 now", "to [bank account] now", id="iban"),
        pytest.param("DE89370400440532013001", "DE89370400440532013001", id="no-iban-by-its-check-digits"),
        pytest.param('"jane doe"@example.com', "[e-mail]", id="quoted-local-part"),
        pytest.param('%Accrue.BillingPortal.Session{id: "bps_1", url: "x"} ok', "[private] ok", id="inspected-session"),
        pytest.param("4242 4242 4242 4243", "4242 4242 4242 4243", id="wrong-check-digit"),
        pytest.param(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nend",
            "[secret]\nend",
            id="private-key",
        ),
        pytest.param("-----BEGIN PRIVATE KEY-----\nMIIE cut", "[secret]", id="private-key-that-is-cut"),
        pytest.param("password=hunter", "password=[secret]", id="a-password-that-is-a-word"),
        pytest.param("https://x.example/a?sig=abc&n=1", "https://x.example/[link]", id="signed-link"),
        pytest.param("https://x.example/portal/aB3dE5gH7jK9mN1pQ3sT5", "https://x.example/[link]", id="opaque-segment"),
    ],
)
def test_the_rest_of_the_text_stays_readable(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece", ["a", "a.", "-a", "1 ", "1-", "@a.", "eyJ", "https://", '"', "\\", "x=", "token", "+1 ", "[", "pi_"]
)
def test_a_long_text_is_masked_in_linear_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))

    assert len(mask(text)) <= 2 * len(text)
