"""Messages between programs and people: MQTT, AMQP, XMPP, IRC, syslog, SIP, RTP, RTSP, STUN and TURN."""

from __future__ import annotations

import shutil
import time

from scenarios.table import scenario
from scenarios.world import CLIENT, SERVER, WWW, World


@scenario("mqtt tls", "tcp port 1883 or tcp port 8883", "mosquitto mosquitto_pub mosquitto_sub mosquitto_passwd")
def mqtt(w: World) -> None:
    """MQTT 3.1.1 and 5 with every quality of service, a will, a login, a refused one; and within TLS."""
    w.certificates()
    words = w.file("passwords", "alice:wonderland\n")
    w.server.run("mosquitto_passwd", "-U", words)
    conf = w.file(
        "mosquitto.conf",
        f"listener 1883 {SERVER}\nlistener 8883 {SERVER}\ncafile {w.folder}/ca.pem\ncertfile "
        f"{w.folder}/server.pem\nkeyfile {w.folder}/server.key\npassword_file {words}\n"
        "allow_anonymous false\nuser root\n",
    )
    w.server.start("mosquitto", "-c", conf, tcp=8883)
    login = ("-h", SERVER, "-u", "alice", "-P", "wonderland")
    will = ("--will-topic", "lab/gone", "--will-payload", "sensor lost")
    for version, kind in (("mqttv311", "0"), ("mqttv5", "2")):
        watch = f"-V {version} -q {kind} -i watcher-{version} -t lab/+/temperature -C 1"
        w.client.start("mosquitto_sub", *login, *watch.split())
        time.sleep(1)
        tell = f"-V {version} -q {kind} -i sensor-{version} -t lab/room7/temperature -m 23.5"
        w.client.run("mosquitto_pub", *login, *tell.split(), *will)
    w.client.run("mosquitto_pub", "-h", SERVER, "-u", "alice", "-P", "wrong", "-t", "x", "-m", "y", check=False)
    secure = f"-h {WWW} -p 8883 -u alice -P wonderland --cafile {w.folder}/ca.pem -t lab/room7/door -m open"
    w.client.run("mosquitto_pub", *secure.split(), env=w.key_writer())


@scenario("amqp", "tcp port 5672", "rabbitmq-server amqp-declare-queue amqp-publish amqp-get")
def amqp(w: World) -> None:
    """AMQP 0-9-1 by RabbitMQ: a queue is declared, one message goes in and out, a login is refused."""
    (w.folder / "rabbit").mkdir()
    conf = w.file(
        "rabbitmq.conf",
        f"listeners.tcp.1 = {SERVER}:5672\nloopback_users = none\ndefault_user = alice\n"
        "default_pass = wonderland\nlog.console = true\n",
    )
    env = {
        "RABBITMQ_MNESIA_BASE": f"{w.folder}/rabbit",
        "RABBITMQ_LOG_BASE": f"{w.folder}/rabbit",
        "RABBITMQ_NODENAME": "lab@localhost",
        "RABBITMQ_CONFIG_FILE": conf,
        "RABBITMQ_ENABLED_PLUGINS_FILE": w.file("plugins", "[].\n"),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_PID_FILE": f"{w.folder}/rabbit/pid",
    }
    w.server.start("/usr/lib/rabbitmq/bin/rabbitmq-server", tcp=5672, env=env)
    url = f"amqp://alice:wonderland@{SERVER}"
    w.client.run("amqp-declare-queue", "-u", url, "-q", "orders")
    w.client.run("amqp-publish", "-u", url, "-r", "orders", "-C", "text/plain", "-b", "one lamp")
    w.client.run("amqp-get", "-u", url, "-q", "orders")
    w.client.run("amqp-get", "-u", url.replace("wonderland", "wrong"), "-q", "orders", check=False)


@scenario("irc", "tcp port 6667", "ngircd socat")
def irc(w: World) -> None:
    """A server password, a nick, a channel, a message, a taken nick."""
    conf = w.file(
        "ngircd.conf",
        f"[Global]\nName = irc.lab.example\nInfo = Lab\nListen = {SERVER}\nPassword = wonderland\n"
        "ServerUID = root\nServerGID = root\n[Options]\nPAM = no\nDNS = no\nIdent = no\nChrootDir =\n"
        "[Limits]\nMaxJoins = 4\n",
    )
    w.server.start("ngircd", "-n", "-f", conf, tcp=6667)
    say = "CAP LS 302\\r\\nPASS wonderland\\r\\nNICK alice\\r\\nUSER alice 0 * :Alice L\\r\\nCAP END\\r\\n"
    more = "JOIN #lab\\r\\nPRIVMSG #lab :hello from the lab\\r\\nNICK alice2\\r\\nPART #lab\\r\\nQUIT :bye\\r\\n"
    w.client.run("sh", "-c", f"(printf '{say}'; sleep 2; printf '{more}'; sleep 1) | socat -t 2 - TCP:{SERVER}:6667")


@scenario("xmpp tls", "tcp port 5222", "prosody socat openssl")
def xmpp(w: World) -> None:
    """A login in clear by PLAIN with a bound resource and a message, then STARTTLS."""
    w.certificates()
    (w.folder / "data").mkdir()
    conf = w.file(
        "prosody.cfg.lua",
        f'run_as_root = true\ndaemonize = false\npidfile = "{w.folder}/p.pid"\ndata_path = "{w.folder}/data"\n'
        f'interfaces = {{ "{SERVER}" }}\nmodules_enabled = {{ "roster", "saslauth", "tls", "disco", "ping" }}\n'
        'modules_disabled = { "s2s" }\nc2s_require_encryption = false\nallow_unencrypted_plain_auth = true\n'
        'authentication = "internal_plain"\nlog = { info = "*console" }\nVirtualHost "lab.example"\n'
        f'ssl = {{ key = "{w.folder}/server.key"; certificate = "{w.folder}/server.pem" }}\n',
    )
    w.server.run(
        "prosodyctl", "--root", "--config", conf, "register", "alice", "lab.example", "wonderland", check=False
    )
    w.server.start("prosody", "--root", "--config", conf, tcp=5222)
    head = (
        '<?xml version="1.0"?><stream:stream to="lab.example" version="1.0" xmlns="jabber:client" '
        'xmlns:stream="http://etherx.jabber.org/streams">'
    )
    plain = "AGFsaWNlAHdvbmRlcmxhbmQ="
    steps = (
        head,
        f'<auth xmlns="urn:ietf:params:xml:ns:xmpp-sasl" mechanism="PLAIN">{plain}</auth>',
        head,
        '<iq type="set" id="1"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>desk</resource></bind></iq>',
        '<message to="bob@lab.example" type="chat"><body>hello from the lab</body></message>',
        "</stream:stream>",
    )
    said = "; ".join(f"printf '%s' '{step}'; sleep 1" for step in steps)
    w.client.run("sh", "-c", f"({said}) | socat -t 2 - TCP:{SERVER}:5222", check=False)
    w.client.run(
        "sh",
        "-c",
        f"(sleep 2) | openssl s_client -connect {SERVER}:5222 -starttls xmpp -xmpphost lab.example "
        f"-keylogfile {w.keys}",
        check=False,
    )


@scenario("syslog", "port 514", "rsyslogd logger")
def syslog(w: World) -> None:
    """Both formats, over UDP and TCP (octet counting and lines), to rsyslog."""
    conf = w.file(
        "rsyslog.conf",
        'module(load="imudp")\nmodule(load="imtcp")\ninput(type="imudp" port="514")\n'
        f'input(type="imtcp" port="514")\n*.* action(type="omfile" file="{w.folder}/all.log")\n',
    )
    w.server.start("rsyslogd", "-n", "-f", conf, "-i", f"{w.folder}/r.pid", tcp=514)
    to = ("logger", "-n", SERVER, "-P", "514", "-t", "lab")
    w.client.run(*to, "-d", "--rfc3164", "-p", "auth.warning", "a login failed for alice")
    w.client.run(
        *to, "-d", "--rfc5424", "-p", "daemon.err", "--sd-id", "lab@32473", "--sd-param", 'room="7"', "it is too warm"
    )
    w.client.run(*to, "-T", "--octet-count", "--rfc5424", "-p", "user.info", "counted octets")
    w.client.run(*to, "-T", "--rfc3164", "-p", "local3.notice", "a line")


@scenario("sip rtp", "udp", "sipp")
def sip(w: World) -> None:
    """A call between two sipp's: INVITE with SDP, a second of RTP, BYE."""
    scene = w.file("call.xml", SIPP_CALL)
    shutil.copy("/usr/share/sip-tester/g711a.pcap", w.folder / "silence.pcap")
    w.server.start("sipp", "-sn", "uas", "-i", SERVER, "-p", "5060", "-nostdin", "-rtp_echo", udp=5060)
    w.client.run(
        "sipp",
        "-sf",
        scene,
        "-i",
        CLIENT,
        "-p",
        "5060",
        "-m",
        "1",
        "-nostdin",
        "-s",
        "bob",
        f"{SERVER}:5060",
        timeout=20,
    )


SIPP_CALL = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="call">
<send retrans="500"><![CDATA[
INVITE sip:[service]@lab.example SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: Alice <sip:alice@lab.example>;tag=[call_number]
To: Bob <sip:[service]@lab.example>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:alice@[local_ip]:[local_port]>
User-Agent: Lab phone 1.0
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

v=0
o=alice 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="200" rtd="true"/>
<send><![CDATA[
ACK sip:[service]@lab.example SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: Alice <sip:alice@lab.example>;tag=[call_number]
To: Bob <sip:[service]@lab.example>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
<nop><action><exec play_pcap_audio="silence.pcap"/></action></nop>
<pause milliseconds="1000"/>
<send retrans="500"><![CDATA[
BYE sip:[service]@lab.example SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: Alice <sip:alice@lab.example>;tag=[call_number]
To: Bob <sip:[service]@lab.example>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"""


@scenario("rtp rtcp", "udp", "ffmpeg timeout")
def rtp(w: World) -> None:
    """A second of a tone sent by FFmpeg as G.711, with the sender reports of RTCP."""
    w.server.start("socat", "-u", "UDP-RECV:5004", "OPEN:/dev/null", udp=5004)
    w.server.start("socat", "-u", "UDP-RECV:5005", "OPEN:/dev/null", udp=5005)
    w.client.run(
        "ffmpeg",
        "-v",
        "error",
        "-re",
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:duration=1.5",
        "-ar",
        "8000",
        "-ac",
        "1",
        "-acodec",
        "pcm_mulaw",
        "-f",
        "rtp",
        f"rtp://{SERVER}:5004",
    )


@scenario("rtsp rtp rtcp", "tcp port 8554 or udp", "ffmpeg timeout")
def rtsp(w: World) -> None:
    """FFmpeg announces a tone to another and records it there: media beside the connection, then within it."""
    tone = ("-f", "lavfi", "-i", "sine=frequency=440:duration=1", "-ar", "8000", "-ac", "1", "-acodec", "pcm_mulaw")
    url = f"rtsp://{SERVER}:8554/lab"
    for way in ("udp", "tcp"):
        play = ("ffmpeg", "-v", "error", "-rtsp_flags", "listen", "-i", url, "-f", "null", "-")
        server = w.server.start(*play, tcp=8554)
        send = ("ffmpeg", "-v", "error", "-re", *tone, "-f", "rtsp", "-rtsp_transport", way, url)
        w.client.run("timeout", "8", *send, check=False)
        w.server.end(server)


@scenario("stun", "udp or tcp", "turnserver turnutils_uclient turnutils_stunclient")
def stun(w: World) -> None:
    """A binding, and an allocation of TURN with the long-term login, permissions, channels and some data."""
    conf = w.file("turn.conf", "")
    words = (
        f"-n -c {conf} -L {SERVER} -E {SERVER} -p 3478 -r lab.example -a -u alice:wonderland --no-tls --no-dtls"
        f" --no-cli --allow-loopback-peers --min-port 50000 --max-port 50020 --no-stdout-log"
        f" --log-file {w.folder}/turn.log"
        f" --db {w.folder}/turn.db"
    )
    w.server.start("turnserver", *words.split(), udp=3478)
    w.client.run("turnutils_stunclient", "-p", "3478", SERVER, check=False)
    for word, times in (("wonderland", 2), ("wrong", 1)):
        ask = f"-p 3478 -u alice -w {word} -y -n {times} -l 80 {SERVER}"
        w.client.run("turnutils_uclient", *ask.split(), check=False)
