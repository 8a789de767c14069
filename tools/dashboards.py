"""Writes grafana/dashboards/*.json from grafana/source/*.yml. With --check it says which are not up to date.

A source file says what is asked and how it is called; everything else that Grafana wants is the same for all of them.
Thresholds and links to runbooks come from alerts.yml, the only home of thresholds.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import yaml

ROOT = Path(__file__).parents[1]
SCHEMA_VERSION = 41
WIDTH = 24
_HEIGHTS = {"stat": 4, "table": 9, "timeseries": 8, "state": 6}
_COLORS = {"info": "blue", "warning": "orange", "critical": "red"}
_ABOVE = re.compile(r"> ([0-9.]+)\)?\s*$")

Json: TypeAlias = dict[str, Any]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
THREAD = "https://slack.com/app_redirect?channel=${__data.fields.channel}&message_ts=${__data.fields.thread}"


def main(arguments: Sequence[str]) -> int:
    """Write them, or compare; answers the exit code."""
    alerts, stale = _alerts(), []
    for source in sorted((ROOT / "grafana/source").glob("*.yml")):
        target = ROOT / "grafana/dashboards" / f"{source.stem}.json"
        text = json.dumps(dashboard(yaml.safe_load(source.read_text()), alerts), indent=2, ensure_ascii=False) + "\n"
        if not target.exists() or target.read_text() != text:
            stale.append(target.relative_to(ROOT))
            if "--check" not in arguments:
                target.write_text(text)
    if "--check" in arguments and stale:
        sys.stdout.write(f"not what its source says: {', '.join(map(str, stale))}; run tools/dashboards.py\n")
        return 1
    return 0


def dashboard(source: Json, alerts: Mapping[str, Json]) -> Json:
    """One dashboard as Grafana loads it."""
    system = source.get("system")
    return {
        "uid": source["uid"],
        "title": source["title"],
        "description": source["description"],
        "tags": ["countersign", "billing", *([system] if system else [])],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "fiscalYearStartMonth": 0,
        "links": _links(),
        "templating": {"list": _variables()},
        "annotations": {"list": _annotations(system)},
        "panels": list(_panels(source["rows"], alerts)),
    }


def _links() -> list[Json]:
    return [
        {**_link("Countersign", "", kind="dashboards"), "asDropdown": True, "tags": ["countersign"]},
        _link("Console", "${console}"),
    ]


def _link(title: str, url: str, *, kind: str = "link") -> Json:
    return {
        "title": title, "type": kind, "url": url, "asDropdown": False, "icon": "external link", "includeVars": True,
        "keepTime": True, "tags": [], "targetBlank": kind == "link", "tooltip": "",
    }  # fmt: skip


def _variables() -> list[Json]:
    texts = (
        ("console", "Console", "http://localhost:8080", "where Countersign answers"),
        ("repository", "Repository", "https://git.example.internal/countersign/blob/main", "where runbooks/ is read"),
    )
    return [
        {
            "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "hide": 0,
            "includeAll": False, "multi": False, "regex": "", "refresh": 1, "skipUrlSync": False, "options": [],
            "current": {"selected": True, "text": "default", "value": "default"},
        },
        *(
            {
                "name": name, "label": label, "description": about, "type": "textbox", "query": value, "hide": 0,
                "skipUrlSync": False, "current": {"selected": True, "text": value, "value": value},
                "options": [{"selected": True, "text": value, "value": value}],
            }
            for name, label, value, about in texts
        ),
    ]  # fmt: skip


def _annotations(system: str | None) -> list[Json]:
    """A mark while an alert fires, and one when the bot opened an incident."""
    of = f', system="{system}"' if system else ""
    opened = f'countersign_incident_changes_total{{change="opened"{of}}}'
    marks = (
        ("Alerts", f'max by (alertname, severity, ops_event) (ALERTS{{alertstate="firing", team="billing"{of}}})',
         "{{severity}}: {{alertname}}", "{{ops_event}}", "red", "60s"),
        ("Incidents opened", f"sum by (system) (({opened} unless {opened} offset 1m) or increase({opened}[1m])) > 0",
         "Incident: {{system}}", "Countersign opened an incident", "blue", "60s"),
    )  # fmt: skip
    return [
        {
            "name": name, "datasource": SOURCE, "enable": True, "hide": False, "iconColor": color,
            "target": {"refId": "Anno", "expr": expr, "interval": step}, "titleFormat": title, "textFormat": text,
            "useValueForTime": False,
        }
        for name, expr, title, text, color, step in marks
    ]  # fmt: skip


def _panels(rows: Sequence[Json], alerts: Mapping[str, Json]) -> Iterator[Json]:
    number, top = 0, 0
    for row in rows:
        number += 1
        place = {"h": 1, "w": WIDTH, "x": 0, "y": top}
        yield {"id": number, "type": "row", "title": row["row"], "collapsed": False, "gridPos": place, "panels": []}
        top, left, height = top + 1, 0, 0
        for source in row["panels"]:
            number += 1
            kind = source.get("kind", "timeseries")
            width, tall = source.get("width", 8), source.get("height", _HEIGHTS[kind])
            if left + width > WIDTH:
                top, left, height = top + height, 0, 0
            place = {"h": tall, "w": width, "x": left, "y": top}
            yield {"id": number, "gridPos": place, **_panel(source, kind, alerts)}
            left, height = left + width, max(height, tall)
        top += height


def _panel(source: Json, kind: str, alerts: Mapping[str, Json]) -> Json:
    known = [alerts[name] for name in source.get("alerts", [])]
    defaults: Json = {"unit": source["unit"], "min": source.get("min", 0), "thresholds": _thresholds(known)}
    if kind == "timeseries":
        defaults |= {"color": {"mode": "palette-classic"}, "custom": _drawn(known)}
    elif kind == "state":
        defaults |= {"color": {"mode": "thresholds"}, "custom": {"fillOpacity": 80, "lineWidth": 0}}
    else:
        defaults |= {"color": {"mode": "thresholds"}}
    panel: Json = {
        "type": {"state": "state-timeline"}.get(kind, kind),
        "title": source["title"],
        "description": source["about"],
        "datasource": SOURCE,
        "targets": [_target(ask, at, kind) for at, ask in enumerate(source["ask"])],
        "fieldConfig": {"defaults": defaults, "overrides": _overrides(source)},
        "options": _options(kind),
        "links": [
            _link(f"Runbook: {each['title']}", f"${{repository}}/{each['runbook']}")
            for each in {each["runbook"]: each for each in known}.values()
        ],
        "transformations": _transformations(source) if kind == "table" else [],
    }
    return panel


def _target(ask: Json, at: int, kind: str) -> Json:
    instant = kind in {"table", "stat"}
    return {
        "refId": chr(ord("A") + at), "datasource": SOURCE, "editorMode": "code", "expr": " ".join(ask["expr"].split()),
        "legendFormat": ask.get("as", "__auto"), "instant": instant, "range": not instant,
        "format": "table" if kind == "table" else "time_series",
    }  # fmt: skip


def _thresholds(known: Sequence[Json]) -> Json:
    told = sorted((each for each in known if each["above"] is not None), key=lambda each: float(each["above"]))
    # Grafana colours what is at least this, alerts compare with more than that: it matters where the number is 0.
    steps = [{"color": _COLORS[each["severity"]], "value": each["above"] or 0.001} for each in told]
    return {"mode": "absolute", "steps": [{"color": "green", "value": None}, *steps]}


def _drawn(known: Sequence[Json]) -> Json:
    style = "line" if any(each["above"] is not None for each in known) else "off"
    return {
        "drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "auto", "spanNulls": False,
        "thresholdsStyle": {"mode": style},
    }  # fmt: skip


def _options(kind: str) -> Json:
    match kind:
        case "stat":
            calculated = {"calcs": ["lastNotNull"], "fields": "", "values": False}
            return {"reduceOptions": calculated, "colorMode": "value", "graphMode": "none", "textMode": "auto"}
        case "table":
            return {"showHeader": True, "cellHeight": "sm"}
        case "state":
            return {"mergeValues": True, "showValue": "auto", "rowHeight": 0.9}
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _overrides(source: Json) -> list[Json]:
    """The thread and the runbook of a row, as links."""
    if not source.get("leads_to_threads"):
        return []
    links = {"event": ("Thread in Slack", THREAD), "runbook": ("Runbook", "${repository}/runbooks/${__value.raw}.yml")}
    return [
        {
            "matcher": {"id": "byName", "options": column},
            "properties": [{"id": "links", "value": [{"title": title, "url": url, "targetBlank": True}]}],
        }
        for column, (title, url) in links.items()
    ]


def _transformations(source: Json) -> list[Json]:
    hidden = dict.fromkeys(["Time", "__name__", "instance", "job", *source.get("hide", [])], True)
    return [{"id": "organize", "options": {"excludeByName": hidden, "indexByName": {}, "renameByName": {}}}]


def _alerts() -> dict[str, Json]:
    """By name: severity, runbook, and the number it compares with at its end, where there is one."""
    groups = yaml.safe_load((ROOT / "alerts.yml").read_text())["groups"]
    found = {}
    for rule in (rule for group in groups for rule in group["rules"] if "alert" in rule):
        above = _ABOVE.search(rule["expr"])
        found[rule["alert"]] = {
            "severity": rule["labels"]["severity"],
            "runbook": rule["annotations"]["runbook_url"],
            "title": rule["annotations"]["summary"].partition(":")[0],
            "above": float(above[1]) if above else None,
        }
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
