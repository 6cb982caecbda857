"""One life of the job, as a process of its own: `python -m pipeline.jobs.once SETTINGS`.

Started and restarted by `supervise`; ends with a code of `Ending`. What it says itself goes to
standard output, one sentence a line; standard error is Beam's and the runner's (`last_words`).
"""

import contextlib
import logging
import os
import signal
import sys
import threading
from dataclasses import replace
from typing import Any
from uuid import uuid4

from pipeline.errors import BrokerUnavailable, NotPermitted, RetentionError
from pipeline.jobs.ending import Ending, explained, say
from pipeline.jobs.handover import RunnerLost, submitted_to
from pipeline.jobs.landmarks import demand_whole
from pipeline.jobs.prism import PIPELINE_OPTIONS, Prism, check_beam, die_with_parent, locate
from pipeline.settings import Settings, from_json
from pipeline.transforms.pulse import (
    STALL_SECONDS,
    asked,
    silent_seconds,
    stop_fetching,
    wait_until_quiet,
)
from pipeline.transports import open_broker

QUIET_SECONDS = 1.0
STOP_LIMIT_SECONDS = 20.0

_LOG = logging.getLogger(__name__)


def main(arguments: list[str]) -> int:
    """Run until stopped, or until the runner or the job dies."""
    die_with_parent()
    settings = replace(from_json(arguments[0]), run_id=uuid4().hex)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    try:
        return _run(settings, stop)
    except RunnerLost as error:
        say(str(error))
        return Ending.FAILED
    except (BrokerUnavailable, NotPermitted) as error:  # a right or a login may be given again
        say(str(error))
        return Ending.EXPLAINED
    except RetentionError as error:
        say(str(error))
        return Ending.REFUSED


def _run(settings: Settings, stop: threading.Event) -> int:
    with open_broker(settings.broker_url, clock_topic=f"{settings.prefix}clock") as broker:
        demand_whole(settings, broker)
    if settings.runner == "flink":
        from pipeline.jobs import submitted

        return submitted.run(settings, stop)
    return _on_prism(settings, stop)


def _on_prism(settings: Settings, stop: threading.Event) -> int:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions

    from pipeline.jobs.enforce import build

    check_beam()
    prism = Prism(locate(os.environ.get("RETENTION_PRISM")))
    try:
        options = PipelineOptions(
            [
                *PIPELINE_OPTIONS,
                f"--job_endpoint=localhost:{prism.port}",
                "--job_name=retention-enforce",
                *settings.runner_options,
            ]
        )
        pipeline = beam.Pipeline(options=options)
        with open_broker(settings.broker_url, clock_topic=f"{settings.prefix}clock") as broker:
            build(pipeline, settings, broker)
        result = submitted_to(prism, pipeline.run, stop)
        if result is None:
            return Ending.STOPPED
        say("the job runs")
        return _watch(result, prism, stop)
    finally:
        prism.stop()


def _watch(result: Any, prism: Prism, stop: threading.Event) -> int:
    """Wait for a stop, or for the end of the job, the runner or the supervisor."""
    ended: list[str] = []

    def wait() -> None:
        try:
            ended.append(str(result.wait_until_finish()))
        except Exception as error:  # noqa: BLE001  # whatever Beam raises is the job's end
            _LOG.error("the job ended: %s", error)
            ended.append(str(error))

    threading.Thread(target=wait, name="job", daemon=True).start()
    parent = os.getppid()
    asked()
    while not stop.wait(0.2):
        if ended:
            return explained(ended[0])
        if not prism.alive:
            say("the runner died")
            return Ending.FAILED
        if silent_seconds() > STALL_SECONDS:
            say(f"the runner stalled: it asked no source for {STALL_SECONDS:.0f} s")
            return Ending.FAILED
        if os.getppid() != parent:
            return Ending.FAILED
    stop_fetching()
    if not wait_until_quiet(QUIET_SECONDS, STOP_LIMIT_SECONDS):
        say("stopping with work under way; it will be done again at the next start")
    with contextlib.suppress(Exception):
        result.cancel()
    return Ending.STOPPED


if __name__ == "__main__":
    # Of the libraries only errors, for they warn of what no operator can change.
    FORMAT = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(level=logging.ERROR, format=FORMAT)
    ours, told = logging.getLogger("pipeline"), logging.StreamHandler(sys.stdout)
    told.setFormatter(logging.Formatter(FORMAT))
    ours.addHandler(told)
    ours.setLevel(logging.WARNING)
    ours.propagate = False
    code = main(sys.argv[1:])
    # Beam's threads are not daemons; everything that matters has been flushed.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
