"""Databases and caches: Redis, Memcached, PostgreSQL, MariaDB, MongoDB's protocol, LDAP."""

from __future__ import annotations

import shutil

from scenarios.table import LAB_PYTHON, scenario
from scenarios.world import NET, SERVER, WWW, World


@scenario("redis", "tcp port 6379", "redis-server redis-cli socat")
def redis(w: World) -> None:
    """A login, commands of many kinds, RESP 3, an inline command, a refusal."""
    w.server.start(
        "redis-server", "--bind", SERVER, "--requirepass", "wonderland", "--save", "", "--dir", str(w.folder), tcp=6379
    )
    cli = ("redis-cli", "-h", SERVER, "--no-auth-warning")
    w.client.run(*cli, "GET", "user:1", check=False)
    w.client.run(*cli, "-a", "wonderland", "HSET", "h", "field", "value")
    w.client.run(*cli, "-3", "--user", "default", "--pass", "wonderland", "HGETALL", "h")
    w.client.run(
        *cli,
        "-a",
        "wonderland",
        "--pipe",
        say="SET user:1 alice\nGET user:1\nLPUSH list a b c\nLRANGE list 0 -1\n"
        "INCR count\nKEYS *\nPUBLISH news hello\nNOSUCH x\n",
        check=False,
    )
    w.client.run(
        "sh",
        "-c",
        f"printf 'AUTH wonderland\\r\\nPING\\r\\nGET user:1\\r\\nQUIT\\r\\n' | socat -t 2 - TCP:{SERVER}:6379",
    )


@scenario("memcached", "port 11211", "memcached socat")
def memcached(w: World) -> None:
    """The text protocol over TCP and UDP, meta commands, and the binary protocol."""
    w.server.start("memcached", "-l", SERVER, "-U", "11211", "-u", "root", "-m", "8", tcp=11211)
    say = (
        "set user:1 0 60 5\\r\\nalice\\r\\nget user:1 user:2\\r\\nincr n 1\\r\\nmg user:1 v t\\r\\n"
        "stats items\\r\\nquit\\r\\n"
    )
    w.client.run("sh", "-c", f"printf '{say}' | socat -t 2 - TCP:{SERVER}:11211")
    w.client.run(
        "sh",
        "-c",
        f"printf '\\000\\001\\000\\000\\000\\001\\000\\000get user:1\\r\\n' | socat -t 1 - UDP:{SERVER}:11211",
    )
    w.client.run(
        "sh",
        "-c",
        "printf '\\200\\000\\000\\006\\000\\000\\000\\000\\000\\000\\000\\006\\000\\000\\000\\001\\000\\000"
        f"\\000\\000\\000\\000\\000\\000user:1' | socat -t 1 - TCP:{SERVER}:11211",
    )


@scenario("postgresql tls", "tcp port 5432", "psql initdb")
def postgresql(w: World) -> None:
    """SCRAM, MD5 and a password in clear; queries, an error, and TLS asked for and given."""
    w.certificates()
    owned = w.folder / "pg"
    owned.mkdir()
    shutil.copy(w.folder / "server.key", owned / "server.key")
    (owned / "server.key").chmod(0o600)
    for path in (owned, owned / "server.key"):
        shutil.chown(path, "postgres", "postgres")
    word = w.file("word", "builder\n")
    as_user = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")
    w.server.run(*as_user, "initdb", "-D", f"{owned}/data", "-U", "bob", f"--pwfile={word}", "-A", "scram-sha-256")
    hba = w.file(
        "hba.conf",
        f"hostssl secure all {NET}.0/24 scram-sha-256\nhost plain all {NET}.0/24 password\n"
        f"host all all {NET}.0/24 scram-sha-256\nlocal all all trust\n",
    )
    w.server.start(
        *as_user,
        "postgres",
        "-D",
        f"{owned}/data",
        "-h",
        SERVER,
        "-k",
        str(owned),
        "-c",
        f"hba_file={hba}",
        "-c",
        "ssl=on",
        "-c",
        f"ssl_cert_file={w.folder}/server.pem",
        "-c",
        f"ssl_key_file={owned}/server.key",
        "-c",
        "fsync=off",
        tcp=5432,
    )
    for name in ("plain", "secure"):
        w.server.run("psql", "-h", str(owned), "-U", "bob", "-d", "postgres", "-c", f"CREATE DATABASE {name}")
    say = "CREATE TABLE t (id int, name text); INSERT INTO t VALUES (1, 'alice'); SELECT * FROM t;\nSELECT nothing;\n"
    for name, mode in (("postgres", "disable"), ("plain", "disable"), ("secure", "require")):
        w.client.run(
            "psql",
            f"host={SERVER} user=bob password=builder dbname={name} sslmode={mode}",
            say=say,
            check=False,
            env=w.key_writer(),
        )
    w.client.run("psql", f"host={SERVER} user=bob password=wrong dbname=postgres sslmode=disable", check=False)


@scenario("mysql tls", "tcp port 3306", "mariadbd mariadb-install-db mariadb")
def mysql(w: World) -> None:
    """MariaDB: a login, queries, an error, a refused login, and TLS."""
    w.certificates()
    data = w.folder / "db"
    w.server.run(
        "mariadb-install-db",
        "--no-defaults",
        f"--datadir={data}",
        "--user=root",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        timeout=60,
    )
    w.server.start(
        "mariadbd",
        "--no-defaults",
        f"--datadir={data}",
        "--user=root",
        f"--bind-address={SERVER}",
        "--skip-name-resolve",
        f"--socket={data}/s",
        f"--ssl-cert={w.folder}/server.pem",
        f"--ssl-key={w.folder}/server.key",
        tcp=3306,
    )
    w.server.run(
        "mariadb",
        "--no-defaults",
        f"--socket={data}/s",
        "-e",
        "CREATE DATABASE shop; CREATE USER bob IDENTIFIED BY 'builder'; GRANT ALL ON shop.* TO bob",
    )
    cli = ("mariadb", "--no-defaults", "-h", SERVER, "-ubob", "-pbuilder", "-f", "shop")
    say = "CREATE TABLE t (id int, name text); INSERT INTO t VALUES (1, 'alice'); SELECT * FROM t; SELECT nothing;\n"
    w.client.run(*cli, "--skip-ssl", say=say, check=False)
    w.client.run(
        *cli, "--ssl", f"--ssl-ca={w.folder}/ca.pem", say="SELECT name FROM t;\n", check=False, env=w.key_writer()
    )
    w.client.run(
        "mariadb", "--no-defaults", "-h", SERVER, "-ubob", "-pwrong", "--skip-ssl", "-e", "SELECT 1", check=False
    )


@scenario("mongodb", "tcp port 27017", "socat", "pymongo mockupdb")
def mongodb(w: World) -> None:
    """PyMongo asks a MockupDB: the driver's OP_MSG and OP_QUERY as they are, answers made by hand."""
    server = w.file(
        "server.py",
        """
import time, mockupdb
server = mockupdb.MockupDB(port=27018)
server.autoresponds("ismaster", ismaster=True, msg="", maxWireVersion=13, minWireVersion=0)
server.autoresponds(mockupdb.OpMsg("insert", "items"), n=1)
found = {"id": 0, "ns": "shop.items", "firstBatch": [{"_id": 1, "name": "lamp"}]}
server.autoresponds(mockupdb.OpMsg("find", "items"), cursor=found)
server.autoresponds(mockupdb.OpMsg("endSessions"))
server.autoresponds(mockupdb.OpMsg("drop", "items"), ok=0, errmsg="not allowed", code=13)
server.run()
time.sleep(60)
""",
    )
    client = w.file(
        "client.py",
        f"""
import pymongo
client = pymongo.MongoClient("{SERVER}", 27017, appname="lab", serverSelectionTimeoutMS=4000)
shop = client.shop
shop.items.insert_one({{"_id": 1, "name": "lamp"}})
list(shop.items.find({{"name": "lamp"}}))
try:
    shop.items.drop()
except pymongo.errors.OperationFailure:
    pass
client.close()
""",
    )
    w.server.start(LAB_PYTHON, server, tcp=27018)
    w.server.start("socat", f"TCP-LISTEN:27017,bind={SERVER},fork,reuseaddr", "TCP:127.0.0.1:27018", tcp=27017)
    w.client.run(LAB_PYTHON, client)


@scenario("ldap tls", "tcp port 389", "slapd ldapsearch ldapadd ldapwhoami")
def ldap(w: World) -> None:
    """Searches, a simple bind, one that fails, an addition, and StartTLS."""
    w.certificates()
    (w.folder / "db").mkdir()
    conf = w.file(
        "slapd.conf",
        "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n"
        "include /etc/ldap/schema/inetorgperson.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
        f"pidfile {w.folder}/slapd.pid\nTLSCertificateFile {w.folder}/server.pem\n"
        f"TLSCertificateKeyFile {w.folder}/server.key\n"
        "database mdb\nsuffix dc=lab,dc=example\nrootdn cn=admin,dc=lab,dc=example\nrootpw wonderland\n"
        f"directory {w.folder}/db\nmaxsize 1048576\n",
    )
    w.server.start("slapd", "-d", "0", "-h", f"ldap://{SERVER}/", "-f", conf, tcp=389)
    bind = ("-x", "-H", f"ldap://{WWW}", "-D", "cn=admin,dc=lab,dc=example", "-w")
    entries = (
        "dn: dc=lab,dc=example\nobjectClass: domain\ndc: lab\n\ndn: cn=alice,dc=lab,dc=example\n"
        "objectClass: inetOrgPerson\n"
        "cn: alice\nsn: Liddell\nmail: alice@lab.example\n"
    )
    ca = {"LDAPTLS_CACERT": f"{w.folder}/ca.pem"}
    w.client.run("ldapadd", *bind, "wonderland", say=entries)
    w.client.run("ldapsearch", "-x", "-H", f"ldap://{WWW}", "-b", "dc=lab,dc=example", "(mail=alice*)", "cn", "mail")
    w.client.run("ldapwhoami", *bind, "wrong", check=False)
    w.client.run("ldapsearch", *bind, "wonderland", "-ZZ", "-b", "dc=lab,dc=example", "-s", "base", env=ca)
