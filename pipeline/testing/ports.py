"""Ports of the loopback for servers that tests start."""

import socket

from pipeline.jobs.prism import free_port

__all__ = ["LOOPBACK", "free_port", "listens"]

LOOPBACK = "127.0.0.1"


def listens(port: int) -> bool:
    """Return whether something accepts connections on this port of the loopback."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
