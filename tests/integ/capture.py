#!/usr/bin/python3
"""Copies of all SIP messages for a capture server: complete, with the right addresses and times, and without any secret."""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from hep import CaptureServer  # noqa: E402
from lab import Lab  # noqa: E402
from procs import free_port, wait_for  # noqa: E402

PIN = "4711"


def first_line(message):
    return message["payload"].split("\r\n", 1)[0]


def what(message):
    line = first_line(message)
    return line.split()[1] if line.startswith("SIP/2.0") else line.split()[0]


with Lab("capture") as lab:
    server = CaptureServer()
    pem, key, tls_port = lab.file("tls.pem"), lab.file("tls.key"), free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", pem,
                    "-subj", "/CN=127.0.0.1", "-days", "9"], check=True, capture_output=True)
    os.chmod(key, 0o600)
    port = free_port()
    gateway = lab.daemon(rooms=[{"number": "8000", "room": lab.room, "idle": "wait", "pin": PIN}], media={"prompts": lab.prompts()},
                         sip={"listen": [f"udp:127.0.0.1:{port}", f"tcp:127.0.0.1:{port}", f"tls:127.0.0.1:{tls_port}"], "certificate": pem,
                              "key": key},
                         phones=["100", {"number": "101", "password": "pw-101", "srtp": "required"}],
                         hep={"server": f"127.0.0.1:{server.port}", "id": 7001, "password": "homer-key"})

    gateway.port = port

    def of_call(transport, phone="100", **options):
        """One call by that transport, and all that was captured of it."""
        before = len(server.messages)
        gateway.port = tls_port if transport == "tls" else port
        ua = lab.dial(phone, transport=transport, dtmf=f"{PIN}#", **options)
        gateway.wait_state(phone, "waiting")
        ua.hang_up()
        gateway.wait_idle()
        wait_for("the answer to BYE", lambda: what(server.messages[-1]) == "200" and "BYE" in server.messages[-1]["payload"], 10)
        return server.messages[before:]

    with lab.case("each message of a call, in both directions, in order"):
        began = time.time()
        messages = of_call("udp")
        names = [what(m) for m in messages if what(m) != "100"]
        lab.say(" ".join(names))
        assert names[:2] == ["INVITE", "401"] and names[2:4] == ["ACK", "INVITE"] and names[-2:] == ["BYE", "200"], names
        assert {"180", "200"} <= set(names) and names.count("ACK") == 2, names
        assert not server.bad, server.bad

    with lab.case("addresses, ports, protocol, time, id, key, and the Call-ID that ties them together"):
        ids = {m["correlation"] for m in messages}
        assert len(ids) == 1 and all(f"Call-ID: {m['correlation']}\r\n" in m["payload"] for m in messages), ids
        phone = int(re.search(r"Via: SIP/2.0/UDP 127.0.0.1:(\d+)", messages[0]["payload"]).group(1))
        for m in messages:
            inbound = first_line(m).startswith(("INVITE", "ACK", "BYE"))
            assert (m["from_port"], m["to_port"]) == ((phone, gateway.port) if inbound else (gateway.port, phone)), m
            assert m["from_ip"] == m["to_ip"] == "127.0.0.1" and m["family"] == 2 and m["protocol"] == 17, m
            assert m["kind"] == 1 and m["id"] == 7001 and m["key"] == "homer-key", m
            assert began - 1 < m["seconds"] + m["microseconds"] / 1e6 <= m["came"] + 0.01, m

    with lab.case("they are whole: each body is as long as its Content-Length says"):
        for m in messages:
            head, body = m["payload"].split("\r\n\r\n", 1)
            said = int(re.search(r"Content-Length: *(\d+)", head).group(1))
            assert len(body.encode()) == said, (said, body)
        assert any("a=rtpmap:" in m["payload"] for m in messages)

    with lab.case("no secret leaves: credentials are stars"):
        said = "".join(m["payload"] for m in server.messages)
        assert "Authorization: ***" in said and "response=" not in said and "WWW-Authenticate: Digest" in said

    with lab.case("by TCP too"):
        messages = of_call("tcp")
        assert all(m["protocol"] == 6 for m in messages) and what(messages[0]) == "INVITE", messages
        assert not server.bad, server.bad

    with lab.case("what went by TLS is told in plain, but for the keys of the sound"):
        messages = of_call("tls", "101", srtp="sdes")
        offers = [m["payload"] for m in messages if "a=crypto:" in m["payload"]]
        assert len(offers) >= 2 and all(m["protocol"] == 6 for m in messages), messages
        for line in re.findall(r"a=crypto:.*", "".join(offers)):
            assert re.fullmatch(r"a=crypto:\d+ AES_CM_128_HMAC_SHA1_80 inline:\*\*\*( .*)?\r?", line), line
        gateway.port = port

    with lab.case("counted; and a capture server that is not there hurts nobody"):
        def metric(name):
            import urllib.request
            page = urllib.request.urlopen(f"http://127.0.0.1:{gateway.http}/metrics", timeout=10).read().decode()
            return float(re.search(rf"^tipring_{name} (\S+)$", page, re.M).group(1))
        assert metric("hep_sent_total") == len(server.messages) and metric("hep_lost_total") == 0
        gateway.stop()
        gateway.conf["hep"]["server"] = f"127.0.0.1:{free_port()}"
        gateway.write()
        gateway.start()
        ua = lab.dial("100", dtmf=f"{PIN}#")
        gateway.wait_state("100", "waiting")
        ua.hang_up()
        gateway.wait_idle()
        assert metric("hep_lost_total") > 0
