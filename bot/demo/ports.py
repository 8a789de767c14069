"""Free loopback ports: the wonted one where it is free, any other where it is not."""

import socket


def free_port(wanted: int, taken: set[int]) -> int:
    """`wanted`, or a port the system picks when it is in use; added to `taken`."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left is free
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found = int(probe.getsockname()[1])
        if found not in taken:
            taken.add(found)
            return found
    return free_port(0, taken)
