"""Countersign, an ops bot for billing."""

__version__ = "0.1.0"
