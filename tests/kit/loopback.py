"""One client for servers on loopback: each call of httpx's own reads every root certificate first, for nothing."""

import httpx

loopback = httpx.Client(
    verify=False,
    trust_env=False,
    timeout=20,
    limits=httpx.Limits(max_keepalive_connections=0),  # servers come and go, and so do their ports
)
