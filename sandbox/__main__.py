"""`python -m sandbox`: the local world on one port."""

import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from sandbox.app import LocalServer, World, build_app
from sandbox.workspace.config import Config, Shortcut, read_manifest


def main(
    *,
    bot: Annotated[str, typer.Option(help="Where the bot listens for Slack's callbacks.")] = "http://127.0.0.1:8080",
    listen: Annotated[str, typer.Option(help="host:port to serve on.")] = "127.0.0.1:8090",
    state: Annotated[Path, typer.Option(help="Folder for what the simulated systems keep.")] = Path("var/sandbox"),
    seed: Annotated[int | None, typer.Option(help="Makes the invented rows and ids the same every time.")] = None,
    manifest: Annotated[Path | None, typer.Option(help="Slack app manifest; decides scopes, commands.")] = None,
    bot_token: Annotated[str, typer.Option(help="Made-up bot token that the workspace accepts.")] = "xoxb-local",
    app_token: Annotated[str, typer.Option(help="Made-up app token, for Socket Mode.")] = "xapp-local",
    signing_secret: Annotated[str, typer.Option(help="Made-up secret that signs callbacks.")] = "local-signing-secret",
    socket_mode: Annotated[bool, typer.Option("--socket-mode", help="Deliver over Socket Mode, not by HTTP.")] = False,
    webhook_token: Annotated[
        str | None,
        typer.Option(envvar="SANDBOX_WEBHOOK_TOKEN", help="The bot's; with it the hosts forward their ops events."),
    ] = None,
    postgres: Annotated[
        str | None,
        typer.Option(envvar="SANDBOX_POSTGRES_URL", help="A throwaway PostgreSQL to use instead of our own."),
    ] = None,
    without_world: Annotated[bool, typer.Option("--without-world", help="Serve the workspace alone.")] = False,
) -> None:
    """Serve a local Slack-like workspace, a fake Stripe and the simulated billing hosts until Ctrl-C."""
    host, _, port = listen.rpartition(":")
    config = Config(
        url=f"http://{listen}",
        bot=bot.rstrip("/"),
        bot_token=bot_token,
        app_token=app_token,
        signing_secret=signing_secret,
        socket_mode=socket_mode,
    )
    if manifest is not None:
        config = _installed(config, manifest)
    app, hub = build_app(
        config=config,
        world=None if without_world else _world(state, seed, postgres=postgres, bot=config.bot, token=webhook_token),
        now=time.time,
        token=lambda: secrets.token_hex(6).upper(),
    )
    LocalServer(app, hub=hub, host=host, port=int(port)).run()


def _installed(config: Config, manifest: Path) -> Config:
    """The workspace with the app as its manifest describes it."""
    app = read_manifest(manifest)
    return replace(
        config,
        app_name=app.display_information.name,
        bot_name=app.features.bot_user.display_name,
        scopes=frozenset(app.oauth_config.scopes.bot),
        commands=tuple(each.command for each in app.features.slash_commands),
        shortcuts=tuple(
            Shortcut(callback_id=each.callback_id, name=each.name)
            for each in app.features.shortcuts
            if each.type == "message"
        ),
        events=frozenset(app.settings.event_subscriptions.bot_events),
    )


def _world(state: Path, seed: int | None, *, postgres: str | None, bot: str, token: str | None) -> World:
    # Here, so that the workspace alone runs without what the simulated systems need (PostgreSQL).
    from sandbox.world import WorldSettings, build_world  # noqa: PLC0415

    url = f"{bot}/ops-events" if token else None
    return build_world(
        WorldSettings(
            state_dir=state,
            postgres_url=postgres,
            seed=seed,
            ops_events_url=url,
            ops_events_token=SecretStr(token) if token else None,
        )
    )


if __name__ == "__main__":
    typer.run(main)
