"""Managing a network and logging in to it: SNMP, RADIUS, Kerberos, BGP; things: Modbus, DNP3, CoAP."""

from __future__ import annotations

from scenarios.table import LAB_PYTHON, scenario
from scenarios.world import CLIENT, SERVER, World


@scenario("snmp", "udp port 161 or udp port 162", "snmpd snmpget snmpwalk snmpset snmptrap")
def snmp(w: World) -> None:
    """Versions 1, 2c and 3 (with and without encryption), a walk, a trap, a community that is not known."""
    conf = w.file(
        "snmpd.conf",
        f"agentaddress udp:{SERVER}:161\nrocommunity public\nrwcommunity private\nsysName lab\nsysContact alice\n"
        "createUser carol SHA wonderland1 AES wonderland2\ncreateUser dave MD5 builder123\n"
        "rouser carol priv\nrouser dave auth\n",
    )
    w.server.start(
        "snmpd",
        "-f",
        "-Lo",
        "-C",
        "-c",
        conf,
        "-p",
        f"{w.folder}/s.pid",
        udp=161,
        hide="/var/lib/snmp",
        env={"MIBS": "", "SNMP_PERSISTENT_DIR": str(w.folder)},
    )
    quiet = {"MIBS": "", "SNMP_PERSISTENT_DIR": str(w.folder)}
    system = "1.3.6.1.2.1.1"
    for words in (
        ("snmpget", "-v1", "-c", "public", SERVER, f"{system}.5.0"),
        ("snmpwalk", "-v2c", "-c", "public", SERVER, f"{system}.9"),
        ("snmpset", "-v2c", "-c", "private", SERVER, f"{system}.6.0", "s", "room 7"),
        (
            "snmpget",
            "-v3",
            "-l",
            "authPriv",
            "-u",
            "carol",
            "-a",
            "SHA",
            "-A",
            "wonderland1",
            "-x",
            "AES",
            "-X",
            "wonderland2",
            SERVER,
            f"{system}.5.0",
        ),
        ("snmpget", "-v3", "-l", "authNoPriv", "-u", "dave", "-a", "MD5", "-A", "builder123", SERVER, f"{system}.5.0"),
        ("snmpget", "-v2c", "-c", "wrong", "-r", "0", "-t", "1", SERVER, f"{system}.5.0"),
        ("snmptrap", "-v2c", "-c", "public", SERVER, "42", "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.2.1.2.2.1.1.1", "i", "1"),
    ):
        w.client.run(*words, check=False, env=quiet)


RADIUSD = """name = freeradius
prefix = /usr
raddbdir = {0}/radius
run_dir = {0}
db_dir = {0}
libdir = /usr/lib/freeradius
pidfile = {0}/radius.pid
log {{ destination = stdout }}
security {{ user = root
 group = root
 status_server = yes }}
client lab {{ ipaddr = 10.77.0.0/24
 secret = testing123 }}
modules {{
 pap {{ }}
 chap {{ }}
 always ok {{
  rcode = ok
 }}
 files {{ filename = {0}/radius/users }}
}}
server default {{
 listen {{ type = auth
  ipaddr = {1}
  port = 1812 }}
 listen {{ type = acct
  ipaddr = {1}
  port = 1813 }}
 authorize {{
  files
  chap
  pap
  Autz-Type Status-Server {{
   ok
  }}
 }}
 authenticate {{
  Auth-Type PAP {{
   pap
  }}
  Auth-Type CHAP {{
   chap
  }}
 }}
 accounting {{
  ok
 }}
}}
"""


@scenario("radius", "udp port 1812 or udp port 1813", "freeradius radclient")
def radius(w: World) -> None:
    """A login that is accepted, one that is not, the status of the server, an accounting record."""
    w.file(
        "radius/users",
        'alice Cleartext-Password := "wonderland"\n    Reply-Message = "welcome", Framed-IP-Address = 10.77.0.99\n',
    )
    w.file(
        "radius/radiusd.conf",
        RADIUSD.format(w.folder, SERVER),
    )
    w.server.start("freeradius", "-f", "-l", "stdout", "-d", f"{w.folder}/radius", "-n", "radiusd", udp=1813)
    who = "User-Name=alice,NAS-Identifier=switch7,NAS-Port=3,Calling-Station-Id=02-00-00-77-00-63,"
    for say, port, kind in (
        (f"{who}User-Password=wonderland", 1812, "auth"),
        (f"{who}User-Password=wrong", 1812, "auth"),
        (f"{who}CHAP-Password=wonderland", 1812, "auth"),
        ("Message-Authenticator=0x00", 1812, "status"),
        (f"{who}Acct-Status-Type=Start,Acct-Session-Id=77,Framed-IP-Address=10.77.0.99", 1813, "acct"),
    ):
        w.client.run(
            "radclient", "-r", "1", "-t", "2", f"{SERVER}:{port}", kind, "testing123", say=f"{say}\n", check=False
        )


@scenario("kerberos", "port 88", "krb5kdc kdb5_util kadmin.local kinit kvno")
def kerberos(w: World) -> None:
    """A ticket with pre-authentication over UDP, a service ticket, a name nobody has, a wrong password; then TCP."""
    conf = (
        "[libdefaults]\ndefault_realm = LAB.EXAMPLE\ndns_lookup_kdc = false\ndns_lookup_realm = false\n"
        "rdns = false\nudp_preference_limit = {0}\n[realms]\n"
        "LAB.EXAMPLE = {{\nkdc = {1}\n}}\n[domain_realm]\n.lab.example = LAB.EXAMPLE\n"
    )
    kdc = w.file(
        "kdc.conf",
        f"[kdcdefaults]\nkdc_listen = {SERVER}:88\nkdc_tcp_listen = {SERVER}:88\n[realms]\nLAB.EXAMPLE = {{\n"
        f"database_name = {w.folder}/principal\nkey_stash_file = {w.folder}/stash\nacl_file = {w.folder}/acl\n"
        "default_principal_flags = +preauth\n}\n[logging]\nkdc = STDERR\n",
    )
    udp = {
        "KRB5_CONFIG": w.file("krb5.conf", conf.format(4000, SERVER)),
        "KRB5_KDC_PROFILE": kdc,
        "KRB5CCNAME": f"FILE:{w.folder}/cache",
    }
    tcp = {**udp, "KRB5_CONFIG": w.file("krb5tcp.conf", conf.format(1, SERVER))}
    w.server.run("kdb5_util", "create", "-s", "-P", "masterword", "-r", "LAB.EXAMPLE", env=udp)
    for words in ("addprinc -pw wonderland alice", "addprinc -randkey host/www.lab.example"):
        w.server.run("kadmin.local", "-q", words, env=udp)
    w.server.start("krb5kdc", "-n", env=udp, udp=88)
    for env in (udp, tcp):
        w.client.run("kinit", "alice", say="wonderland\n", env=env)
        w.client.run("kvno", "host/www.lab.example", env=env)
    w.client.run("kinit", "nobody", say="x\n", check=False, env=udp)
    w.client.run("kinit", "alice", say="wrong\n", check=False, env=udp)


@scenario("bgp", "tcp port 179", "bird birdc")
def bgp(w: World) -> None:
    """Two routers open a session, tell each other their networks, and end it."""
    for host, mine, peer, number, other in (
        (w.server, SERVER, CLIENT, 65002, 65001),
        (w.client, CLIENT, SERVER, 65001, 65002),
    ):
        conf = w.file(
            f"{host.role}.conf",
            f"router id {mine};\nprotocol device {{}}\nprotocol static {{ ipv4; route 10.{number - 64900}.0.0/16 "
            f"blackhole; route 10.{number - 64800}.8.0/24 blackhole; }}\n"
            f"protocol bgp lab {{ local {mine} as {number}; neighbor {peer} as "
            f"{other}; ipv4 {{ import all; export all; }}; "
            f"{'passive yes;' if host is w.server else 'connect delay time 1;'} "
            "hold time 9; }\n",
        )
        host.start("bird", "-f", "-c", conf, "-s", f"{w.folder}/{host.role}.ctl", tcp=179)
    w.client.run("sleep", "6")
    w.client.run("birdc", "-s", f"{w.folder}/client.ctl", "disable", "lab", check=False)
    w.client.run("sleep", "1")


@scenario("modbus", "tcp port 502", "", "pymodbus")
def modbus(w: World) -> None:
    """Registers and coils are read and written; an address that is not there; the device says what it is."""
    server = w.file(
        "server.py",
        f"""
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusDeviceContext
from pymodbus.server import StartTcpServer
from pymodbus import ModbusDeviceIdentification
block = lambda: ModbusSequentialDataBlock(1, [17] * 50)
known = ModbusDeviceIdentification(info_name={{"VendorName": "Lab", "ProductCode": "L7", "MajorMinorRevision": "1.0"}})
device = ModbusDeviceContext(di=block(), co=block(), hr=block(), ir=block())
StartTcpServer(ModbusServerContext(device, single=True), identity=known, address=("{SERVER}", 502))
""",
    )
    client = w.file(
        "client.py",
        f"""
from pymodbus.client import ModbusTcpClient
client = ModbusTcpClient("{SERVER}", port=502)
client.connect()
client.read_holding_registers(1, count=5)
client.read_coils(1, count=9)
client.read_input_registers(2, count=2)
client.write_register(3, 77)
client.write_registers(4, [1, 2, 3])
client.write_coil(2, True)
client.read_holding_registers(900, count=5)
client.read_device_information()
client.close()
""",
    )
    w.server.start(LAB_PYTHON, server, tcp=502)
    w.client.run(LAB_PYTHON, client)


@scenario("dnp3", "tcp port 20000", "", "dnp3")
def dnp3(w: World) -> None:
    """A master polls an outstation: everything, then each class of events."""
    server = w.file(
        "server.py",
        f"""
import asyncio
from dnp3.database import AnalogInputConfig, BinaryInputConfig, Database
from dnp3.outstation import Outstation, OutstationConfig, OutstationTcpRunner
async def main():
    points = Database()
    points.add_binary_input(0, BinaryInputConfig())
    points.add_analog_input(0, AnalogInputConfig())
    points.update_binary_input(0, value=True)
    points.update_analog_input(0, value=42)
    outstation = Outstation(database=points, config=OutstationConfig(address=7))
    await OutstationTcpRunner(outstation=outstation, host="{SERVER}", port=20000).run()
asyncio.run(main())
""",
    )
    client = w.file(
        "client.py",
        f"""
import asyncio
from dnp3.master import DefaultSOEHandler, Master, MasterConfig, MasterTcpRunner
async def main():
    master = Master(handler=DefaultSOEHandler(), config=MasterConfig(address=2, outstation_address=7))
    async with MasterTcpRunner(master=master, host="{SERVER}", port=20000) as runner:
        await runner.integrity_poll()
        await asyncio.sleep(0.3)
asyncio.run(main())
""",
    )
    w.server.start(LAB_PYTHON, server, tcp=20000)
    w.client.run(LAB_PYTHON, client)


@scenario("coap", "udp port 5683", "", "aiocoap")
def coap(w: World) -> None:
    """A directory of resources, a value, a change, nothing, a blockwise transfer, an observation."""
    server = w.file(
        "server.py",
        f"""
import asyncio, aiocoap, aiocoap.resource as resource
class Value(resource.ObservableResource):
    value = b"23.5 C"
    async def render_get(self, request):
        return aiocoap.Message(payload=self.value, content_format=0)
    async def render_put(self, request):
        self.value = request.payload
        self.updated_state()
        return aiocoap.Message(code=aiocoap.CHANGED)
class Long(resource.Resource):
    async def render_get(self, request):
        return aiocoap.Message(payload=b"a long answer " * 200)
async def main():
    site = resource.Site()
    site.add_resource([".well-known", "core"], resource.WKCResource(site.get_resources_as_linkheader))
    site.add_resource(["sensors", "temperature"], Value())
    site.add_resource(["log"], Long())
    await aiocoap.Context.create_server_context(site, bind=("{SERVER}", 5683))
    await asyncio.get_running_loop().create_future()
asyncio.run(main())
""",
    )
    client = w.file(
        "client.py",
        f"""
import asyncio, aiocoap
async def main():
    context = await aiocoap.Context.create_client_context(transports=["simple6"])
    async def ask(code, path, payload=b""):
        asked = aiocoap.Message(code=code, uri="coap://{SERVER}/" + path, payload=payload)
        return await context.request(asked).response
    await ask(aiocoap.GET, ".well-known/core")
    await ask(aiocoap.GET, "sensors/temperature?unit=C")
    await ask(aiocoap.PUT, "sensors/temperature", b"24.0 C")
    await ask(aiocoap.GET, "missing")
    await ask(aiocoap.GET, "log")
    watch = context.request(aiocoap.Message(code=aiocoap.GET, uri="coap://{SERVER}/sensors/temperature", observe=0))
    await watch.response
    await ask(aiocoap.PUT, "sensors/temperature", b"25.0 C")
    await asyncio.sleep(0.5)
    watch.observation.cancel()
    await asyncio.sleep(0.5)
    await context.shutdown()
asyncio.run(main())
""",
    )
    w.server.start(LAB_PYTHON, server, udp=5683, env={"AIOCOAP_SERVER_TRANSPORT": "simplesocketserver"})
    w.client.run(LAB_PYTHON, client)
