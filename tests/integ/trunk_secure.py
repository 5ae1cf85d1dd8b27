#!/usr/bin/python3
"""Trunks by TLS: a registration only where the certificate is right, calls with SRTP in both directions, no call without
where it is required. And a PBX that is known by its address alone, whose callers appear under their numbers."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from daemon import Daemon, Ua  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import free_port, wait_for  # noqa: E402


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def authority(folder, name):
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
            "-keyout", name + ".key", "-out", name + ".pem", "-subj", "/CN=" + name)


def certificate(folder, name, ca, host):
    openssl(folder, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key",
            "-out", name + ".csr", "-subj", "/CN=" + host)
    openssl(folder, "x509", "-req", "-in", name + ".csr", "-CA", ca + ".pem", "-CAkey", ca + ".key", "-CAcreateserial", "-days", "30",
            "-out", name + ".pem")  # no subjectAltName: the SIP library forgets some 200 bytes for each that it reads
    os.chmod(os.path.join(folder, name + ".key"), 0o600)


def state(gateway, name):
    return next(t for t in gateway.ctl("trunk", "list") if t["name"] == name)


def registrar(lab, name, ca, host):
    """Another tipringd, as the telephone system that ours registers at; it needs no XMPP server for that."""
    certificate(lab.folder, name, ca, host)
    d = Daemon(os.path.join(lab.folder, name), lab.server, [{"number": "8000", "room": lab.room}], phones=("900",))
    d.tls = free_port()
    d.conf["xmpp"]["port"] = free_port()
    d.conf["sip"] = {"listen": [f"tls:127.0.0.1:{d.tls}"], "certificate": os.path.join(lab.folder, name + ".pem"),
                     "key": os.path.join(lab.folder, name + ".key")}
    d.write()
    lab.keep(d).start(wait=0)
    wait_for("its socket", lambda: os.path.exists(d.socket), 10)
    return d


def ring(lab, gateway, number, caller, **options):
    argv = ["call", f"sips:{number}@127.0.0.1:{gateway.tls}" if options.get("transport") == "tls" else gateway.uri(number), "--user", caller,
            "--password", "-", "--tone", 1000]
    for name, value in options.items():
        argv += ["--" + name, value]
    ua = lab.keep(Ua(lab.folder, "pbx-" + caller, *argv))
    lab.phones.append(ua)
    return ua


def talking(gateway, trunk):
    def ready():
        c = next((c for c in gateway.calls() if c["trunk"] == trunk), None)
        return c and c["state"] == "talking" and c
    return wait_for("the caller to talk", ready, 20)


with Lab("trunk_secure") as lab:
    authority(lab.folder, "ca")
    authority(lab.folder, "other")
    good, foreign, misnamed = (registrar(lab, n, ca, host) for n, ca, host in
                               (("good", "ca", "localhost"), ("foreign", "other", "localhost"), ("misnamed", "ca", "pbx.example")))
    certificate(lab.folder, "own", "ca", "127.0.0.1")
    gateway = lab.daemon(start=False, phones=())
    gateway.tls = free_port()
    gateway.conf["sip"] = {"listen": [f"udp:127.0.0.1:{gateway.port}", f"tls:127.0.0.1:{gateway.tls}"],
                           "certificate": os.path.join(lab.folder, "own.pem"), "key": os.path.join(lab.folder, "own.key"),
                           "server_ca": os.path.join(lab.folder, "ca.pem")}
    account = {"register": True, "user": "900", "password": "pw-900", "transport": "tls"}
    gateway.conf["trunks"] = [{"name": d.name, "proxy": f"localhost:{d.tls}", **account} for d, d.name in
                              ((good, "good"), (foreign, "foreign"), (misnamed, "misnamed"))]
    gateway.conf["trunks"].append({"name": "pbx", "proxy": "127.0.0.1:9", "keepalive": 0, "addresses": ["127.0.0.1/32"], "caller_jid": "number",
                                   "country": "49", "transport": "tls", "srtp": "required"})
    gateway.write()
    gateway.start()

    with lab.case("TLS: registered where the certificate is of our authority and of that name, and nowhere else", go_on=True):
        wait_for("the good one", lambda: state(gateway, "good")["state"] == "up", 10)
        for name in ("foreign", "misnamed"):
            down = wait_for(name + " to be refused", lambda n=name: state(gateway, n)["state"] == "down" and state(gateway, n), 10)
            assert down["reason"], down
            lab.say(f"{name}: {down['reason']}")
        assert "sip-tls-failed" in gateway.process.log()
        assert good.ctl("phone", "list")[0]["registered"] and not foreign.ctl("phone", "list")[0]["registered"]
        assert not misnamed.ctl("phone", "list")[0]["registered"]

    dave = lab.peer("dave").wait_joined()

    with lab.case("a call with SRTP from a PBX that is known by its address: both hear each other; it comes under its number"):
        ua = ring(lab, gateway, "8000", "030123456", transport="tls", srtp="sdes")
        dave.wait("proposed")
        dave.accept()
        call = talking(gateway, "pbx")
        dave.wait_hears(call["nick"], 1000, 15)
        gateway.let_listen(None, 1.5)
        assert call["sip"]["srtp"] and call["caller"] == "+4930123456", call
        assert f"jid=+4930123456@{lab.server.phones}/" in gateway.process.log(), "not under its number"
        assert_heard(ua.hang_up()[1], dave.tone, 1)
        gateway.wait_idle()

    with lab.case("the same without encryption is refused: over TLS without keys; over UDP its address alone does not make it the trunk", go_on=True):
        for options, refusals in (({"transport": "tls"}, (403, 488)), ({}, (401,))):
            code, heard = ring(lab, gateway, "8000", "030123456", **options).result(15)
            assert heard["status"] in refusals and heard["packets_received"] == 0, heard
        gateway.wait_idle()

    with lab.case("SIGTERM: exit 0"):
        assert gateway.stop() == 0
