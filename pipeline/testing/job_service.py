"""Stands for Beam's Flink job server: its job API, its options, and what was submitted to it.

The real one is not in the registries that the tests may use. It keeps what it was given; with
`FlinkBehind` the job then runs on the embedded Flink, as the real one would have it run.
"""

import threading
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from typing import Any, Self

import grpc
from apache_beam.portability.api import (
    beam_job_api_pb2,
    beam_job_api_pb2_grpc,
    beam_runner_api_pb2,
)
from google.protobuf import json_format

from pipeline.testing.flink import FlinkFailed, FlinkJob
from pipeline.testing.ports import LOOPBACK

State = beam_job_api_pb2.JobState
TERMINAL = (State.DONE, State.FAILED, State.CANCELLED, State.DRAINED)
_KIND = beam_job_api_pb2.PipelineOptionType
_TEXT = "state_backend state_backend_storage_path flink_conf_dir savepoint_path checkpointing_mode"
_WHOLE = (
    "checkpointing_interval max_bundle_time_mills max_bundle_size shutdown_sources_after_idle_ms "
    "number_of_execution_retries min_pause_between_checkpoints parallelism max_parallelism"
)
_FLAGS = "externalized_checkpoints_enabled retain_externalized_checkpoints_on_cancellation"


def flink_options() -> list[Any]:
    """Return options as Beam's Flink job server describes them: names and kinds as in 2.70."""
    kinds = ((_TEXT, _KIND.STRING), (_WHOLE, _KIND.INTEGER), (_FLAGS, _KIND.BOOLEAN))
    return [
        beam_job_api_pb2.PipelineOptionDescriptor(name=name, type=kind, description=name)
        for names, kind in kinds
        for name in names.split()
    ]


class JobService(beam_job_api_pb2_grpc.JobServiceServicer):
    """Beam's job API on a free port of the loopback, for as long as it is entered."""

    def __init__(self, options: list[Any] | None = None, port: int = 0) -> None:
        self.described = flink_options() if options is None else options
        self.pipeline: Any = None
        self.options: dict[str, Any] = {}
        self.states: list[int] = [State.STOPPED]
        self.error = ""
        self.calls: list[str] = []
        self._changed = threading.Condition()
        self._server = grpc.server(futures.ThreadPoolExecutor(16))
        beam_job_api_pb2_grpc.add_JobServiceServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port(f"{LOOPBACK}:{port}")

    @property
    def endpoint(self) -> str:
        """Address for `--job-endpoint`."""
        return f"{LOOPBACK}:{self.port}"

    def __enter__(self) -> Self:
        """Serve."""
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Let every stream end, then stop."""
        if self.states[-1] not in TERMINAL:
            self.become(State.CANCELLED)
        self._server.stop(1).wait()

    def become(self, state: int, error: str = "") -> None:
        """Have the job be in another state."""
        with self._changed:
            self.error = error
            self.states.append(state)
            self._changed.notify_all()

    def start_job(self) -> None:
        """Start what was submitted; here it only counts as running."""

    def cancel_job(self) -> None:
        """Cancel it."""

    # -- Beam's names ---------------------------------------------------------------------------

    def DescribePipelineOptions(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Tell which options there are."""
        return beam_job_api_pb2.DescribePipelineOptionsResponse(options=self.described)

    def GetJobs(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """List the job that was submitted."""
        if self.pipeline is None:
            return beam_job_api_pb2.GetJobsResponse()
        name = self.options.get("job_name", "")
        job = beam_job_api_pb2.JobInfo(job_id="job-1", job_name=name, state=self.states[-1])
        return beam_job_api_pb2.GetJobsResponse(job_info=[job])

    def Prepare(self, request: Any, _context: Any) -> Any:  # noqa: N802
        """Keep the pipeline and its options."""
        self.calls.append("Prepare")
        self.pipeline = beam_runner_api_pb2.Pipeline.FromString(
            request.pipeline.SerializeToString()
        )
        told = json_format.MessageToDict(request.pipeline_options)
        self.options = {
            name.removeprefix("beam:option:").removesuffix(":v1"): value
            for name, value in told.items()
        }
        return beam_job_api_pb2.PrepareJobResponse(preparation_id="job-1")

    def Run(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Start the job."""
        self.calls.append("Run")
        self.start_job()
        self.become(State.RUNNING)
        return beam_job_api_pb2.RunJobResponse(job_id="job-1")

    def GetState(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Tell the state."""
        return beam_job_api_pb2.JobStateEvent(state=self.states[-1])

    def GetStateStream(self, _request: Any, _context: Any) -> Iterator[Any]:  # noqa: N802
        """Tell every state until the last."""
        for state in self._each():
            yield beam_job_api_pb2.JobStateEvent(state=state)

    def GetMessageStream(self, _request: Any, _context: Any) -> Iterator[Any]:  # noqa: N802
        """Tell the states, and of what a failed job died."""
        for state in self._each():
            if self.error and state in TERMINAL:
                message = beam_job_api_pb2.JobMessage(
                    message_text=self.error,
                    importance=beam_job_api_pb2.JobMessage.JOB_MESSAGE_ERROR,
                )
                yield beam_job_api_pb2.JobMessagesResponse(message_response=message)
            event = beam_job_api_pb2.JobStateEvent(state=state)
            yield beam_job_api_pb2.JobMessagesResponse(state_response=event)

    def Cancel(self, _request: Any, _context: Any) -> Any:  # noqa: N802
        """Cancel the job."""
        self.calls.append("Cancel")
        self.cancel_job()
        self.become(State.CANCELLED)
        return beam_job_api_pb2.CancelJobResponse(state=State.CANCELLED)

    def _each(self) -> Iterator[int]:
        at = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: len(self.states) > at)  # noqa: B023
                state = self.states[at]
            at += 1
            yield state
            if state in TERMINAL:
                return


class FlinkBehind(JobService):
    """A job service that runs what is submitted to it on the embedded Flink."""

    def __init__(self, workdir: Path) -> None:
        super().__init__()
        self._workdir = workdir
        self.job: FlinkJob | None = None

    def start_job(self) -> None:
        """Start Flink with the parallelism and the interval that were submitted."""
        self.job = FlinkJob(
            self.pipeline.SerializeToString(),
            self._workdir,
            parallelism=int(self.options["parallelism"]),
            checkpoint_interval_ms=int(self.options["checkpointing_interval"]),
        )
        self.job.__enter__()

    def cancel_job(self) -> None:
        """Cancel the job as Flink's own overview does."""
        if self.job is None:
            raise FlinkFailed("no job was started; submit one first")
        self.job.cancel()

    def __exit__(self, *arguments: object) -> None:
        """Stop serving, and Flink."""
        super().__exit__(*arguments)
        if self.job is not None:
            self.job.close()
