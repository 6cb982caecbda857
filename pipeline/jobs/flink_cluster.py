"""What is asked of Flink, and of Beam's job server, before the job is submitted."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

import grpc
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

from pipeline.errors import RunnerRefused
from pipeline.jobs.flink import EMBEDDED, NEEDED_OPTIONS

ANSWER_SECONDS = 30.0
_ENDED = frozenset({"FINISHED", "CANCELED", "FAILED"})
_ENDED_JOBS = frozenset(
    {
        beam_job_api_pb2.JobState.DONE,
        beam_job_api_pb2.JobState.DRAINED,
        beam_job_api_pb2.JobState.FAILED,
        beam_job_api_pb2.JobState.CANCELLED,
    }
)


def check_cluster(master: str, flink_version: str, job_name: str) -> None:
    """Refuse a cluster of another version, or one on which this job runs already.

    Raises:
        RunnerRefused: it is so, or Flink does not answer.
    """
    if master == EMBEDDED:
        return
    found = str(_asked(master, "/config").get("flink-version"))
    if found.split(".")[:2] != flink_version.split("."):
        raise RunnerRefused(
            f"Flink at {master} is {found}, not {flink_version}: correct --flink-version, and take "
            "the job server for it"
        )
    for job in _asked(master, "/jobs/overview").get("jobs", ()):
        if job.get("name") == job_name and job.get("state") not in _ENDED:
            raise _second(job_name, str(job.get("jid")), f"Flink at {master}")


def check_job_server(endpoint: str, job_name: str, seconds: float = ANSWER_SECONDS) -> None:
    """Refuse a job server that is not Flink's, or that runs this job already.

    Raises:
        RunnerRefused: it is so, or it does not answer.
    """
    with grpc.insecure_channel(endpoint) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=seconds)
            service = beam_job_api_pb2_grpc.JobServiceStub(channel)
            described = service.DescribePipelineOptions(
                beam_job_api_pb2.DescribePipelineOptionsRequest(), timeout=seconds
            )
            jobs = service.GetJobs(beam_job_api_pb2.GetJobsRequest(), timeout=seconds)
        except (grpc.FutureTimeoutError, grpc.RpcError) as error:
            raise RunnerRefused(
                f"no job server of Beam answers at {endpoint} within {seconds:.0f} s; start it, or "
                "correct --job-endpoint"
            ) from error
    missing = NEEDED_OPTIONS - {option.name for option in described.options}
    if missing:
        raise RunnerRefused(
            f"the job server at {endpoint} does not know {', '.join(sorted(missing))}: it is not "
            "Beam's for Flink"
        )
    for job in jobs.job_info:
        if job.job_name == job_name and job.state not in _ENDED_JOBS:
            raise _second(job_name, job.job_id, f"the job server at {endpoint}")


def _second(job_name: str, job: str, where: str) -> RunnerRefused:
    return RunnerRefused(
        f"{where} runs {job_name} already, as {job}: two jobs of one prefix would send every "
        "command twice; cancel that one first"
    )


def _asked(master: str, path: str) -> dict[str, Any]:
    base = master if "://" in master else f"http://{master}"
    if "@" in base:
        raise RunnerRefused(
            "--flink-master names a user: an address holds no login; give HOST:PORT"
        )
    if not base.startswith(("http://", "https://")):
        raise RunnerRefused(f"--flink-master {master} is no http address; give HOST:PORT")
    url = base.rstrip("/") + path
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
            told = json.loads(answer.read())
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise RunnerRefused(
            f"Flink does not answer at {url}: {error}; start it, or correct --flink-master"
        ) from error
    return told if isinstance(told, dict) else {}
