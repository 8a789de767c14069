"""Stripe's command-line program, as the demonstration has it: a script that runs the local world's stand-in."""

import shlex
import sys
from pathlib import Path

_NAMES = ("STRIPE_API_URL", "STRIPE_WRITE_KEY")


def write_stripe(folder: Path, *, environment: dict[str, str]) -> Path:
    """Write `folder/bin/stripe`, which knows the fake Stripe's address and key as the real one knows its sign-in.

    Returns the folder that belongs on PATH.
    """
    place = folder / "bin"
    place.mkdir(parents=True)
    settings = [f"{name}={shlex.quote(environment[name])}" for name in _NAMES]
    command = " ".join([*settings, f"PYTHONPATH={shlex.quote(str(Path.cwd()))}", "exec", shlex.quote(sys.executable)])
    program = place / "stripe"
    program.write_text(f'#!/bin/sh\n{command} -m sandbox.world.stripe_cli "$@"\n')
    program.chmod(0o700)
    return place
