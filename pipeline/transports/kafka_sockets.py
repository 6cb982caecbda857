"""Sockets of Kafka's client that are closed when their connection does not come about.

The client (3.0.12) leaves them to the garbage collector, which in a process with many records comes
by seldom: in a long outage of the broker they would use up the process's file descriptors.
"""

import socket
from typing import Any

from kafka.net.inet import KafkaNetSocket

PROXY_URL = "direct://"
"""As the client's `proxy_url`: connect directly, through `ClosingSocket`."""


class ClosingSocket(KafkaNetSocket):  # type: ignore[misc]  # the client has no types
    """Connects without a proxy. The client finds it by its scheme."""

    SCHEMES = ("direct",)

    async def sock_connect(
        self, net: Any, sock: socket.socket, sockaddr: Any, timeout_at: float | None = None
    ) -> socket.socket:
        """Return the socket, connected; close it if it cannot be, or is wanted no more."""
        try:
            await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:
            sock.close()
            raise
        return sock
