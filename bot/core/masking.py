"""Free text with everything private taken out: keys, tokens, links that open something, people's data."""

import re
from collections.abc import Callable, Mapping
from itertools import groupby
from urllib.parse import parse_qsl, unquote_plus, urlsplit

E_MAIL, PHONE, CARD, BANK = "[e-mail]", "[phone]", "[card]", "[bank account]"
SECRET, LINK, PRIVATE = "[secret]", "[link]", "[private]"

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
_HIDDEN_NAMES = (
    r"(?i:secret|token|passw(?:or)?d|passphrase|pwd|api[_-]?key|access[_-]?key|private[_-]?key|write[_-]?key|signing[_-]?key"
    r"|credential|signature|authorization|cookie|session|jwt|dsn|cvc|cvv|fingerprint|access[_-]client[_-]id)"
)
_NAMED = (
    rf"(?P<name>{_HIDDEN_NAMES}[A-Za-z0-9_.-]{{0,30}})"
    r"(?P<sep>\\?[\"']?\s{0,3}(?:=>|[:=])\s{0,3})"
    rf"(?P<value>\[[a-z-]+\]|(?i:(?:bearer|basic)\s+)?(?:{_QUOTED}|[^\s,;&\"'}}\])]+))"
)
_PERSONAL = (
    r"(?P<field>\\?[\"'](?:name|full_name|first_name|last_name|phone|address|line1|line2|city|postal_code|recipient|to|last4"
    rf"|exp_month|exp_year)\\?[\"']\s{{0,3}}(?:=>|:)\s{{0,3}})(?:{_QUOTED}|\d+)"
)
_AUTH = r"\b(?P<scheme>(?i:bearer|basic))\s{1,3}(?P<credential>[A-Za-z0-9._~+/=-]{6,})"
_MAIL = r"(?:[\w.%+'-]{1,64}|\"[^\"\n]{1,64}\")(?:@|%40)(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{0,62}"
_CARD = (
    r"(?<!\d)(?:\d{13,19}|\d{4}(?P<by>[ .\u00a0-])\d{4}(?P=by)\d{4}(?P=by)\d{1,7}"
    r"|\d{4}(?P<amex>[ .\u00a0-])\d{6}(?P=amex)\d{4,5})(?!\d)"
)
_BANK = r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])"  # an IBAN
_SESSION = r"%[A-Z][\w.]{0,80}Session\{[^}]{0,4000}\}?"  # an Elixir struct as `inspect` prints it
_PHONE = (
    r"(?:\+|(?<![\w.,-])00)[1-9](?:[ ().\u00a0/-]{0,2}\d){7,14}(?!\d)"
    r"|(?<![\w.,:-])(?:\(\d{3}\)[ -]?\d{3}[ -]|\d{3}(?P<gap>[-. ])\d{3}(?P=gap))\d{4}(?![\w.,-]*\d)"
    r"|(?<![\w.,:-])\(?0\d{2,4}\)?[ /-]\d{3,4}(?:[ -]?\d{2,5}){1,2}(?![\w:-])"
)
_OPAQUE = r"[A-Za-z0-9_+-]{40,}={0,2}"

_ANY = re.compile(
    rf"(?P<id>{_ID})|(?P<key>{_KEY})|(?P<url>{_URL})|(?P<named>{_NAMED})|(?P<personal>{_PERSONAL})|(?P<auth>{_AUTH})"
    rf"|(?P<mail>{_MAIL})|(?P<card>{_CARD})|(?P<bank>{_BANK})|(?P<phone>{_PHONE})|(?P<struct>{_SESSION})"
    rf"|(?P<opaque>{_OPAQUE})"
)
_WHOLE_ID = re.compile(_ID)
_SECRET_NAME = re.compile(
    r"(?i)secret|token|passw|pwd|key|credential|signature|^sig$|auth|cookie|session|^code$|jwt|x-amz-"
)
_WORD = re.compile(r"[a-z]{1,15}[.!?]?")
_SECRET_FIELD = re.compile(_HIDDEN_NAMES)
_PERSONAL_FIELD = re.compile(
    r"(?i)(?:^|_)(?:e_?mail|phone|mobile|(?:billing_|shipping_)?address|street|line[12]|city|zip|postal_?code|recipient|payee"
    r"|(?:first|last|full|given|family|user|customer|client|company|display|holder|contact|legal)_?name|card_?holder|iban|pan"
    r"|card_?number|last_?4|birth_?(?:day|date)|dob|ssn|(?:tax|vat)_?(?:id|number))$"
)
_PARTY_FIELD = re.compile(r"(?i)(?:^|_)(?:name|customer|client|user|person|owner|holder|contact|buyer|payer|company)$")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:/#-]*")
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
_NO_VALUE = frozenset({"", "none", "null", "nil", "true", "false"})
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


def masked_field(name: str, value: str) -> str:
    """The value of a label, an input or a field, whose name may say that it is private.

    >>> masked_field("customer_name", "Jane Doe"), masked_field("customer", "cus_1"), masked_field("session", "a b")
    ('[private]', 'cus_1', '[secret]')
    """
    if _PERSONAL_FIELD.search(name) or (_PARTY_FIELD.search(name) and not _IDENTIFIER.fullmatch(value)):
        return PRIVATE if value else value
    if _SECRET_FIELD.search(name) and value.lower() not in _NO_VALUE:
        return SECRET
    return mask(value)


def _replaced(found: re.Match[str]) -> str:
    kind = found.lastgroup
    assert kind is not None  # each alternative is a named group
    return _BY_KIND[kind](found)


def _named(found: re.Match[str]) -> str:
    """`name=value`: the value goes, unless it is a word of prose (`token: expired`) or says that there is none."""
    value = found["value"]
    is_prose = found["sep"] == ": " and _WORD.fullmatch(value) and not found["name"].lower().startswith("pass")
    if is_prose or value.strip("\\\"'").lower() in _NO_VALUE:
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


def _is_iban(text: str) -> bool:
    """Letters as numbers, the first four characters last: the remainder by 97 is 1 (ISO 13616)."""
    turned = (text[4:] + text[:4]).replace(" ", "")
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


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


def _auth(found: re.Match[str]) -> str:
    return found[0] if _WORD.fullmatch(found["credential"]) else f"{found['scheme']} {SECRET}"


_BY_KIND: Mapping[str, Callable[[re.Match[str]], str]] = {
    "id": lambda found: found[0],
    "key": lambda _: SECRET,
    "url": lambda found: _link(found[0]),
    "named": _named,
    "personal": lambda found: f"{found['field']}{PRIVATE}",
    "auth": _auth,
    "mail": lambda _: E_MAIL,
    "card": lambda found: CARD if _is_card(found[0]) else found[0],
    "bank": lambda found: BANK if _is_iban(found[0]) else found[0],
    "phone": lambda _: PHONE,
    "struct": lambda _: PRIVATE,
    "opaque": lambda found: SECRET if _is_opaque(found[0], longest=20) else found[0],
}
