"""`python -m pipeline.testing [PORT]`: one Kafka node on the loopback until Ctrl-C or SIGTERM."""

import contextlib
import signal
import sys

from rich.console import Console

from pipeline.errors import InvalidInput
from pipeline.testing.kafka_broker import LocalKafka
from pipeline.testing.ports import listens

PORT = 9092


def main() -> None:
    """Start the node, say where it listens, and stop it when told to.

    Raises:
        InvalidInput: something listens on the port.
    """
    port = int(sys.argv[1]) if len(sys.argv) > 1 else PORT
    if listens(port):
        raise InvalidInput(f"something listens on port {port}: use it, or name another port")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), LocalKafka(port=port) as kafka:
        Console().print(f"{kafka.url} (Ctrl-C stops it; its data goes with it)", highlight=False)
        signal.pause()


if __name__ == "__main__":
    try:
        main()
    except InvalidInput as error:
        sys.exit(f"retention: {error}")
