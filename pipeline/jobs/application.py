"""A jar that holds the job: what Flink's Kubernetes operator starts in application mode.

It is Beam's own format: the job server's jar, with the pipeline and its options beside the classes.
"""

import shutil
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.flink_runner import FlinkRunner
from apache_beam.runners.portability.flink_uber_jar_job_server import (
    FlinkBeamJob,
    FlinkUberJarJobServer,
)

from pipeline.jobs.enforce import build
from pipeline.settings import Settings
from pipeline.transports.contract import Broker

ENTRY_CLASS = "org.apache.beam.runners.flink.FlinkPipelineRunner"
"""Its `main` runs the pipeline that lies in the jar, on the Flink in which it is called."""
_NOWHERE = "http://localhost"


def write_application(settings: Settings, broker: Broker, target: Path) -> None:
    """Write the job as a jar.

    Args:
        settings: of a job on Flink; its options name the job server's jar.
        broker: asked only how many partitions there are.
        target: where the jar is put, whole or not at all.
    """
    # The Flink in which the jar is started, not one that an option names.
    options = PipelineOptions(
        [*settings.runner_options, "--flink_submit_uber_jar"], flink_master="[auto]"
    )
    pipeline = beam.Pipeline(options=options, runner=_Writer(target))
    build(pipeline, settings, broker, pinned=False)
    pipeline.run()


class _Writer(FlinkRunner):
    """Beam's runner up to the point where it would send the jar to Flink."""

    def __init__(self, target: Path) -> None:
        super().__init__()
        self._target = target

    def default_job_server(self, options: PipelineOptions) -> "_JarServer":
        return _JarServer(options, self._target)


class _JarServer(FlinkUberJarJobServer):
    def __init__(self, options: PipelineOptions, target: Path) -> None:
        super().__init__(_NOWHERE, options)
        self._target = target

    def create_beam_job(self, job_id: str, job_name: str, pipeline: Any, options: Any) -> "_JarJob":
        job = _JarJob(_NOWHERE, self.executable_jar(), job_id, job_name, pipeline, options)
        job.target = self._target
        return job


class _JarJob(FlinkBeamJob):
    target: Path

    def run(self) -> None:
        self._stop_artifact_service()
        part = self.target.with_name(f"{self.target.name}.part")
        shutil.move(self._jar, part)
        part.replace(self.target)
