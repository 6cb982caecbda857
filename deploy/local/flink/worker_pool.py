"""Serves Beam's worker pool on one port of the loopback, for ever: `worker_pool.py PORT`.

The same servicer as Beam's own `worker_pool_main`, which listens on every interface and cannot be
told not to.
"""

import sys
import threading

import grpc
from apache_beam.portability.api import beam_fn_api_pb2_grpc
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer
from apache_beam.utils import thread_pool_executor

server = grpc.server(thread_pool_executor.shared_unbounded_instance())
beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(
    BeamFnExternalWorkerPoolServicer(use_process=True, data_buffer_time_limit_ms=-1), server
)
server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
server.start()
threading.Event().wait()
