"""A scene whose job signs and verifies, with what counsel and a store sign in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam

from pipeline.documents import Envelope
from pipeline.ledger.parts import Part, decode_part
from pipeline.settings import Settings
from pipeline.signing import SigningKey, parse_seal
from pipeline.stories.scene import Scene
from pipeline.transforms.read import Batch
from pipeline.transforms.split import Split
from pipeline.wire.sealed import SealReader, sealed_document
from tests.signing.build import COUNSEL, JOB, STORE, entry, key_file, ring_file


@dataclass
class SignedScene(Scene):
    """A scene whose job signs and verifies."""

    folder: Path | None = None
    """Where its keys are; beside an embedded log when none is given."""

    def settings(self, **changes: object) -> Settings:
        folder = self.folder or Path(self.url.removeprefix("sqlite://")).parent
        key, ring = key_file(folder, JOB), folder / "keyring.yaml"
        keyring = str(ring)
        if not ring.exists():
            keyring = ring_file(
                folder,
                entry(JOB, "commands", owner="the job"),
                entry(STORE, "receipts:images", owner="images"),
                entry(COUNSEL, "policies", owner="counsel"),
            )
        return super().settings(**({"signing_key": key, "keyring": keyring} | changes))

    def read_by_split(self, name: str) -> Part:
        """What the job makes of a topic as it is."""
        split = Split(self.settings())
        split.setup()
        topic = self.topics.name(name)
        messages = self.read(topic)
        split.start_bundle()
        split.process(Batch(topic, 0, 0, len(messages), 0, len(messages), messages))
        parts: dict[int, Part] = {}
        for found in split.finish_bundle():
            if not isinstance(found, beam.pvalue.TaggedOutput):
                parts[found.value[0]] = decode_part(found.value[1])
        split.teardown()
        whole = list(parts.values())
        return Part(
            receipts=tuple(one for part in whole for one in part.receipts),
            envelopes=whole[0].envelopes if whole else (),
        )

    def send(self, name: str, value: bytes) -> None:
        self.producer.send(self.topics.name(name), b"key", value)
        self.producer.flush()

    def publish_sealed(self, envelope: Envelope, key: SigningKey) -> None:
        topic = self.topics.name(envelope.kind)
        value = self.codec.encode_envelope(envelope)
        self.send(envelope.kind, sealed_document(value, key, envelope.kind, topic, self.now()))

    def statements(self) -> list[Any]:
        reader = SealReader("command")
        texts = [reader.read(value)[1] for value in self.values("commands.images")]
        seals = [parse_seal(text or "") for text in texts]
        return [None if seal is None else seal.statement for seal in seals]
