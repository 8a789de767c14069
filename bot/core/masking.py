"""Free text with everything private taken out: keys, tokens, links that open something, people's data."""

import re
from itertools import groupby
from urllib.parse import parse_qsl, unquote_plus, urlsplit

E_MAIL, PHONE, CARD, SECRET, LINK, PRIVATE = "[e-mail]", "[phone]", "[card]", "[secret]", "[link]", "[private]"

# Identifiers of Stripe and of ours. They are tried first, so that nothing below takes a part of one for something else.
_ID = (
    r"(?<![A-Za-z0-9_])(?:"
    r"(?:evt|cus|sub|in|ch|py|pi|po|acct|mtr|mtrus|si|sis|price|prod|plan|pm|seti|re|pyr|dp|du|txn|ii|il|cn|cnli|sub_sched"
    r"|req|we|di|promo|tr|fee|file|cs_test|cs_live|qt|tu|txi|src)_[A-Za-z0-9]{6,96}"
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|[0-9a-f]{64})(?![A-Za-z0-9_])"
)
_KEY = (
    r"(?:pi|seti|cs|cuss|src|in|sub|acct|pyrt)_[A-Za-z0-9_]{2,96}?_secret_[A-Za-z0-9_%/+=-]{4,}"  # a client_secret
    r"|(?:sk|rk|pk|ek|uk)_(?:live|test|org)_[A-Za-z0-9_]{4,}"
    r"|whsec_[A-Za-z0-9+/=_-]{4,}"
    r"|xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9.-]{6,}|xapp-[A-Za-z0-9-]{6,}"
    r"|(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA)[0-9A-Z]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|npm_[A-Za-z0-9]{30,}"
    r"|AIza[0-9A-Za-z_-]{30,}|SG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|key-[0-9a-f]{32}|[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}"  # Mailgun's, old and new
    r"|eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{2,}(?:\.[A-Za-z0-9_-]*)?"  # a JWT
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?s:.*?-----END [A-Z ]{0,30}PRIVATE KEY-----|.*)"
)
_URL = r"(?i:[a-z][a-z0-9+.-]{1,30}://[^\s<>\"'`]+)"
_QUOTED = r"\\?\"(?:[^\"\\]|\\.){0,4000}?\\?\"|'[^']{0,4000}'"
_NAMED = (
    r"(?P<name>(?i:secret|token|passw(?:or)?d|passphrase|pwd|api[_-]?key|access[_-]?key|private[_-]?key|write[_-]?key|signing[_-]?key"
    r"|credential|signature|authorization|cookie|session|jwt|dsn|cvc|cvv|fingerprint|access[_-]client[_-]id)[A-Za-z0-9_.-]{0,30})"
    r"(?P<sep>\\?[\"']?\s{0,3}(?:=>|[:=])\s{0,3})"
    rf"(?P<value>\[[a-z-]+\]|(?i:(?:bearer|basic)\s+)?(?:{_QUOTED}|[^\s,;&\"'}}\])]+))"
)
_PERSONAL = (
    r"(?P<field>\\?[\"'](?:name|full_name|first_name|last_name|phone|address|line1|line2|city|postal_code|recipient|to|last4"
    rf"|exp_month|exp_year)\\?[\"']\s{{0,3}}(?:=>|:)\s{{0,3}})(?:{_QUOTED}|\d+)"
)
_AUTH = r"\b(?P<scheme>(?i:bearer|basic))\s{1,3}(?P<credential>[A-Za-z0-9._~+/=-]{6,})"
_MAIL = r"[\w.%+'-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{0,62}"
_CARD = r"(?<!\d)(?:\d{13,19}|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,7}|\d{4}[ -]\d{6}[ -]\d{4,5})(?!\d)"
_PHONE = (
    r"(?:\+|(?<![\w.,-])00)[1-9](?:[ ().\u00a0/-]{0,2}\d){7,14}(?!\d)"
    r"|(?<![\w.,:-])(?:\(\d{3}\)[ -]?\d{3}[ -]|\d{3}(?P<gap>[-. ])\d{3}(?P=gap))\d{4}(?![\w.,-]*\d)"
    r"|(?<![\w.,:-])\(?0\d{2,4}\)?[ /-]\d{3,4}(?:[ -]?\d{2,5}){1,2}(?![\w:-])"
)
_OPAQUE = r"[A-Za-z0-9_+-]{40,}={0,2}"

_ANY = re.compile(
    rf"(?P<id>{_ID})|(?P<key>{_KEY})|(?P<url>{_URL})|(?P<named>{_NAMED})|(?P<personal>{_PERSONAL})|(?P<auth>{_AUTH})"
    rf"|(?P<mail>{_MAIL})|(?P<card>{_CARD})|(?P<phone>{_PHONE})|(?P<opaque>{_OPAQUE})"
)
_WHOLE_ID = re.compile(_ID)
_SECRET_NAME = re.compile(
    r"(?i)secret|token|passw|pwd|key|credential|signature|^sig$|auth|cookie|session|^code$|jwt|x-amz-"
)
_WORD = re.compile(r"[a-z]{1,15}[.!?]?")
# Hosts of pages that open for whoever holds the address: portal, checkout, hosted invoice, receipt, file link, webhook.
_OPEN_TO_HOLDER = frozenset(
    {
        "billing.stripe.com",
        "checkout.stripe.com",
        "connect.stripe.com",
        "invoice.stripe.com",
        "invoicedata.stripe.com",
        "pay.stripe.com",
        "receipt.stripe.com",
        "files.stripe.com",
        "hooks.slack.com",
        "hooks.stripe.com",
    }
)
_HOLDER_PATH = re.compile(r"(?i)/(?:sessions?|portal|magic|invite|reset|unsubscribe|hosted|download)/")
_PASSES = 5


def mask(text: str) -> str:
    """The text without what must not leave; masking what is masked changes nothing.

    >>> mask("jane@example.com paid in_1PabcdEFGH, key sk_live_abc123")
    '[e-mail] paid in_1PabcdEFGH, key [secret]'
    >>> mask("see https://invoice.stripe.com/i/acct_1AbCdEfG/test_YWNjdF8x?s=ap")
    'see https://invoice.stripe.com/[link]'
    """
    for _ in range(_PASSES):
        masked = _ANY.sub(_replaced, text)
        if masked == text:
            break
        text = masked  # what was taken out may have hidden the start of something else
    return text


def _replaced(found: re.Match[str]) -> str:
    whole = found[0]
    match found.lastgroup:
        case "key":
            return SECRET
        case "url":
            return _link(whole)
        case "named":
            return _named(found)
        case "personal":
            return f"{found['field']}{PRIVATE}"
        case "auth":
            return whole if _WORD.fullmatch(found["credential"]) else f"{found['scheme']} {SECRET}"
        case "mail":
            return E_MAIL
        case "card":
            return CARD if _is_card(whole) else whole
        case "phone":
            return PHONE
        case "opaque":
            return SECRET if _is_opaque(whole, longest=20) else whole
    return whole


def _named(found: re.Match[str]) -> str:
    """`name=value`: the value goes, unless it is a word of prose (`token: expired`) or says that there is none."""
    value = found["value"]
    is_prose = found["sep"] == ": " and _WORD.fullmatch(value) and not found["name"].lower().startswith("pass")
    if is_prose or value.strip("\\\"'").lower() in {"", "none", "null", "nil", "true", "false"}:
        return found[0]
    return f"{found['name']}{found['sep']}{SECRET}"


def _link(url: str) -> str:
    """An address that still says where it leads, without what would let its reader in."""
    kept = url.rstrip(".,;:!?)]}|")
    rest = url[len(kept) :]
    if kept.endswith(LINK[:-1]):
        return url
    try:
        parts = urlsplit(kept)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return LINK + rest
    scheme, address = parts.scheme, parts.netloc.rpartition("@")[2]
    if parts.scheme not in {"http", "https"} and "@" in kept:  # a DSN, whose password may hold anything
        return f"{scheme}://{mask(kept.rpartition('@')[2])}{rest}"
    if host in _OPEN_TO_HOLDER and parts.path.strip("/"):
        return f"{scheme}://{address}/{LINK}{rest}"
    if _is_private_path(parts.path) or _is_private_query(parts.query) or _is_private_query(parts.fragment):
        return f"{scheme}://{address}/{LINK}{rest}"
    return url if address == parts.netloc else f"{scheme}://{address}{kept.partition(parts.netloc)[2]}{rest}"


def _is_private_path(path: str) -> bool:
    if _HOLDER_PATH.search(path):
        return True
    segments = [unquote_plus(segment) for segment in path.split("/") if segment]
    return any(_is_opaque(segment, longest=20) or mask(segment) != segment for segment in segments)


def _is_private_query(query: str) -> bool:
    pairs = parse_qsl(query, keep_blank_values=False, max_num_fields=None)
    if not pairs:
        return bool(query) and mask(unquote_plus(query)) != unquote_plus(query)
    return any(
        _SECRET_NAME.search(name) or _is_opaque(value, longest=20) or mask(value) != value for name, value in pairs
    )


def _is_card(text: str) -> bool:
    """13 to 19 digits of a card scheme's range whose check digit is right (Luhn)."""
    digits = [int(character) for character in text if character.isdigit()]
    if digits[0] not in range(2, 7):
        return False
    doubled = [sum(divmod(digit * 2, 10)) if at % 2 else digit for at, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_opaque(text: str, *, longest: int) -> bool:
    """Whether it looks drawn at random: one long run of capitals, small letters and digits that is no identifier."""
    if len(text) < longest or _WHOLE_ID.fullmatch(text):
        return False
    runs = ("".join(run) for is_word, run in groupby(text, str.isalnum) if is_word)
    return any(
        len(run) >= longest
        and any(map(str.isupper, run))
        and any(map(str.islower, run))
        and sum(map(str.isdigit, run)) > 1
        for run in runs
    )
