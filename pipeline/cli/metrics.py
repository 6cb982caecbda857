"""`retention metrics`: the exporter that Prometheus scrapes."""

import signal
import threading
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from pipeline.cli.options import Approvals, BrokerUrl, EventTopics, KeyringFile, Prefix
from pipeline.cli.waiting import reachable
from pipeline.errors import InvalidInput
from pipeline.settings import Settings
from pipeline.transports.topics import DEFAULT_EVENTS, DEFAULT_PREFIX


def metrics(
    broker: BrokerUrl,
    prefix: Prefix = DEFAULT_PREFIX,
    events: EventTopics = list(DEFAULT_EVENTS),  # noqa: B006  # typer copies it
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: a free one.")] = 9108,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    group: Annotated[
        str, typer.Option(help="Consumer group of the job's positions.")
    ] = Settings.group,
    approvals: Approvals = None,
    keyring: KeyringFile = None,
) -> None:
    """Serve /metrics and /healthz until SIGTERM or Ctrl-C, from the topics alone."""
    from pipeline.metrics.follower import Follower
    from pipeline.metrics.serve import Exporter

    console = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)
    settings = Settings(
        broker_url=broker,
        prefix=prefix,
        events=tuple(events),
        group=group,
        approvals=tuple(approvals or ()),
        keyring=keyring,
    )
    stop = threading.Event()

    def leave(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, leave)
    with reachable(broker, prefix, console, existing=True) as log:
        try:
            exporter = Exporter(lambda: Follower(log, settings), host, port)
        except OSError as error:
            raise InvalidInput(f"cannot listen on {host}:{port}: {error.strerror}") from error
        console.print(f"retention: metrics on http://{host}:{exporter.port}/metrics")
        exporter.run(stop)
