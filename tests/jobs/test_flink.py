"""What Beam is told of Flink, and what is refused before anything is submitted."""

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from apache_beam.options.pipeline_options import (
    FlinkRunnerOptions,
    PipelineOptions,
    PortableOptions,
    StandardOptions,
)

from pipeline.errors import InvalidInput, RunnerRefused
from pipeline.jobs.flink import (
    FLINK_VERSIONS,
    NEEDED_OPTIONS,
    Flink,
    job_name,
    on_flink,
    pipeline_options,
)
from pipeline.jobs.runner_version import check_runner_version, read_version
from pipeline.settings import Settings, from_json, to_json
from pipeline.testing.flink import ROOT, build_flink

SETTINGS = Settings("kafka://broker:9092")


def flink(**changes: Any) -> Flink:
    values: dict[str, Any] = {
        "checkpoint_seconds": 10.0,
        "checkpoint_storage": "s3://bucket/checkpoints",
        "worker": "localhost:50000",
        "job_endpoint": "jobs:8099",
    }
    return Flink(**(values | changes))


def told(**changes: Any) -> dict[str, str]:
    options = pipeline_options(flink(**changes), "retention-enforce-x")
    assert len({option.split("=")[0] for option in options}) == len(options), "twice"
    return {
        name.removeprefix("--"): value for name, _, value in (o.partition("=") for o in options)
    }


def test_beam_is_told_what_the_design_asks_for() -> None:
    options = told(parallelism=4, sdk_workers=2)
    assert options["checkpointing_interval"] == "10000"
    assert options["max_bundle_time_mills"] == "200"
    assert options["shutdown_sources_after_idle_ms"] == str(2**63 - 1)
    assert options["parallelism"] == "4"
    assert options["sdk_worker_parallelism"] == "2"
    assert options["flink_version"] == "1.19"
    assert options["state_backend"] == "filesystem"
    assert options["state_backend_storage_path"] == "s3://bucket/checkpoints"
    assert options["environment_type"] == "EXTERNAL"
    assert options["environment_config"] == "localhost:50000"
    assert options["job_endpoint"] == "jobs:8099"
    assert options["job_name"] == "retention-enforce-x"
    assert {"streaming", "externalized_checkpoints_enabled"} <= set(options)
    assert set(options) >= NEEDED_OPTIONS


def test_the_options_of_the_embedded_flink_are_the_same() -> None:
    """What the tests run is what users are given."""
    shared = (ROOT / "deploy" / "local" / "flink" / "flink.options").read_text()
    options = told()
    assert f"--maxBundleTimeMills={options['max_bundle_time_mills']}\n" in shared
    assert f"--shutdownSourcesAfterIdleMs={options['shutdown_sources_after_idle_ms']}" in shared


def test_beam_reads_them_as_they_are_meant() -> None:
    options = PipelineOptions(list(pipeline_options(flink(parallelism=3), "x")))
    assert options.view_as(StandardOptions).streaming is True
    assert options.view_as(StandardOptions).runner == "FlinkRunner"
    assert options.view_as(PortableOptions).environment_type == "EXTERNAL"
    assert options.view_as(FlinkRunnerOptions).parallelism == 3
    assert options.view_as(FlinkRunnerOptions).flink_version == "1.19"
    assert set(FLINK_VERSIONS) <= set(FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS)


def test_the_settings_are_those_that_flink_needs() -> None:
    settings = on_flink(SETTINGS, flink(parallelism=3))
    assert settings.runner == "flink"
    assert settings.poll_seconds == 1.2
    assert settings.splits == 3
    assert on_flink(SETTINGS, flink(master="other:8081")).flink_master == "other:8081"
    assert from_json(to_json(settings)) == settings
    unchanged = {"runner", "poll_seconds", "splits", "runner_options"}
    for field in dataclasses.fields(Settings):
        if field.name not in unchanged:
            assert getattr(settings, field.name) == getattr(SETTINGS, field.name)


def test_a_job_server_that_runs_is_not_told_where_its_flink_is() -> None:
    assert "flink_master" not in told(master="other:8081")
    options = told(job_endpoint=None, job_server_jar="/a/b.jar", master="cluster:8081")
    assert options["flink_master"] == "cluster:8081"
    assert options["flink_job_server_jar"] == "/a/b.jar"
    assert "job_endpoint" not in options


def test_a_cluster_with_a_backend_of_its_own_keeps_it() -> None:
    options = told(state_backend="cluster")
    assert not [name for name in options if name.startswith("state_backend")]


def test_workers_may_be_processes_or_containers() -> None:
    process = told(environment="process", worker="/opt/boot")
    assert process["environment_type"] == "PROCESS"
    assert json.loads(process["environment_config"]) == {"command": "/opt/boot"}
    docker = told(environment="docker", worker="image:1")
    assert (docker["environment_type"], docker["environment_config"]) == ("DOCKER", "image:1")


@pytest.mark.parametrize("seconds", [None, 0, -1, 0.5, 2.999, 3_601, float("nan")])
def test_without_checkpoints_that_work_nothing_starts(seconds: float | None) -> None:
    with pytest.raises(RunnerRefused, match=r"--checkpoint-interval.*give 10"):
        flink(checkpoint_seconds=seconds)


def test_why_there_must_be_checkpoints_is_said() -> None:
    with pytest.raises(RunnerRefused, match="the first worker that fails ends the job and all of"):
        flink(checkpoint_seconds=None)
    with pytest.raises(RunnerRefused, match="starve the sources"):
        flink(checkpoint_seconds=1)


@pytest.mark.parametrize(
    "storage", [None, "", "memory", "memory://", "jobmanager://x", "/tmp/x", "C", "bucket"]
)
def test_checkpoints_must_outlive_the_job_manager(storage: str | None) -> None:
    with pytest.raises(RunnerRefused, match="--checkpoint-storage"):
        flink(checkpoint_storage=storage)


@pytest.mark.parametrize("uri", ["s3://b/c", "hdfs://name/c", "file:///mounted/c", "abfss://a@b/c"])
def test_a_file_system_of_any_kind_will_do(uri: str) -> None:
    assert flink(checkpoint_storage=uri).checkpoint_storage == uri


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"worker": None}, "--worker"),
        ({"worker": "nowhere"}, "HOST:PORT"),
        ({"worker": "host:0"}, "HOST:PORT"),
        ({"job_endpoint": "http://host:1"}, "HOST:PORT"),
        ({"job_endpoint": None}, "--job-endpoint HOST:PORT"),
        ({"parallelism": 0}, "--parallelism"),
        ({"sdk_workers": 0}, "--sdk-worker-parallelism"),
        ({"flink_version": "1.16"}, r"1\.19, 1\.20"),
    ],
)
def test_what_cannot_work_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        flink(**changes)


def test_a_job_is_known_again_by_its_prefix() -> None:
    assert job_name("retention.") == "retention-enforce-retention"
    assert job_name("") == "retention-enforce"
    assert job_name("a.") != job_name("b.")


# -- the runner's version -----------------------------------------------------------------------


@pytest.mark.parametrize("stated", ["2.75.0", "2.70.0", "2.9", "1.99.1"])
def test_a_runner_below_the_floor_is_refused_with_the_reason(stated: str) -> None:
    with pytest.raises(RunnerRefused, match=f"{stated}, below 2.76: its checkpoints.*for ever"):
        check_runner_version(stated, "--runner-version")


@pytest.mark.parametrize("stated", ["2.76.0", "2.77.0", "2.100.1", "3.0", "2.78.0-SNAPSHOT"])
def test_a_runner_from_the_floor_on_is_accepted(stated: str) -> None:
    check_runner_version(stated, "--runner-version")


@pytest.mark.parametrize("stated", ["", "new", "2", "v2.77", "2.77abc"])
def test_what_is_no_version_is_wrong_input(stated: str) -> None:
    with pytest.raises(InvalidInput, match="is no version"):
        check_runner_version(stated, "--runner-version")


def jar(
    folder: Path, version: str | None = "2.77.0", built: str = "1.19", main: bool = True
) -> Path:
    """A jar with what is looked at in Beam's."""
    path = folder / "job-server.jar"
    with zipfile.ZipFile(path, "w") as made:
        if main:
            made.writestr("org/apache/beam/runners/flink/FlinkPipelineRunner.class", b"")
        if version:
            told = f"# License\n\nversion={version}\nsdk_version={version}\n"
            made.writestr("org/apache/beam/sdk/sdk.properties", told)
        where = f"META-INF/maven/org.apache.beam/beam-runners-flink-{built}"
        made.writestr(f"{where}/pom.properties", f"version={version}\n")
    return path


def test_a_jar_tells_its_version(tmp_path: Path) -> None:
    assert read_version(jar(tmp_path), "1.19") == "2.77.0"


def test_a_jar_that_tells_nothing_or_is_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunnerRefused, match="does not tell its version"):
        read_version(jar(tmp_path, version=None), "1.19")
    with pytest.raises(RunnerRefused, match=r"is for Flink 1\.20, not 1\.19"):
        read_version(jar(tmp_path, built="1.20"), "1.19")
    with pytest.raises(RunnerRefused, match="holds no Flink runner"):
        read_version(jar(tmp_path, main=False), "1.19")
    (tmp_path / "text.jar").write_text("no jar")
    with pytest.raises(RunnerRefused, match="cannot be read as a jar"):
        read_version(tmp_path / "text.jar", "1.19")
    with pytest.raises(InvalidInput, match="is no file"):
        read_version(tmp_path / "nothing.jar", "1.19")


@pytest.mark.integration
@pytest.mark.timeout(900)
def test_beams_own_jar_tells_its_version_there() -> None:
    """The classes of Beam that the embedded Flink runs, as they are published."""
    [found] = build_flink(ROOT / ".cache").glob("beam-sdks-java-core-*.jar")
    with zipfile.ZipFile(found) as opened:
        told = opened.read("org/apache/beam/sdk/sdk.properties").decode()
    version = found.stem.removeprefix("beam-sdks-java-core-")
    assert f"\nversion={version}\n" in told
