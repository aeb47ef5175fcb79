"""Apache Kafka and Apache Cassandra, which Debian does not have: their jars come from Maven Central.

NETWATCH_LAB_JARS is a folder with kafka/ and cassandra/, each made by `mvn dependency:copy-dependencies` of
org.apache.kafka:kafka_2.13 (3.9.1 was used) and org.apache.cassandra:cassandra-all (5.0.4). Java 17 runs both.
"""

from __future__ import annotations

from scenarios.table import JARS, LAB_PYTHON, scenario
from scenarios.world import SERVER, World

JAVA = ("java", "-Xmx600m")

KAFKA = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:9093
listeners=PLAINTEXT://{0}:9092,CONTROLLER://127.0.0.1:9093
advertised.listeners=PLAINTEXT://{0}:9092
controller.listener.names=CONTROLLER
log.dirs={1}/logs
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


@scenario("kafka", "tcp port 9092", "java", "kafka", jars="kafka")
def kafka(w: World) -> None:
    """A topic is made, three records go in, a consumer of a group takes them out."""
    conf = w.file("server.properties", KAFKA.format(SERVER, w.folder))
    jars = ("-cp", f"{JARS}/kafka/*")
    w.server.run(*JAVA, *jars, "kafka.tools.StorageTool", "format", "-t", "bGFiLWNsdXN0ZXItMDAwMQ", "-c", conf)
    w.server.start(*JAVA, *jars, "kafka.Kafka", conf, tcp=9092)
    client = w.file(
        "client.py",
        f"""
import kafka, time
from kafka.admin import KafkaAdminClient, NewTopic
time.sleep(2)
where = {{"bootstrap_servers": "{SERVER}:9092", "client_id": "lab"}}
admin = KafkaAdminClient(**where)
admin.create_topics([NewTopic("orders", 1, 1)])
admin.close()
producer = kafka.KafkaProducer(**where)
for what in (b"one lamp", b"two chairs", b"a table"):
    producer.send("orders", what, key=b"alice")
producer.close()
group = {{"group_id": "shop", "auto_offset_reset": "earliest", "consumer_timeout_ms": 6000}}
consumer = kafka.KafkaConsumer("orders", **group, **where)
for count, record in enumerate(consumer):
    if count == 2:
        break
consumer.close()
""",
    )
    w.client.run(LAB_PYTHON, client, timeout=60)


CASSANDRA = """cluster_name: lab
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
commitlog_sync: periodic
commitlog_sync_period: 10000ms
commitlog_directory: {1}/commitlog
data_file_directories: [ {1}/data ]
saved_caches_directory: {1}/caches
hints_directory: {1}/hints
cdc_raw_directory: {1}/cdc
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [ {{ seeds: "127.0.0.1" }} ]
listen_address: 127.0.0.1
rpc_address: {0}
start_native_transport: true
native_transport_port: 9042
endpoint_snitch: SimpleSnitch
authenticator: PasswordAuthenticator
authorizer: AllowAllAuthorizer
role_manager: CassandraRoleManager
"""
OPENED = (
    "java.base/java.nio java.base/sun.nio.ch java.base/java.lang java.base/java.util java.base/java.io "
    "java.base/java.lang.ref java.base/jdk.internal.ref java.base/jdk.internal.misc java.base/java.util.concurrent "
    "java.base/java.util.concurrent.atomic java.base/java.lang.reflect java.base/java.lang.module "
    "java.base/jdk.internal.loader java.base/jdk.internal.reflect java.base/jdk.internal.math "
    "java.base/jdk.internal.module java.base/jdk.internal.util.jar java.rmi/sun.rmi.transport.tcp "
    "java.rmi/sun.rmi.registry java.rmi/sun.rmi.server java.management.rmi/javax.management.remote.rmi "
    "java.sql/java.sql java.management/com.sun.jmx.remote.security jdk.management/com.sun.management.internal"
)


@scenario("cassandra", "tcp port 9042", "java", "cassandra", jars="cassandra")
def cassandra(w: World) -> None:
    """A login, a keyspace and a table, a row in and out, a statement that is wrong."""
    conf = w.file("cassandra.yaml", CASSANDRA.format(SERVER, w.folder))
    opened = [
        word
        for name in OPENED.split()
        for word in ("--add-opens", f"{name}=ALL-UNNAMED", "--add-exports", f"{name}=ALL-UNNAMED")
    ]
    w.server.start(
        *JAVA,
        *opened,
        "-Djdk.attach.allowAttachSelf=true",
        f"-Dcassandra.config=file://{conf}",
        f"-Dcassandra.storagedir={w.folder}",
        "-Dcassandra.superuser_setup_delay_ms=0",
        "-Djava.security.manager=allow",
        "-Dcassandra.ring_delay_ms=100",
        "-Dcassandra.skip_wait_for_gossip_to_settle=0",
        "-cp",
        f"{JARS}/cassandra/*",
        "org.apache.cassandra.service.CassandraDaemon",
        tcp=9042,
    )
    client = w.file(
        "client.py",
        f"""
import time
from cassandra.cluster import Cluster
from cassandra.auth import PlainTextAuthProvider
time.sleep(4)
cluster = Cluster(["{SERVER}"], auth_provider=PlainTextAuthProvider("cassandra", "cassandra"), protocol_version=4,
                  schema_metadata_enabled=False, token_metadata_enabled=False)
session = cluster.connect()
session.execute("CREATE KEYSPACE shop WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}")
session.execute("CREATE TABLE shop.items (id int PRIMARY KEY, name text)")
session.execute(session.prepare("INSERT INTO shop.items (id, name) VALUES (?, ?)"), (1, "lamp"))
list(session.execute("SELECT name FROM shop.items WHERE id = 1"))
try:
    session.execute("SELECT nothing FROM shop.none")
except Exception:
    pass
cluster.shutdown()
""",
    )
    w.client.run(LAB_PYTHON, client, timeout=60)
