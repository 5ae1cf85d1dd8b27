#!/usr/bin/python3
"""Trunks found by NAPTR, SRV and address; a dead first host is passed over, a host that dies is left for the next one."""
import os
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import nameserver as dns  # noqa: E402
from daemon import Ua  # noqa: E402
from kamailio import Kamailio  # noqa: E402
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402
from servers import Missing  # noqa: E402

RECORDS = {
    ("naptr.test", dns.NAPTR): [(20, 10, "s", "SIP+D2T", "_sip._tcp.naptr.test"), (10, 10, "s", "SIP+D2U", "_sip._udp.naptr.test"),
                                (5, 5, "s", "SIPS+D2T", "_sips._tcp.naptr.test"), (1, 1, "u", "E2U+sip", "nonsense.test")],
    ("_sip._udp.naptr.test", dns.SRV): [(20, 0, 5070, "live.test"), (10, 0, 5070, "dead.test"), (5, 0, 5070, "nowhere.test")],
    ("_sip._tcp.naptr.test", dns.SRV): [(10, 0, 5070, "dead.test")],
    ("_sip._udp.srv.test", dns.SRV): [(10, 0, 5070, "live.test"), (20, 0, 5070, "second.test")],
    ("plain.test", dns.A): ["127.0.0.5"],
    ("six.test", dns.AAAA): ["::1"],
    ("dead.test", dns.A): ["127.0.0.20"],
    ("live.test", dns.A): ["127.0.0.3"],
    ("second.test", dns.A): ["127.0.0.4"],
}


def trunk(gateway, name):
    return next(t for t in gateway.ctl("trunk", "list") if t["name"] == name)


def host(gateway, name, wanted, timeout=30):
    def there():
        t = trunk(gateway, name)
        return t["state"] == "up" and t["host"] == wanted and t
    return wait_for(f"trunk {name} to be up at {wanted}", there, timeout)


try:
    dns.enter_own_world()
except Missing as why:
    print(f"1..0 # SKIP {why}")
    sys.exit(0)

with Lab("trunk_dns") as lab:
    names = dns.NameServer(RECORDS)
    silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # a dead host of the worst kind: not even refused
    silent.bind(("127.0.0.20", 5070))
    gateway = lab.daemon(start=False)
    live, second, plain = (Kamailio(lab.folder, host=h, gateway=("127.0.0.1", gateway.port), name=n)
                           for h, n in (("127.0.0.3", "live"), ("127.0.0.4", "second"), ("127.0.0.5", "plain")))
    live.port = second.port = 5070
    plain.port = 5060
    six = Kamailio(lab.folder, host="::1", gateway=("127.0.0.1", gateway.port), name="six")
    six.port = 5060
    lab.keep(six).values["listen"] = "listen=udp:[::1]:5060"
    six.start()
    gateway.conf["sip"]["listen"].append(f"udp:[::1]:{gateway.port}")
    for k in (live, second, plain):
        k.values["listen"] = f"listen=udp:{k.host}:{k.port}\nlisten=tcp:{k.host}:{k.port}"
        lab.keep(k).start()
    common = {"register": True, "user": live.user, "password": live.password, "keepalive": 1}
    gateway.conf["trunks"] = [{"name": n, "proxy": n + ".test", **common} for n in ("naptr", "srv", "plain", "nowhere")] + [
        {"name": "six", "proxy": "six.test", **common}, {"name": "peer", "proxy": "plain.test", "keepalive": 1},
        {"name": "tcp", "proxy": "srv.test:5070", "transport": "tcp", "outbound_proxy": "live.test:5070", **common}]
    gateway.write()
    at = time.monotonic()
    gateway.start()

    with lab.case("NAPTR, SRV, address, outbound proxy: each of several trunks finds its host; the dead first one is passed over"):
        host(gateway, "srv", "udp:127.0.0.3:5070")
        host(gateway, "plain", "udp:127.0.0.5:5060")
        host(gateway, "tcp", "tcp:127.0.0.3:5070")
        host(gateway, "six", "udp:[::1]:5060")
        host(gateway, "peer", "udp:127.0.0.5:5060")
        host(gateway, "naptr", "udp:127.0.0.3:5070")
        lab.say(f"all up after {time.monotonic() - at:.1f} s; the silent host was given 4 s")
        assert silent.recv(4096).startswith(b"REGISTER sip:naptr.test SIP/2.0")
        assert trunk(gateway, "nowhere")["reason"] == "its name leads nowhere"
        assert ("_sips._tcp.naptr.test", dns.SRV) not in names.asked, "tls was chosen by DNS alone"
        assert ("_sip._udp.naptr.test", dns.SRV) in names.asked and ("naptr.test", dns.NAPTR) in names.asked

    with lab.case("calls come in from the host that the name led to"):
        ua = lab.keep(Ua(lab.folder, "alice", "call", f"sip:8000@{live.address}", "--user", "alice", "--password", "-"))
        wait_for("the call", lambda: [c for c in gateway.calls() if c["trunk"]], 10)
        ua.stop()
        gateway.wait_idle()

    with lab.case("a peer without registration: it is asked with OPTIONS, and it is seen when it dies and comes back"):
        plain.kill()
        for name in ("peer", "plain"):
            wait_for(f"{name} to be down", lambda n=name: trunk(gateway, n)["state"] == "down", 15)
        plain.start()
        for name in ("peer", "plain"):
            host(gateway, name, "udp:127.0.0.5:5060")

    with lab.case("a host that falls silent is left for the next one"):
        os.killpg(live.process.pid, signal.SIGSTOP)
        at = time.monotonic()
        host(gateway, "srv", "udp:127.0.0.4:5070")
        lab.say(f"at the second host {time.monotonic() - at:.1f} s after the first one had fallen silent")
        os.killpg(live.process.pid, signal.SIGCONT)

    with lab.case("the names go away: what is up stays up; SIGTERM: exit 0"):
        names.records.clear()
        time.sleep(1)
        assert trunk(gateway, "plain")["state"] == "up"
        assert gateway.stop() == 0
