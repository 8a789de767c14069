"""Prometheus and Alertmanager: do they answer, have they our alerts, and does what they send arrive."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from bot.adapters.http import HttpApi
from bot.core.errors import Refused
from bot.core.ports import HttpCall, HttpReply
from bot.doctor.finding import Findings, broken, ok, skipped, warning

_SECONDS = 5.0


def alertmanager(url: str | None, *, token_is_set: bool) -> Findings:
    """Raises one of our errors when it does not answer."""
    where = "alertmanager"
    if url is None:
        yield skipped(where, "not configured; silences cannot be asked for", "Set ALERTMANAGER_URL")
        return
    status = _get(url, "/api/v2/status", name=where)
    version = str((status.get("versionInfo") or {}).get("version", "unknown"))
    yield ok(where, f"version {version}")
    config = _parsed(str((status.get("config") or {}).get("original", "")))
    ours = [hook for hook in _webhooks(config) if _may_be_ours(hook)]
    if not ours:
        yield broken(where, "no receiver posts to /alertmanager", "Add a webhook receiver (docs/alertmanager)")
    for hook in ours:
        yield from _receiver(hook, token_is_set=token_is_set)


def prometheus(url: str, *, alerts: Path, where: str) -> Findings:
    """Raises one of our errors when it does not answer."""
    build = _get(url, "/api/v1/status/buildinfo", name=where).get("data") or {}
    yield ok(where, f"version {build.get('version', 'unknown')}")
    have = {
        rule["name"]: rule
        for group in _told(url, "/api/v1/rules?type=alert", "groups", name=where)
        for rule in group["rules"]
    }
    wanted = _names(alerts)
    missing = sorted(wanted - have.keys())
    if missing:
        what = f"{len(missing)} of {len(wanted)} alerts of {alerts} are not loaded: {', '.join(missing[:5])}"
        yield broken(where, f"{what}{' …' if len(missing) > 5 else ''}", f"Name {alerts} under rule_files: and reload")
    else:
        yield ok(where, f"all {len(wanted)} alerts of {alerts} are loaded")
    for name in sorted(wanted & have.keys()):
        if have[name].get("health") == "err":
            yield broken(where, f"the alert {name} cannot be evaluated: {str(have[name].get('lastError'))[:200]}")
    targets = _told(url, "/api/v1/targets?state=active", "activeTargets", name=where)
    down = sorted({str(each["scrapePool"]) for each in targets if each.get("health") == "down"})
    if down:
        yield warning(where, f"targets of {', '.join(down)} are down", "Their alerts cannot fire")
    elif targets:
        yield ok(where, f"{len(targets)} targets, none is down")


def _told(url: str, path: str, what: str, *, name: str) -> list[dict[str, Any]]:
    """A list that Prometheus tells. Raises Refused when whatever answers there is none."""
    told = (_get(url, path, name=name).get("data") or {}).get(what)
    if not isinstance(told, list):
        raise Refused(name, f"it answers {path} without {what}: is it a Prometheus?")
    return told


def _receiver(hook: Mapping[str, Any], *, token_is_set: bool) -> Findings:
    where, http = "alertmanager", hook.get("http_config") or {}
    if http.get("follow_redirects") is not False:
        yield warning(where, "its receiver follows redirects, which lose alerts", "Set follow_redirects: false")
    if hook.get("send_resolved") is False:
        yield broken(where, "its receiver sends no resolved alerts", "Set send_resolved: true")
    has_credentials = any(http.get(each) for each in ("authorization", "basic_auth"))
    if token_is_set and not has_credentials:
        yield broken(where, "its receiver sends no token, so it is refused", "Set http_config.authorization")
    elif http.get("follow_redirects") is False and hook.get("send_resolved") is not False:
        yield ok(where, "its receiver points here, follows no redirects and sends resolved alerts")


def _may_be_ours(hook: Mapping[str, Any]) -> bool:
    """Newer versions hide a webhook's address: then any may be."""
    url = str(hook.get("url", ""))
    return url.rstrip("/").endswith("/alertmanager") or "secret" in url


def _webhooks(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for receiver in config.get("receivers") or ():
        yield from receiver.get("webhook_configs") or ()


def _names(alerts: Path) -> frozenset[str]:
    document = _parsed(alerts.read_text(encoding="utf-8")) if alerts.exists() else {}
    return frozenset(
        rule["alert"] for group in document.get("groups") or () for rule in group["rules"] if "alert" in rule
    )


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _get(url: str, path: str, *, name: str) -> dict[str, Any]:
    api = HttpApi(url, name=name)
    try:
        reply: HttpReply = api.send(HttpCall(method="GET", path=path), timeout=_SECONDS)
    finally:
        api.close()
    if reply.status != 200 or not isinstance(reply.body, dict):
        raise Refused(name, f"it answered {reply.status}, and not as it should")
    return cast(dict[str, Any], reply.body)
