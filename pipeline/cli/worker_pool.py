"""`retention worker-pool`: the Python workers beside a task manager of Flink."""

from typing import Annotated

import typer
from rich.console import Console

WORKER_PORT = 50_000


def worker_pool(
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = WORKER_PORT,
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen on. Nobody is asked who he is: leave it on the loopback, in "
            "the network namespace of the task manager."
        ),
    ] = "127.0.0.1",
) -> None:
    """Start a Python worker for each that Flink asks for, until SIGTERM or Ctrl-C."""
    from pipeline.jobs.worker_pool import serve

    Console(stderr=True).print(f"retention: workers are started at {host}:{port}", highlight=False)
    serve(host, port)
