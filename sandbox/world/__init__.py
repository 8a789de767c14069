"""The local world: a fake Stripe, a fake Mailgun and four billing hosts, for the demo and for tests."""

from sandbox.world.world import World, WorldSettings, build_world

__all__ = ["World", "WorldSettings", "build_world"]
