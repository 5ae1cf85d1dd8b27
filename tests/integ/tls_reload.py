#!/usr/bin/python3
"""A new certificate is taken into use while calls go on: those who are connected keep their connection and their sound, those
who come see the new one. A broken or expired one changes nothing and is named."""
import os
import signal
import socket
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from certificates import certificate, fingerprint  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import free_port, wait_for  # noqa: E402


def shown(port, host="127.0.0.1"):
    """SHA-256 of the certificate that whoever connects now is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, port), timeout=5) as raw, context.wrap_socket(raw) as s:
        return fingerprint(s.getpeercert(True))


with Lab("tls_reload") as lab:
    path = lab.file
    for name, days, kind in (("first", 30, "ec"), ("second", 60, "rsa"), ("third", 90, "ec"), ("expired", -1, "ec")):
        certificate(lab.folder, name, days, kind)
    prints = {n: fingerprint(path(n + ".pem")) for n in ("first", "second", "third")}
    tls, tls6 = free_port(), free_port()
    gateway = lab.daemon(start=False, phones=[{"number": n, "password": "pw-" + n, "name": "Phone " + n, "srtp": "required"}
                                              for n in ("100", "101")] + ["102"])
    gateway.conf["sip"]["listen"] += [f"tls:127.0.0.1:{tls}", f"tls:[::1]:{tls6}"]

    def use(name, key=None):
        gateway.conf["sip"].update({"certificate": path(name + ".pem"), "key": path((key or name) + ".key")})
        gateway.write()

    def refused():
        try:
            gateway.ctl("reload")
        except RuntimeError as e:
            return str(e)
        raise AssertionError("a broken certificate was taken into use")

    use("first")
    gateway.start()
    by_tls = {"proxy": f"127.0.0.1:{tls}", "transport": "tls", "srtp": "sdes"}

    with lab.case("two phones talk by TLS; the first certificate is shown"):
        a, b = lab.dial("100", **by_tls), lab.dial("101", **by_tls)
        gateway.wait_talking("100")
        gateway.wait_talking("101")
        assert shown(tls) == shown(tls6, "::1") == prints["first"]

    with lab.case("reload with another file, of another kind of key: new connections see it"):
        use("second")
        gateway.ctl("reload")
        assert "needs_restart=-" in gateway.process.log(5), gateway.process.log(5)
        assert shown(tls) == shown(tls6, "::1") == prints["second"]

    with lab.case("SIGHUP with new contents under the old name"):
        use("current", "second")
        for kind in ("pem", "key"):
            os.replace(path("third." + kind), path("current." + kind))
        use("current")
        gateway.process.send(signal.SIGHUP)
        wait_for("the third certificate", lambda: shown(tls) == prints["third"], 10)
        assert shown(tls6, "::1") == prints["third"]

    with lab.case("expired, no pair, no certificate, gone: refused with the reason, the old one stays"):
        for name, key, word in (("expired", None, "expired"), ("first", "expired", "another certificate"),
                                ("nothing", "first", "no certificate"), ("gone", "first", "gone.pem")):
            if name == "nothing":
                with open(path("nothing.pem"), "w") as f:
                    f.write("no certificate\n")
            use(name, key)
            said = refused()
            assert word in said and "stays in force" in said, said
            assert shown(tls) == prints["third"], name

    with lab.case("a broken certificate holds up the rest of the new file, a good one lets it in"):
        gateway.conf["rooms"].append({"number": "8001", "room": lab.room})
        use("expired")
        refused()
        assert [r["number"] for r in gateway.ctl("room", "list")] == ["8000"]
        use("current")
        gateway.ctl("reload")
        assert len(gateway.ctl("room", "list")) == 2

    with lab.case("a phone that comes now gets in; the calls of before have lost nothing"):
        c = lab.dial("102", duration=3, proxy=f"127.0.0.1:{tls}", transport="tls")
        code, said = c.result()
        assert code == 0, said
        assert gateway.call("100")["sip"]["srtp"]
        for u, hears in ((a, 1200), (b, 1000)):
            code, said = u.hang_up()
            assert code == 0 and said["ended_by"] == "us" and said["lost"] == 0, said
            assert_heard(said, hears, 2)
        gateway.wait_idle()
        assert "secret" not in gateway.process.log() and gateway.stop() == 0
