"""The jar for application mode: Beam's format, with our job and its options inside."""

import json
import zipfile
from pathlib import Path
from typing import Any

from apache_beam.portability.api import beam_runner_api_pb2
from google.protobuf import json_format

from pipeline.jobs.application import ENTRY_CLASS, write_application
from pipeline.jobs.flink import Flink, on_flink
from pipeline.settings import Settings
from pipeline.transports import open_broker
from pipeline.transports.topics import Topics
from tests.jobs.test_flink import jar


def written(tmp_path: Path, **changes: Any) -> zipfile.ZipFile:
    url = f"sqlite://{tmp_path}/log.db"
    source, target = jar(tmp_path), tmp_path / "retention.jar"
    flink = Flink(
        10,
        "s3://bucket/checkpoints",
        "localhost:50000",
        parallelism=2,
        state_backend="cluster",
        job_server_jar=str(source),
    )
    with open_broker(url, clock_topic="retention.clock") as broker:
        broker.create(Topics("retention.", ("ingestion.events",)).specs(stores=("images",)))
        write_application(on_flink(Settings(url), flink), broker, target)
    assert sorted(path.name for path in tmp_path.glob("*.jar*")) == ["job-server.jar", target.name]
    return zipfile.ZipFile(target)


def test_the_jar_is_the_job_servers_with_the_job_inside(tmp_path: Path) -> None:
    with written(tmp_path) as opened:
        assert f"{ENTRY_CLASS.replace('.', '/')}.class" in opened.namelist()
        manifest = json.loads(opened.read("BEAM-PIPELINE/pipeline-manifest.json"))
        folder = f"BEAM-PIPELINE/{manifest['defaultJobName']}"
        pipeline = json_format.Parse(
            opened.read(f"{folder}/pipeline.json"), beam_runner_api_pb2.Pipeline()
        )
        options = json.loads(opened.read(f"{folder}/pipeline-options.json"))
    names = {each.unique_name for each in pipeline.components.transforms.values()}
    assert {"Ledger", "Governor", "Acknowledge"} <= names
    environments = {each.urn for each in pipeline.components.environments.values()}
    assert "beam:env:external:v1" in environments
    told = {name.split(":")[2]: value for name, value in options.items()}
    assert told["checkpointing_interval"] in {"10000", 10000}
    assert told["max_bundle_time_mills"] in {"200", 200}
    assert told["shutdown_sources_after_idle_ms"] in {str(2**63 - 1), 2**63 - 1}
    assert told["externalized_checkpoints_enabled"] is True
    assert told["parallelism"] == "2"
    assert told["job_name"] == "retention-enforce-retention"
    assert told["flink_master"] == "[auto]", "the Flink in which it is started"
    assert "state_backend" not in told, "the cluster's own configuration says"
