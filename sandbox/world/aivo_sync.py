"""A stand-in for the command that a host of Aivo's offers for a mass sync (docs/hosts/aivo.md).

Talks to the local world at AIVO_PAYMENTS_URL and prints one line of JSON. Exits 0 when it was done, 1 when refused.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence

import httpx


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Run it once; answers the exit code."""
    args, environ = _parser().parse_args(argv), os.environ if environ is None else environ
    body = {"ids": [each for each in args.ids.split(",") if each], "execute": args.execute}
    url = f"{environ['AIVO_PAYMENTS_URL']}/internal/sync/subscriptions"
    answer = httpx.post(url, json=body, timeout=60, trust_env=False)
    sys.stdout.write(json.dumps(answer.json()) + "\n")
    return 0 if answer.is_success else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sync-subscriptions", description="Bring subscriptions to what Stripe says.")
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--dry-run", action="store_true")
    how.add_argument("--execute", action="store_true")
    parser.add_argument("--all-states", action="store_true", required=True, help="trialing and past_due as well")
    parser.add_argument("--ids", required=True, help="subscriptions by id, separated by commas")
    return parser


if __name__ == "__main__":
    sys.exit(main())
