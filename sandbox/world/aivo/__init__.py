"""Aivo: payments, billing and entitlements services over one database in the seed runbook's vocabulary."""
