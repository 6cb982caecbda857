"""`retention topics acl`, without a broker; with one: `tests/integration/test_secured.py`."""

import json
import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Retention


def test_a_role_is_printed_as_commands_of_kafkas_own_tool(retention: Retention) -> None:
    said = retention("topics", "acl", "--role", "store", "--store", "images")
    assert said.code == 0
    comment, *commands = said.out.splitlines()
    assert comment.startswith("# KAFKA is host:port")
    assert [shlex.split(command)[5:] for command in commands] == [
        f"--add --allow-principal User:retention-store-images --operation {operation} {what} "
        "--resource-pattern-type literal".split()
        for operation, what in (
            ("Read", "--topic retention.commands.images"),
            ("Write", "--topic retention.receipts"),
            ("Read", "--group retention.store.images"),
        )
    ]


def test_several_rights_to_one_topic_are_one_command(retention: Retention) -> None:
    said = retention("topics", "acl", "--role", "pipeline", "--principal", "User:CN=job,O=acme")
    [records] = [line for line in said.out.splitlines() if "--topic retention.records " in line]
    assert "--operation Read --operation Write" in records
    assert "User:CN=job,O=acme" in shlex.split(records)
    [commands] = [line for line in said.out.splitlines() if "--topic retention.commands. " in line]
    assert commands.endswith("--resource-pattern-type prefixed")


def test_a_program_gets_objects(retention: Retention) -> None:
    said = retention(
        "topics", "acl", "--role", "platform", "--events", "a", "--events", "b", "--json"
    )
    assert json.loads(said.out) == [
        {
            "principal": "User:retention-platform",
            "host": "*",
            "permission": "Allow",
            "operation": "Write",
            "resource_type": "topic",
            "resource_name": topic,
            "pattern_type": "literal",
        }
        for topic in ("a", "b")
    ]


def test_prefix_and_group_are_those_of_the_job(retention: Retention) -> None:
    said = retention(
        "topics", "acl", "--role", "exporter", "--prefix", "eu.", "--group", "g", "--json"
    )
    names = {item["resource_name"] for item in json.loads(said.out)}
    assert {"eu.records", "eu.commands.", "g", "ingestion.events"} <= names
    assert not any(name.startswith("retention") for name in names)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--role", "emperor"), "`emperor` is not a role; choose platform, pipeline, store"),
        (("--role", "store"), "the role store needs --store NAME"),
        (("--role", "store", "--store", "a*"), "--store is not a name of a store"),
        (("--role", "pipeline", "--principal", "User:*"), "--principal names one user"),
        (("--role", "pipeline", "--principal", "job"), "--principal names one user"),
        (("--role", "pipeline", "--events", "retention.holds"), "a topic of the pipeline's own"),
        (("--role", "pipeline", "--check"), "ask a Kafka: give its address by --broker"),
        (("--role", "pipeline", "--apply", "--broker", "sqlite://x"), "ask a Kafka"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    retention: Retention, arguments: tuple[str, ...], said: str
) -> None:
    refused = retention("topics", "acl", *arguments)
    assert refused.code == 2
    assert said in refused.text


def test_the_security_file_of_an_option_or_the_environment_is_used_for_kafka_only(
    retention: Retention, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kafka, file = "kafka://127.0.0.1:9", tmp_path / "none.yaml"
    missing = f"security file {file} cannot be read: No such file or directory"
    told = retention("status", "--broker", kafka, "--broker-security", file)
    assert (told.code, missing in told.text) == (2, True)
    monkeypatch.setenv("RETENTION_BROKER_SECURITY", str(file))
    assert missing in retention("findings", "list", "--broker", kafka).text
    assert retention("topics", "create", "--broker", url).code == 0
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETENTION_BROKER_SECURITY", "none.yaml")
    assert missing in retention("topics", "check", "--broker", kafka).text, "made absolute"
