"""Settings of a job: frozen, picklable, without secrets. They travel to every worker."""

from dataclasses import dataclass, field
from typing import Literal

import msgspec

from pipeline.documents import SIMULATIONS
from pipeline.errors import InvalidInput
from pipeline.instants import SECOND

Runner = Literal["prism", "flink"]
APPROVABLE = ("policies", "notices", "holds", "requests", SIMULATIONS)
"""What may need a second person's approval: kinds of documents, and simulations of them."""


@dataclass(frozen=True)
class Settings:
    """How one run of the job is wired.

    Attributes:
        broker_url: `kafka://host:port`, after which `?security=FILE` names a file that names
            secrets, or `sqlite:///path`. Names only, never credentials.
        prefix: of our own topics.
        events: the platform's ingestion topics.
        formats: how each ingestion topic is framed, as `topic=format[:schema]`; see `wire.framing`.
        shards: how many ledgers share the records. Fixed at provisioning: another number needs a
            rebuild from topics.
        governors: how many keys share the causes.
        group: consumer group that holds the acknowledged positions.
        margin_ms: subtracted from the broker's time (replication and broker clock skew).
        poll_seconds: pause of an idle source. Prism 0.2; Flink truncates to whole seconds: 1.2.
        read_seconds: longest bundle of a busy source.
        splits: how many readers share the ingestion topics. Prism keeps one watermark for a read
            with several splits and would fire early: 1 there.
        batch_messages, batch_bytes: largest batch.
        max_message_bytes: larger messages go to quarantine undecoded.
        approvals: kinds of documents (`policies`, `notices`, `holds`, `requests`) that take effect
            only once a second person has approved them; `simulations`: policies and notices that
            enforce something newly, only once one has approved a simulation of them.
        signing_key: name of the private key that seals commands: a file, or `env:NAME`. Never the
            key, which each worker loads where it signs. None: commands are not sealed.
        keyring: file of the public keys whose receipts and documents are believed. None: all are.
        tick_ms: how often the broker's time travels to the shards.
        measure_ms: how often each shard writes its `measurements`; in a story, at every tick.
        story: the log has a clock of its own; worker clocks are not compared with it.
        run_id: tells runs in one process apart.
        flink_master: Flink's REST address, asked before each life whether the job runs there. Beam
            is not told it where a job server runs already.
    """

    broker_url: str
    prefix: str = "retention."
    events: tuple[str, ...] = ("ingestion.events",)
    formats: tuple[str, ...] = ()
    schema_map: str | None = None
    shards: int = 64
    governors: int = 8
    group: str = "retention-enforce"
    margin_ms: int = 10 * SECOND
    poll_seconds: float = 0.2
    read_seconds: float = 0.5
    splits: int = 1
    batch_messages: int = 2_000
    batch_bytes: int = 1 << 20
    max_message_bytes: int = 1 << 20
    approvals: tuple[str, ...] = ()
    signing_key: str | None = None
    keyring: str | None = None
    tick_ms: int = SECOND
    measure_ms: int = 10 * SECOND
    story: bool = False
    run_id: str = ""
    runner: Runner = "prism"
    runner_options: tuple[str, ...] = field(default=())
    flink_master: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            InvalidInput: a number is out of range, or several splits on Prism.
        """
        for name in ("shards", "governors", "splits", "batch_messages", "max_message_bytes"):
            if getattr(self, name) < 1:
                raise InvalidInput(f"setting `{name}` must be at least 1")
        for kind in self.approvals:
            if kind not in APPROVABLE:
                raise InvalidInput(f"`{kind}` cannot need approval; choose {', '.join(APPROVABLE)}")
        if self.margin_ms < 0:
            raise InvalidInput("setting `margin_ms` must not be negative")
        if self.runner == "prism" and self.splits != 1:
            raise InvalidInput("on Prism a read must have one split: it would fire timers early")
        if self.runner == "flink" and self.poll_seconds <= 1:
            raise InvalidInput("on Flink `poll_seconds` must exceed 1: the watermark would starve")


def to_json(settings: Settings) -> str:
    """Write settings as one line of JSON, for another process."""
    return msgspec.json.encode(settings).decode()


def from_json(text: str) -> Settings:
    """Read what `to_json` wrote.

    Raises:
        InvalidInput: it is not such a line.
    """
    try:
        return msgspec.json.decode(text, type=Settings)
    except msgspec.DecodeError as error:
        message = f"settings cannot be read: {error}"
        raise InvalidInput(message) from error
