#!/usr/bin/python3
"""A provider (Kamailio) that the gateway registers at: a call from outside comes into the room, both hear each other; who
calls is shown masked; the provider dies and comes back."""
import os
import sys
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from daemon import Ua  # noqa: E402
from kamailio import Kamailio  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import free_port, wait_for  # noqa: E402

TONE = 1000
ASSERT = """  if ($fU == "alice") append_hf("P-Asserted-Identity: \\"Alice\\" <sip:030123456@provider.test>\\r\\n");
  if ($fU == "masked") append_hf("P-Asserted-Identity: <sip:+4930123456@provider.test>\\r\\n");
  if ($fU == "hidden") append_hf("P-Asserted-Identity: <sip:+4930123456@provider.test>\\r\\nPrivacy: id\\r\\n");
  if ($fU == "diverted") append_hf("Diversion: <sip:+4930999@provider.test>;reason=no-answer\\r\\n");"""


def from_outside(lab, provider, caller, to="+493055550", **options):
    """A telephone of the world, which knows nothing but the provider."""
    argv = ["call", f"sip:{to}@{provider.address}", "--user", caller, "--password", "-", "--tone", TONE]
    for name, value in options.items():
        argv += ["--" + name, value]
    ua = lab.keep(Ua(lab.folder, caller, *argv))
    lab.phones.append(ua)
    return ua


def by_trunk(gateway):
    return next((c for c in gateway.calls() if c["trunk"] == "provider"), None)


def talking(gateway):
    def ready():
        c = by_trunk(gateway)
        return c and c["state"] == "talking" and c
    return wait_for("the caller to talk", ready, 20)


def state(gateway, wanted, timeout=25):
    def there():
        t = gateway.ctl("trunk", "list")[0]
        return t["state"] == wanted and t
    return wait_for(f"the trunk to be {wanted}", there, timeout)


with Lab("trunk_provider") as lab:
    gateway = lab.daemon(start=False, rooms=[{"number": "+493055550", "room": lab.room}, {"number": "+493055551", "room": lab.room, "pin": "4711"}],
                         menus=[{"number": "+493055559", "language": "en"}])
    world = free_port()  # every telephone of the world that the gateway calls
    provider = lab.keep(Kamailio(lab.folder, gateway=("127.0.0.1", gateway.port), asserted=ASSERT, callee=f"127.0.0.1:{world}"))
    gateway.conf["trunks"] = [{"name": "provider", "proxy": provider.address, "register": True, "user": provider.user,
                               "password": provider.password, "keepalive": 1, "trust": True, "country": "49", "max_calls": 1,
                               "dial_out": ["+4930*"]}]
    gateway.write()
    gateway.start()

    with lab.case("not there yet: down with its reason; started: registered by itself"):
        down = state(gateway, "down")
        assert down["reason"] and down["since"], down
        explained = gateway.ctl("route", "explain", "operator", "030 123456")
        assert not explained["allowed"] and explained["trunk"] is None and explained["code"] == 480, explained
        provider.start()
        up = state(gateway, "up")
        assert up["reason"] is None and up["host"] == f"udp:{provider.address}", up
        assert gateway.ctl("status")["trunks"] == {"known": 1, "registered": 1}
        page = urllib.request.urlopen(f"http://127.0.0.1:{gateway.http}/metrics", timeout=5).read().decode()
        assert 'tipring_trunk_up{trunk="provider"} 1' in page, page
        explained = gateway.ctl("route", "explain", "operator", "030 123456")
        assert explained["allowed"] and explained["trunk"] == "provider", explained
        for who, number in (("operator", "0900 123456"), ("operator", "+4915112345678"), ("mallory@evil.example", "030123456"), ("100", "030123456")):
            explained = gateway.ctl("route", "explain", who, number)
            assert not explained["allowed"] and explained["trunk"] is None and explained["code"] in (403, 404), (who, number, explained)

    dave = lab.peer("dave").wait_joined()

    with lab.case("a call from outside: both hear each other; name shown, number only to the operator"):
        ua = from_outside(lab, provider, "alice")
        dave.wait("proposed", nick="Alice")
        dave.accept()
        call = talking(gateway)
        dave.wait_hears("Alice", TONE, 15)
        assert call["phone"] is None and call["caller"] == "+4930123456" and call["number"] == "+493055550" and call["nick"] == "Alice", call
        gateway.let_listen(None, 1.5)
        busy = from_outside(lab, provider, "masked")
        assert busy.result(15)[1]["status"] == 486, "max_calls = 1 let a second one in"
        code, heard = ua.hang_up()
        assert heard["status"] == 200, heard
        assert_heard(heard, dave.tone, 1)
        gateway.wait_idle()
        record = gateway.ctl("call", "show", call["id"])
        assert record["trunk"] == "provider" and record["caller"] == "+4930123456" and record["phone"] is None, record
        trace = gateway.ctl("call", "trace", call["id"])["events"]
        assert any("by trunk provider" in e["text"] for e in trace), trace
        joined = f"jid=guest@{lab.server.phones}/"
        assert joined in gateway.process.log(), "the caller did not come as guest"
        assert "30123456@" not in gateway.process.log()

    with lab.case("a call that begins here goes out through the provider, which asks for the password; both hear each other; it ends there, too"):
        far = lab.keep(Ua(lab.folder, "far", "answer", "--listen", f"127.0.0.1:{world}", "--tone", TONE, "--transport", "udp"))
        wait_for("the far end to listen", lambda: "listening" in far.process.log(5), 10)
        at = time.monotonic()
        dave.hangup()
        call = gateway.ctl("call", "dial", "030 123456", "+493055550")["id"]
        dave.wait("proposed", since=at)
        dave.accept()
        talking(gateway)
        dave.wait_hears("+49 30 \u2022\u2022\u2022 56", TONE, 15)
        gateway.let_listen(None, 1)
        gateway.ctl("call", "hangup", call)
        heard = wait_for("the far end to be hung up", lambda: far.documents(), 10)[0]
        assert heard["ended_by"] == "them", heard
        assert_heard(heard, dave.tone, 0.5)
        byes = [r for r in provider.requests() if r.startswith("BYE") and f"127.0.0.1:{gateway.port} to" in r]
        assert byes, "the BYE did not go by the provider's Record-Route"
        gateway.wait_idle()

    with lab.case("a caller without a name is shown masked; one who asks for it is not shown at all", go_on=True):
        for caller, nick in (("masked", "+49 30 ••• 56"), ("hidden", "Anonymous caller")):
            ua = from_outside(lab, provider, caller)
            call = wait_for("the call", lambda: by_trunk(gateway), 10)
            call = wait_for("its nick", lambda: (by_trunk(gateway) or {}).get("nick") and by_trunk(gateway), 10)
            assert call["nick"] == nick and call["caller"] == "+4930123456", call
            ua.stop()
            gateway.wait_idle()

    with lab.case("an unknown number is 404, and nobody else comes in without a password", go_on=True):
        sent = lambda: [r for r in provider.requests() if r.startswith("INVITE") and f"{gateway.port} to" in r]  # noqa: E731
        before = sent()
        assert from_outside(lab, provider, "alice", to="+493066666").result(15)[1]["status"] == 404
        for number in ("0049900123456", "01149900123456", "+49900123456", "0900123456", "00882161234", "112"):
            assert from_outside(lab, provider, "alice", to=number).result(15)[1]["status"] == 404, number
        assert sent() == before, f"a call from outside went out again: {sent()}"
        stranger = lab.keep(Ua(lab.folder, "stranger", "call", gateway.uri("+493055550"), "--user", "alice", "--password", "guess"))
        assert stranger.result(15)[1]["status"] == 401

    with lab.case("a room with a PIN asks a caller from outside, too", go_on=True):
        ua = from_outside(lab, provider, "alice", to="+493055551", dtmf="4711#")
        wait_for("the PIN to be taken", lambda: (by_trunk(gateway) or {}).get("state") in ("waiting", "talking"), 20)
        assert any(h["event"] == "admitted" for h in gateway.ctl("call", "show", by_trunk(gateway)["id"])["hops"])
        ua.stop()
        gateway.wait_idle()

    with lab.case("a menu asks a caller from outside for the room, keyed in as he would dial it; who diverted the call is in the record", go_on=True):
        ua = from_outside(lab, provider, "diverted", to="+493055559", dtmf="03055550#")
        wait_for("the room to be found", lambda: (by_trunk(gateway) or {}).get("state") in ("waiting", "talking"), 20)
        call = gateway.ctl("call", "show", by_trunk(gateway)["id"])
        assert (call["number"], call["room"]) == ("+493055559", lab.room), call
        assert call["history"] == "Diversion: <sip:+4930999@provider.test>;reason=no-answer", call
        assert any("Diversion" in e["text"] for e in gateway.ctl("call", "trace", call["id"])["events"])
        ua.stop()
        gateway.wait_idle()

    with lab.case("the provider dies: seen, told, nothing leaves; it comes back: registered again, a call works"):
        provider.kill()
        down = state(gateway, "down")
        assert down["reason"], down
        assert "trunk-down" in gateway.process.log()
        provider.start()
        state(gateway, "up")
        at = time.monotonic()
        dave.hangup()
        ua = from_outside(lab, provider, "alice")
        dave.wait("proposed", since=at, nick="Alice")
        dave.accept()
        talking(gateway)
        dave.wait_hears("Alice", TONE, 15)
        ua.stop()
        gateway.wait_idle()

    with lab.case("reload: the trunk leaves the file and unregisters; put back it registers again"):
        trunks = gateway.conf["trunks"]
        gateway.conf["trunks"] = []
        gateway.write()
        gateway.ctl("reload")
        assert gateway.ctl("trunk", "list") == []
        assert wait_for("the call to be refused", lambda: from_outside(lab, provider, "alice").result(15)[1]["status"] == 480, 10)
        gateway.conf["trunks"] = trunks
        gateway.write()
        gateway.ctl("reload")
        state(gateway, "up")
        trunks[0]["keepalive"] = 2  # changed: the new registration must not be taken back by the old one
        gateway.write()
        gateway.ctl("reload")
        state(gateway, "up")
        time.sleep(1.5)
        at = time.monotonic()
        dave.hangup()
        ua = from_outside(lab, provider, "alice")
        dave.wait("proposed", since=at, nick="Alice")
        ua.stop()
        gateway.wait_idle()
        assert gateway.stop() == 0
        assert from_outside(lab, provider, "alice").result(15)[1]["status"] == 480, "still registered after the end"
