"""The compose file's other half, with Flink, checked without an engine."""

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from pipeline.cli.flink import FlinkOptions, flink_settings
from pipeline.settings import Settings
from tests.deploy.test_compose import COMPOSE, ports
from tests.deploy.test_flink import SPEC, parsed

FOLDER = Path(__file__).parents[2] / "deploy" / "compose"
WITH_FLINK: dict[str, Any] = yaml.safe_load((FOLDER / "flink.yaml").read_text())
SERVICES: dict[str, Any] = WITH_FLINK["services"]
FLINKS = ("jobmanager", "taskmanager")
BROKER = COMPOSE["services"]["job"]["environment"]["RETENTION_BROKER"]


def test_it_changes_the_job_and_adds_no_second_one() -> None:
    assert set(SERVICES) & set(COMPOSE["services"]) == {"job"}
    runs = [name for name, each in SERVICES.items() if "run" in each.get("command", ())]
    assert runs == ["job"]
    assert set(SERVICES["job"]) == {"command", "network_mode", "depends_on"}


def test_the_job_is_told_what_the_command_line_takes() -> None:
    given = parsed([*SERVICES["job"]["command"], "--broker", BROKER])
    assert given["runner"] == "flink"
    chosen = FlinkOptions(**{name: given[name] for name in FlinkOptions.__dataclass_fields__})
    settings = flink_settings(Settings(BROKER), chosen, Console())
    told = dict(each.removeprefix("--").partition("=")[::2] for each in settings.runner_options)
    properties = yaml.safe_load(SERVICES["taskmanager"]["environment"]["FLINK_PROPERTIES"])
    assert int(told["parallelism"]) == properties["taskmanager.numberOfTaskSlots"]
    assert told["sdk_worker_parallelism"] == told["parallelism"], "one process a slot"
    assert told["state_backend_storage_path"] == properties["state.checkpoints.dir"]
    assert f"{given['policy']}" in str(COMPOSE["services"]["job"]["volumes"])
    workers = parsed(SERVICES["workers"]["command"])
    assert told["environment_config"] == f"localhost:{workers['port']}"
    assert workers["host"] == "127.0.0.1"
    jobs = [each for each in SERVICES["jobserver"]["command"] if each.startswith("--job-port=")]
    assert told["job_endpoint"] == f"localhost:{jobs[0].partition('=')[2]}"


def test_ports_that_ask_nobody_who_he_is_are_on_a_loopback() -> None:
    """The job server's and the workers': in the network namespace of the only one who uses them."""
    assert SERVICES["job"]["network_mode"] == "service:jobserver"
    assert SERVICES["workers"]["network_mode"] == "service:taskmanager"
    assert not [each for each in SERVICES["jobserver"]["command"] if "host" in each]
    published = [port for service in SERVICES.values() for port in ports(service)]
    assert published == [["127.0.0.1", "8081", "8081"]]
    taken = [port[1] for service in COMPOSE["services"].values() for port in ports(service)]
    assert "8081" not in taken


def test_versions_are_those_of_the_sdk_and_of_the_cluster() -> None:
    beam = version("apache-beam")
    image = SERVICES["jobserver"]["image"]
    given = parsed([*SERVICES["job"]["command"], "--broker", BROKER])
    assert image == f"apache/beam_flink{given['flink_version']}_job_server:{beam}"
    assert given["runner_version"] == beam
    assert {SERVICES[name]["image"] for name in (*FLINKS, "checkpoints")} == {SPEC["image"]}
    assert SERVICES["workers"]["image"] == COMPOSE["services"]["job"]["image"]
    for service in SERVICES.values():
        assert re.search(r":\d+\.\d+\.\d+(-java\d+)?$", service.get("image", ":0.0.0"))


def test_nobody_has_rights_to_lose_and_checkpoints_are_shared() -> None:
    for name, service in SERVICES.items():
        if name not in {"job", "jobserver"}:
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
    assert SERVICES["workers"]["read_only"] is True
    for name in FLINKS:
        assert SERVICES[name]["volumes"] == ["checkpoints:/checkpoints"]
        assert SERVICES[name]["user"] == "9999:9999"
    owner = SERVICES["checkpoints"]
    assert owner["entrypoint"] == ["chown", SERVICES["taskmanager"]["user"], "/checkpoints"]
    assert owner["cap_add"] == ["CHOWN"]
    assert set(WITH_FLINK["volumes"]) == {"checkpoints"}


def test_nothing_starts_before_what_it_needs() -> None:
    known = {**COMPOSE["services"], **SERVICES}
    for name, service in SERVICES.items():
        for needed in service.get("depends_on", {}):
            assert needed in known, name
    assert "restart" not in SERVICES["checkpoints"]


def test_the_files_say_how_they_are_used_together() -> None:
    text = (FOLDER / "flink.yaml").read_text()
    assert "--file deploy/compose/compose.yaml" in text
    assert "--file deploy/compose/flink.yaml" in text
