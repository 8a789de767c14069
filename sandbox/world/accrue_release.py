"""The host's release command, as `bin/host rpc` would reach the running node: `python -m sandbox.world.accrue_release`.

Prints one line of JSON. Exits 0 when done, 1 when the host refused, 2 on wrong usage. Needs ACCRUE_URL, ACCRUE_TOKEN.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence

import httpx


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    args = _parser().parse_args(argv)
    headers = {"Authorization": f"Bearer {os.environ['ACCRUE_TOKEN']}", "X-Accrue-Transport": "release"}
    if args.idempotency_key:
        headers["Idempotency-Key"] = args.idempotency_key
    path, body = _call(args)
    answer = httpx.post(
        f"{os.environ['ACCRUE_URL']}/internal/accrue/dlq/{path}", json=body, headers=headers, timeout=60
    )
    sys.stdout.write(json.dumps(answer.json()) + "\n")
    return 0 if answer.is_success else 1


def _call(args: argparse.Namespace) -> tuple[str, dict[str, object]]:
    if args.command == "replay":
        return "replay", {"event_id": args.event_id}
    given = {"type": args.type, "since": args.since, "until": args.until, "event_ids": args.event_id}
    return "bulk_replay", {"dry_run": args.dry_run, **{name: value for name, value in given.items() if value}}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="accrue_release", description="Replay dead-lettered webhooks.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("replay", help="requeue one event")
    one.add_argument("event_id")
    many = commands.add_parser("bulk-replay", help="requeue by filter")
    many.add_argument("--type")
    many.add_argument("--since")
    many.add_argument("--until")
    many.add_argument("--event-id", action="append")
    many.add_argument("--dry-run", action="store_true")
    for command in (one, many):
        command.add_argument("--idempotency-key")
    return parser


if __name__ == "__main__":
    sys.exit(main())
