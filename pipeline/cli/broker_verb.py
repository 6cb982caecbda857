"""The option `--broker-security`, which every verb has that takes `--broker`."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.transports.addresses import secured, security_of

VARIABLE = "RETENTION_BROKER_SECURITY"

SecurityFile = Annotated[
    Path | None,
    typer.Option(
        "--broker-security",
        envvar=VARIABLE,
        help="File that says how to log in to Kafka by TLS; without meaning for sqlite://.",
        show_default=False,
    ),
]


def use_security_files(app: typer.Typer) -> None:
    """Give every verb of an app and its groups that has `--broker` a `--broker-security` too."""
    for command in app.registered_commands:
        if command.callback is not None:
            command.callback = _with_security(command.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            use_security_files(group.typer_instance)


def _with_security(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Return the verb with one option more, which goes into the address that it gets.

    So nothing but the address travels, to workers too; the name of the file in it is absolute.
    """
    signature = inspect.signature(verb)
    if "broker" not in signature.parameters:
        return verb

    @functools.wraps(verb)
    def with_security(*, broker_security: Path | None, **given: Any) -> Any:
        broker = given["broker"]
        if broker_security is not None and broker is not None and security_of(broker) is None:
            given["broker"] = _address(broker, broker_security)
        return verb(**given)

    option = inspect.Parameter(
        "broker_security", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=SecurityFile
    )
    parameters = [*signature.parameters.values(), option]
    described: Any = with_security
    described.__signature__ = signature.replace(parameters=parameters)
    described.__annotations__ = verb.__annotations__ | {"broker_security": SecurityFile}
    return with_security


def _address(broker: str, file: Path) -> str:
    return secured(broker, str(file.absolute())) if broker.startswith("kafka:") else broker
