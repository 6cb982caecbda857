"""The compose file, checked without an engine: ports, verbs, files, settings."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.main import get_command

from pipeline.cli.main import app
from pipeline.transports.addresses import open_broker

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "compose"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}


def ports(service: Any) -> list[list[str]]:
    return [text.split(":") for text in service.get("ports", ())]


def test_it_has_the_five_services_and_what_creates_the_topics() -> None:
    assert set(SERVICES) == {"kafka", "topics", "job", "exporter", "prometheus", "grafana"}


def test_every_port_is_on_the_loopback_and_published_once() -> None:
    published = [port for service in SERVICES.values() for port in ports(service)]
    assert published
    assert {port[0] for port in published} == {"127.0.0.1"}
    assert len({port[1] for port in published}) == len(published)


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned_by_a_tag(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert image
    assert re.fullmatch(r"v?\d+\.\d+\.\d+", tag), tag


def test_the_image_is_of_the_version_of_the_project_and_kafka_is_the_one_that_is_tested() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{SERVICES["job"]["image"].partition(":")[2]}"' in project
    pom = (ROOT / "deploy" / "local" / "kafka" / "pom.xml").read_text()
    version = SERVICES["kafka"]["image"].partition(":")[2]
    assert f"<version>{version}</version>" in pom


@pytest.mark.parametrize("name", OURS)
def test_every_verb_exists_and_takes_its_options(name: str) -> None:
    words = list(OURS[name]["command"])
    command: Any = get_command(app)
    context = typer.Context(command)
    while hasattr(command, "commands"):
        verb = words.pop(0)
        command = command.commands[verb]
    broker = OURS[name]["environment"]["RETENTION_BROKER"]
    made = command.make_context(name, [*words, "--broker", broker], parent=context)
    assert made.params["broker"] == broker
    open_broker(broker).close()


@pytest.mark.parametrize("name", OURS)
def test_our_containers_have_no_rights_to_lose(name: str) -> None:
    service = OURS[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["build"] == {"context": "../..", "dockerfile": "deploy/compose/Dockerfile"}
    assert (FOLDER / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


def test_every_file_that_is_mounted_exists_and_every_volume_is_declared() -> None:
    missing = set()
    for service in SERVICES.values():
        for volume in service.get("volumes", ()):
            source, target, *mode = volume.split(":")
            assert target.startswith("/")
            if source.startswith("."):
                assert mode == ["ro"], f"{source} can be written to"
                path = (FOLDER / source).resolve()
                if not path.is_file():
                    missing.add(str(path.relative_to(ROOT)))
            else:
                assert source in COMPOSE["volumes"]
    assert missing == set()


def test_a_file_that_a_verb_names_is_mounted_there() -> None:
    job = SERVICES["job"]
    policy = job["command"][job["command"].index("--policy") + 1]
    assert policy in [volume.split(":")[1] for volume in job["volumes"]]


def test_nothing_starts_before_what_it_needs() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in SERVICES, name
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[needed]
            if how["condition"] == "service_completed_successfully":
                assert "restart" not in SERVICES[needed]
    assert "topics" in SERVICES["job"]["depends_on"]


def test_the_job_has_the_time_to_stop_that_the_readme_promises() -> None:
    assert "exits 0 within 30\n  seconds" in (ROOT / "README.md").read_text()
    assert int(SERVICES["job"]["stop_grace_period"].removesuffix("s")) > 30


def test_kafka_is_called_as_it_says_it_is() -> None:
    environment = SERVICES["kafka"]["environment"]
    advertised = dict(
        text.split("://") for text in environment["KAFKA_ADVERTISED_LISTENERS"].split(",")
    )
    assert {service["environment"]["RETENTION_BROKER"] for service in OURS.values()} == {
        f"kafka://{advertised['INSIDE']}"
    }
    (published,) = ports(SERVICES["kafka"])
    assert advertised["OUTSIDE"] == f"localhost:{published[1]}" == "localhost:9092"
    listening = environment["KAFKA_LISTENERS"]
    assert f"OUTSIDE://:{published[2]}" in listening
    assert f"INSIDE://:{advertised['INSIDE'].partition(':')[2]}" in listening
    mapped = {
        text.split(":")[0]
        for text in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    }
    assert mapped == {text.split("://")[0] for text in listening.split(",")}
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    mounted = [volume.split(":")[1] for volume in SERVICES["kafka"]["volumes"]]
    assert environment["KAFKA_LOG_DIRS"] in mounted


def test_prometheus_scrapes_the_exporter_where_it_listens() -> None:
    command = SERVICES["exporter"]["command"]
    port = command[command.index("--port") + 1]
    config = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())
    [[target]] = [s["targets"] for job in config["scrape_configs"] for s in job["static_configs"]]
    assert target == f"exporter:{port}"
    assert ports(SERVICES["exporter"]) == [["127.0.0.1", port, port]]
    mounted = {volume.split(":")[1] for volume in SERVICES["prometheus"]["volumes"]}
    assert "--config.file=/etc/prometheus/prometheus.yaml" in SERVICES["prometheus"]["command"]
    assert {f"/etc/prometheus/{name}" for name in config["rule_files"]} <= mounted


def test_promtool_finds_the_configuration_of_prometheus_good(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "prometheus.yaml", tmp_path)
    alerts = ROOT / "deploy" / "prometheus" / "alerts.yaml"
    (tmp_path / "alerts.yaml").write_text(alerts.read_text())
    ran = subprocess.run(
        ["promtool", "check", "config", tmp_path / "prometheus.yaml"],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_grafana_reads_from_prometheus_and_shows_what_is_mounted() -> None:
    sources = yaml.safe_load((FOLDER / "grafana" / "datasources.yaml").read_text())
    [source] = sources["datasources"]
    [prometheus] = ports(SERVICES["prometheus"])
    assert source["url"] == f"http://prometheus:{prometheus[2]}"
    [provider] = yaml.safe_load((FOLDER / "grafana" / "dashboards.yaml").read_text())["providers"]
    mounted = [volume.split(":")[1] for volume in SERVICES["grafana"]["volumes"]]
    assert any(target.startswith(f"{provider['options']['path']}/") for target in mounted)


def test_no_password_is_written_down() -> None:
    text = (FOLDER / "compose.yaml").read_text()
    for line in text.splitlines():
        if "PASSWORD" in line and ":" in line and not line.lstrip().startswith("#"):
            assert "${GRAFANA_PASSWORD:?" in line
