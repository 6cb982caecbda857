"""The options of `retention run` that are for Flink, and what is made of them."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from rich.console import Console
from rich.markup import escape

from pipeline.errors import InvalidInput, RunnerRefused
from pipeline.jobs.flink import (
    EMBEDDED,
    FLINK_VERSIONS,
    Environment,
    Flink,
    StateBackend,
    job_name,
    on_flink,
)
from pipeline.jobs.runner_version import check_runner_version, read_version
from pipeline.settings import Settings


def _option(text: str, *names: str) -> Any:
    return typer.Option(*names, rich_help_panel="On Flink", help=text)


@dataclass(frozen=True, kw_only=True)
class FlinkOptions:
    """What was given on the command line for Flink."""

    job_endpoint: Annotated[
        str | None, _option("HOST:PORT of Beam's Flink job server that runs.")
    ] = None
    runner_version: Annotated[
        str | None,
        _option("Beam version of that job server, such as 2.77.0: it cannot be asked for it."),
    ] = None
    job_server_jar: Annotated[
        Path | None,
        _option("Jar of Beam's Flink job server, to start one; it tells its version itself."),
    ] = None
    flink_master: Annotated[
        str | None,
        _option(
            "HOST:PORT of Flink's REST, where the jar's job server submits, and to see what runs "
            f"there; `{escape(EMBEDDED)}`: a Flink inside the job server, to try."
        ),
    ] = None
    flink_version: Annotated[str, _option(f"One of {', '.join(FLINK_VERSIONS)}.")] = FLINK_VERSIONS[
        0
    ]
    parallelism: Annotated[int, _option("Slots of Flink that the job uses.")] = 1
    sdk_worker_parallelism: Annotated[
        int, _option("Python workers of each task manager: as many as it has slots.")
    ] = 1
    checkpoint_interval: Annotated[
        float | None, _option("Seconds between two checkpoints, 3 or more; give 10.")
    ] = None
    checkpoint_storage: Annotated[
        str | None, _option("URI of a folder for them that every machine of Flink sees.")
    ] = None
    state_backend: Annotated[
        str,
        _option(
            "filesystem: state in the memory of the task managers; rocksdb: needs its classes in "
            "the job server; cluster: what Flink's own configuration says, storage too."
        ),
    ] = "filesystem"
    environment: Annotated[str, _option("Of the workers: external, process or docker.")] = (
        "external"
    )
    worker: Annotated[
        str | None,
        _option(
            "external: HOST:PORT of `retention worker-pool` as a task manager reaches it; "
            "process: the command that starts a worker; docker: the image.",
            "--worker",
            "--worker-pool",
        ),
    ] = None
    application_jar: Annotated[
        Path | None,
        _option("Write the job as a jar for application mode, and end; of --job-server-jar."),
    ] = None


def with_flink(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Return a verb that has `FlinkOptions` as options, and hands them on as `flink`."""
    signature = inspect.signature(verb)
    options = [
        inspect.Parameter(
            each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=each.type
        )
        for each in fields(FlinkOptions)
    ]
    names = [option.name for option in options]

    @functools.wraps(verb)
    def with_options(**given: Any) -> Any:
        flink = FlinkOptions(**{name: given.pop(name) for name in names})
        return verb(**given, flink=flink)

    own = [each for name, each in signature.parameters.items() if name != "flink"]
    described: Any = with_options
    described.__signature__ = signature.replace(parameters=[*own, *options])
    described.__annotations__ = {each.name: each.annotation for each in (*own, *options)}
    return with_options


def flink_settings(settings: Settings, given: FlinkOptions, console: Console) -> Settings:
    """Return the settings of a job on Flink.

    Raises:
        InvalidInput: a value is missing, wrong or does not go with another.
        RunnerRefused: there would be no checkpoints, the version of the runner or of Flink is not
            good enough, or the job runs there already.
    """
    jar = str(given.job_server_jar.absolute()) if given.job_server_jar else None
    if given.job_endpoint and jar:
        raise InvalidInput("give --job-endpoint or --job-server-jar, not both")
    if given.application_jar and not jar:
        raise InvalidInput("--application-jar needs --job-server-jar, of which it is made")
    if jar and not given.application_jar and not given.flink_master:
        raise InvalidInput(
            f"--job-server-jar needs --flink-master HOST:PORT, or {EMBEDDED} to try it"
        )
    flink = Flink(
        checkpoint_seconds=given.checkpoint_interval,
        checkpoint_storage=given.checkpoint_storage,
        worker=given.worker,
        flink_version=given.flink_version,
        parallelism=given.parallelism,
        sdk_workers=given.sdk_worker_parallelism,
        environment=_one_of("--environment", given.environment, get_args(Environment)),
        state_backend=_one_of("--state-backend", given.state_backend, get_args(StateBackend)),
        job_endpoint=given.job_endpoint,
        job_server_jar=jar,
        master=given.flink_master,
    )
    found = _known_version(flink, given.runner_version)
    if flink.job_endpoint and flink.master:
        from pipeline.jobs.flink_cluster import check_cluster

        check_cluster(flink.master, flink.flink_version, job_name(settings.prefix))
    if found != version("apache-beam"):
        what = f"the runner is {found} and the SDK {version('apache-beam')}"
        console.print(
            f"retention: {what}; Beam promises only that equal versions work together",
            style="yellow",
        )
    return on_flink(settings, flink)


def _one_of(option: str, given: str, known: tuple[str, ...]) -> Any:
    if given not in known:
        raise InvalidInput(f"{option} {given} is not one of {', '.join(known)}")
    return given


def _known_version(flink: Flink, stated: str | None) -> str:
    """Return the runner's version; refuse one below the floor, or of which nobody knows it."""
    if flink.job_server_jar:
        found = read_version(Path(flink.job_server_jar), flink.flink_version)
        check_runner_version(found, f"the runner in {flink.job_server_jar}")
        if stated not in {None, found}:
            raise RunnerRefused(
                f"--runner-version {stated} is not what {flink.job_server_jar} is: {found}"
            )
        return found
    if stated is None:
        raise RunnerRefused(
            "the version of the job server is not known: Beam's job API does not tell it, and "
            "below 2.76 its checkpoints grow for ever; state it with --runner-version, or give "
            "--job-server-jar"
        )
    check_runner_version(stated, "--runner-version")
    return stated
