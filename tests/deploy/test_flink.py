"""The files for Flink's Kubernetes operator, checked without a cluster."""

import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml
from rich.console import Console
from typer.main import get_command

from pipeline.cli import flink as flink_module
from pipeline.cli.flink import FlinkOptions, flink_settings
from pipeline.cli.main import app
from pipeline.cli.worker_pool import WORKER_PORT
from pipeline.jobs.application import ENTRY_CLASS
from pipeline.settings import Settings

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "flink"
DEPLOYMENT: dict[str, Any] = yaml.safe_load((FOLDER / "flinkdeployment.yaml").read_text())
POLICIES: list[dict[str, Any]] = list(
    yaml.safe_load_all((FOLDER / "network-policies.yaml").read_text())
)
STORAGE: dict[str, Any] = yaml.safe_load((FOLDER / "storage.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((Path(__file__).parent / "kubernetes.schema.json").read_text())
SPEC = DEPLOYMENT["spec"]
FLINK: dict[str, str] = SPEC["flinkConfiguration"]
PODS = {name: SPEC[name]["podTemplate"]["spec"] for name in ("jobManager", "taskManager")}
[WRITER] = PODS["jobManager"]["initContainers"]
[WORKER] = [each for each in PODS["taskManager"]["containers"] if each["name"] == "worker"]


def check(document: dict[str, Any]) -> None:
    schema = SCHEMA | {"$ref": f"#/$defs/{document['kind']}"}
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)


@pytest.mark.parametrize(
    "document", [DEPLOYMENT, *POLICIES, STORAGE], ids=lambda each: each["metadata"]["name"]
)
def test_it_is_what_the_published_schema_asks_for(document: dict[str, Any]) -> None:
    check(document)
    assert document["metadata"]["namespace"] == "retention"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "flinkVersion"), "1.19"),
        (("spec", "job", "upgradeMode"), "lossless"),
        (("spec", "job", "jarUri"), "local:///job.jar"),
        (("spec", "taskManager", "resource", "cpus"), 1),
        (("spec", "flinkConfiguration", "taskmanager.numberOfTaskSlots"), 1),
        (("spec", "taskManager", "podTemplate", "spec", "container"), []),
    ],
)
def test_the_schema_would_find_a_mistake(path: tuple[str, ...], value: Any) -> None:
    document = json.loads(json.dumps(DEPLOYMENT))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        check(document)


# -- what is told to `retention` -----------------------------------------------------------------


def parsed(args: list[str]) -> dict[str, Any]:
    """What the command line makes of a container's arguments."""
    root: Any = get_command(app)
    verb = root.commands[args[0]]
    made = verb.make_context(args[0], list(args[1:]), parent=typer.Context(root))
    return dict(made.params)


def test_the_job_is_written_with_options_that_the_command_line_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = parsed(WRITER["args"])
    assert given["runner"] == "flink"
    monkeypatch.setattr(flink_module, "read_version", lambda *_: version("apache-beam"))
    names = FlinkOptions.__dataclass_fields__
    chosen = FlinkOptions(**{name: given[name] for name in names})
    settings = flink_settings(Settings(given["broker"]), chosen, Console())
    told = dict(each.removeprefix("--").partition("=")[::2] for each in settings.runner_options)
    assert int(told["parallelism"]) == SPEC["job"]["parallelism"]
    assert (
        f"{int(told['checkpointing_interval']) // 1_000} s"
        == FLINK["execution.checkpointing.interval"]
    )
    assert chosen.checkpoint_storage == FLINK["state.checkpoints.dir"]
    assert "state_backend" not in told, "Flink's own configuration has it"
    assert f"v{told['flink_version'].replace('.', '_')}" == SPEC["flinkVersion"]
    assert told["environment_config"] == f"localhost:{parsed(WORKER['args'])['port']}"


def test_workers_listen_on_the_loopback_of_their_pod_only() -> None:
    given = parsed(WORKER["args"])
    assert given["host"] == "127.0.0.1"
    assert given["port"] == WORKER_PORT
    assert "ports" not in WORKER
    assert f'"127.0.0.1", {WORKER_PORT}' in WORKER["livenessProbe"]["exec"]["command"][-1]
    for pod in PODS.values():
        assert "hostNetwork" not in pod


def test_the_jar_is_what_was_written_and_starts_where_beam_says() -> None:
    [jar] = [each for each in WRITER["args"] if each.startswith("--application-jar=")]
    assert SPEC["job"]["jarURI"] == f"local://{jar.partition('=')[2]}"
    assert SPEC["job"]["entryClass"] == ENTRY_CLASS
    [main] = [e for e in PODS["jobManager"]["containers"] if e["name"] == "flink-main-container"]
    mounts = {mount["name"]: mount for mount in main["volumeMounts"]}
    assert jar.partition("=")[2].startswith(mounts["job"]["mountPath"] + "/")


# -- what Flink is told ----------------------------------------------------------------------------


def test_everything_that_must_outlive_a_pod_is_on_the_shared_volume() -> None:
    kept = ("state.checkpoints.dir", "state.savepoints.dir", "high-availability.storageDir")
    assert {FLINK[name].startswith("file:///state/") for name in kept} == {True}
    assert STORAGE["spec"]["accessModes"] == ["ReadWriteMany"]
    for pod in PODS.values():
        claims = [v["persistentVolumeClaim"] for v in pod["volumes"] if v["name"] == "state"]
        assert claims == [{"claimName": STORAGE["metadata"]["name"]}]
        [main] = [each for each in pod["containers"] if each["name"] == "flink-main-container"]
        assert {"name": "state", "mountPath": "/state"} in main["volumeMounts"]


def test_a_change_begins_anew_and_a_death_does_not() -> None:
    assert SPEC["job"]["upgradeMode"] == "stateless"
    assert FLINK["high-availability.type"] == "kubernetes"
    assert FLINK["restart-strategy.type"] == "exponential-delay"
    assert FLINK["kubernetes.operator.job.restart.failed"] == "true"
    assert SPEC["job"]["parallelism"] > 1
    assert FLINK["taskmanager.numberOfTaskSlots"] == "1", "one worker beside each slot"


def test_the_embedded_flink_of_the_tests_is_opened_in_the_same_way() -> None:
    tested = re.findall(r"--add-opens=\S+", (ROOT / "deploy/local/flink/java.options").read_text())
    assert FLINK["env.java.opts.all"].split() == tested


# -- who may connect -------------------------------------------------------------------------------


def opened(policy: dict[str, Any]) -> set[int]:
    return {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}


def test_only_flinks_own_ports_are_open_and_only_to_the_job_itself() -> None:
    closed, inside, operator = POLICIES
    ports = {int(value) for name, value in FLINK.items() if name.endswith(".port")}
    assert closed["spec"]["ingress"] == []
    assert opened(inside) == ports
    assert opened(operator) == {int(FLINK["rest.port"])}
    assert WORKER_PORT not in ports
    ours = {"matchLabels": {"app": DEPLOYMENT["metadata"]["name"]}}
    [rule] = inside["spec"]["ingress"]
    assert rule["from"] == [{"podSelector": ours}]
    for policy in POLICIES:
        assert policy["spec"]["policyTypes"] == ["Ingress"]
        assert policy["spec"]["podSelector"]["matchLabels"].items() >= ours["matchLabels"].items()
    [rule] = operator["spec"]["ingress"]
    [peer] = rule["from"]
    assert set(peer) == {"namespaceSelector", "podSelector"}, "both must hold"


def test_nobody_submits_or_cancels_through_flinks_page() -> None:
    assert FLINK["web.submit.enable"] == FLINK["web.cancel.enable"] == "false"


# -- images and secrets ----------------------------------------------------------------------------


def test_the_images_are_those_that_are_built_here() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    project = re.findall(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert f"FROM retention:{project[0]}\n" in text
    assert WRITER["image"] == WORKER["image"] == f"retention-flink:{project[0]}"
    assert f"--tag {WORKER['image']} " in text
    assert f"ARG BEAM_VERSION={version('apache-beam')}\n" in text
    [flink] = re.findall(r"ARG FLINK_VERSION=(\S+)\n", text)
    assert re.fullmatch(rf"flink:{re.escape(flink)}\.\d+-java17", SPEC["image"])
    [jar] = [each for each in WRITER["args"] if each.startswith("--job-server-jar=")]
    assert f" {jar.partition('=')[2]}\n" in text


def test_ours_have_no_rights_to_lose() -> None:
    [user] = re.findall(r"\nUSER (\d+)\n", (ROOT / "deploy/compose/Dockerfile").read_text())
    for container in (WRITER, WORKER):
        context = container["securityContext"]
        assert context["runAsNonRoot"] is True
        assert context["readOnlyRootFilesystem"] is True
        assert str(context["runAsUser"]) == user
        assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]
    for pod in PODS.values():
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            assert container["securityContext"]["runAsNonRoot"] is True
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_secrets_are_files_by_name_at_the_place_that_the_options_name() -> None:
    [security] = [each for each in WRITER["args"] if each.startswith("--broker-security=")]
    for pod, container in (("jobManager", WRITER), ("taskManager", WORKER)):
        [volume] = [each for each in PODS[pod]["volumes"] if each["name"] == "secrets"]
        assert set(volume["secret"]) == {"secretName", "defaultMode"}
        assert volume["secret"]["defaultMode"] & 0o007 == 0, "others may not read it"
        [mount] = [each for each in container["volumeMounts"] if each["name"] == "secrets"]
        assert mount["readOnly"] is True
        assert security.partition("=")[2].startswith(mount["mountPath"] + "/")
    text = "".join(path.read_text() for path in FOLDER.glob("*.yaml"))
    assert not re.search(r"password:|kind: Secret|BEGIN [A-Z ]*KEY", text)


def test_every_volume_that_is_mounted_is_there_and_used() -> None:
    for pod in PODS.values():
        declared = {volume["name"] for volume in pod["volumes"]}
        containers = [*pod["containers"], *pod.get("initContainers", ())]
        mounted = {mount["name"] for each in containers for mount in each["volumeMounts"]}
        assert mounted == declared


def test_the_readme_names_every_file() -> None:
    text = (FOLDER / "README.md").read_text()
    for path in FOLDER.iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in text, path.name
