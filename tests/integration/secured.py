"""A secured Kafka with a scene on it, and users who have the rights of a role: for tests."""

from pipeline.stories.scene import Scene
from pipeline.testing.secure_kafka import SecureKafka, Way
from pipeline.transports import open_broker
from pipeline.transports.contract import Broker
from pipeline.transports.kafka import KafkaBroker
from pipeline.transports.permissions import ROLES, Wanted, permissions

MARK = "correct-horse-battery"
"""Part of every password: what must not be found anywhere."""
STORES = ("images", "index")
USERS = {user: f"{MARK}-of-{user}" for user in (*sorted(set(ROLES) - {"store"}), *STORES, "nobody")}
PREFIX = "sec."
KEYS = 16


class Roles:
    """The users of one secured Kafka; a store's user is called as the store."""

    def __init__(self, kafka: SecureKafka) -> None:
        self.kafka = kafka
        self.scene = self.made(PREFIX)
        producer = self.scene.broker.producer()
        for spec in self.scene.topics.specs(stores=STORES):
            for number in range(KEYS):  # in every partition there is something to read
                producer.send(spec.name, f"{number}".encode(), b"anything")
        producer.flush()
        producer.close()

    def made(self, prefix: str) -> Scene:
        """Make a scene, and give each user the rights of its role in it."""
        scene = Scene(self.kafka.url, prefix, stores=STORES, shards=4, partitions=2)
        assert isinstance(scene.broker, KafkaBroker)
        for role in ROLES:
            for store in STORES if role == "store" else (None,):
                wanted = Wanted(scene.topics, scene.settings().group, store)
                scene.broker.permit(f"User:{store or role}", permissions(role, wanted))
        return scene

    def broker(self, user: str, way: Way = "login") -> Broker:
        """Return the broker as a user sees it."""
        clock = self.scene.topics.name("clock")
        return open_broker(self.kafka.address(user, way), clock_topic=clock)
