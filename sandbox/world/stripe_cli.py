"""A stand-in for Stripe's command-line program, as far as it sends events again.

`stripe events resend evt_… --webhook-endpoint=we_…` talks to the fake Stripe at STRIPE_API_URL with STRIPE_WRITE_KEY,
and prints the event as JSON on one line. Exits 0 when it was sent, 1 when Stripe refused, 2 on wrong usage.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from urllib.parse import quote

import httpx


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run one command; answers the exit code."""
    args, environ = _parser().parse_args(argv), os.environ if environ is None else environ
    headers = {"Authorization": f"Bearer {environ['STRIPE_WRITE_KEY']}"}
    if args.idempotency:
        headers["Idempotency-Key"] = args.idempotency
    answer = httpx.post(
        f"{environ['STRIPE_API_URL']}/v1/events/{quote(args.event, safe='')}/retry",
        data={"webhook_endpoint": args.webhook_endpoint},
        headers=headers,
        timeout=60,
        trust_env=False,
    )
    sys.stdout.write(json.dumps(answer.json()) + "\n")
    return 0 if answer.is_success else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="stripe", description="Resend an event to a webhook endpoint.")
    what = parser.add_subparsers(dest="resource", required=True).add_parser("events")
    resend = what.add_subparsers(dest="verb", required=True).add_parser("resend")
    resend.add_argument("event")
    resend.add_argument("--webhook-endpoint", required=True)
    resend.add_argument("-i", "--idempotency")
    resend.add_argument("-c", "--confirm", action="store_true")
    resend.add_argument("--live", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
