"""Programs beside the bot, as the demonstration has them: scripts that run the local world's stand-ins."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

_NAMES = ("STRIPE_API_URL", "STRIPE_WRITE_KEY")


def write_stripe(folder: Path, *, environment: dict[str, str]) -> Path:
    """Write `folder/bin/stripe`, which knows the fake Stripe's address and key as the real one knows its sign-in.

    Returns the folder that belongs on PATH.
    """
    return _write(folder, "stripe", "sandbox.world.stripe_cli", {name: environment[name] for name in _NAMES})


def write_sync(folder: Path, *, environment: dict[str, str]) -> Path:
    """Write `folder/bin/sync-subscriptions`, the command that a host of Aivo's offers. Returns the folder for PATH."""
    name = "AIVO_PAYMENTS_URL"
    return _write(folder, "sync-subscriptions", "sandbox.world.aivo_sync", {name: environment[name]})


def write_release(folder: Path, *, environment: dict[str, str]) -> Path:
    """Write `folder/bin/billing-host`, the release command of a host of Accrue's. Returns the folder for PATH."""
    names = ("ACCRUE_URL", "ACCRUE_TOKEN")
    return _write(folder, "billing-host", "sandbox.world.accrue_release", {name: environment[name] for name in names})


def _write(folder: Path, name: str, module: str, environment: Mapping[str, str]) -> Path:
    place = folder / "bin"
    place.mkdir(parents=True, exist_ok=True)
    settings = [f"{key}={shlex.quote(value)}" for key, value in environment.items()]
    command = " ".join([*settings, f"PYTHONPATH={shlex.quote(str(Path.cwd()))}", "exec", shlex.quote(sys.executable)])
    program = place / name
    program.write_text(f'#!/bin/sh\n{command} -m {module} "$@"\n')
    program.chmod(0o700)
    return place
