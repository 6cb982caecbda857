"""Beam's worker pool: starts a Python worker for each that Flink asks for.

Beam's own `worker_pool_main` listens on every interface. Whoever reaches the port may start workers
that connect to wherever he says, and nobody is asked who he is.
"""

import signal
import threading

import grpc
from apache_beam.portability.api import beam_fn_api_pb2_grpc
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer
from apache_beam.utils import thread_pool_executor

from pipeline.errors import InvalidInput

STOP_SECONDS = 5.0


def serve(host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C, then end the workers.

    Raises:
        InvalidInput: the address is taken, or not of this machine.
    """
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    servicer = BeamFnExternalWorkerPoolServicer(use_process=True, data_buffer_time_limit_ms=-1)
    # Two pools on one port would each get some of the workers.
    options = [("grpc.so_reuseport", 0)]
    server = grpc.server(thread_pool_executor.shared_unbounded_instance(), options=options)
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(servicer, server)
    try:
        server.add_insecure_port(f"{host}:{port}")
    except RuntimeError as error:
        raise InvalidInput(f"{host}:{port} cannot be listened on: {error}") from error
    server.start()
    stop.wait()
    server.stop(None).wait(STOP_SECONDS)
    for worker in servicer._worker_processes.values():  # noqa: SLF001  # Beam ends them only at exit
        worker.terminate()
