#!/usr/bin/python3
"""A person brings her own SIP account (XEP-0077): the gateway registers at her provider (Kamailio), calls to it ring her, her calls go
out by it; what is refused, what she is told, and that it ends with it."""
import os
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from contact import Contact  # noqa: E402
from daemon import Ua  # noqa: E402
from kamailio import Kamailio  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import free_port, wait_for  # noqa: E402

REGISTER, DATA, ERRORS, ROSTER = "jabber:iq:register", "jabber:x:data", "urn:ietf:params:xml:ns:xmpp-stanzas", "jabber:iq:roster"

with Lab("registration") as lab:
    gateway = lab.daemon(start=False, rooms=[{"number": "8000", "room": lab.room}])
    door = lab.server.phones
    world = free_port()  # every telephone of the world
    provider = lab.keep(Kamailio(lab.folder, gateway=("127.0.0.1", gateway.port), user="anna", password="anna's secret",
                                 callee=f"127.0.0.1:{world}"))
    gateway.conf["xmpp"].update(registration=["alice@*", "carol@*"], registrars=[provider.address])
    gateway.write()
    gateway.start()
    provider.start()
    alice, bob, carol = (lab.keep(Contact(lab.server, u)) for u in ("alice", "bob", "carol"))

    def ask(who, kind, inside=""):
        return who.ask(kind, door, f"<query xmlns='{REGISTER}'>{inside}</query>")

    def fill_in(who, **fields):
        values = "".join(f"<field var='{k}'><value>{v}</value></field>" for k, v in dict(fields, FORM_TYPE=REGISTER).items())
        return ask(who, "set", f"<x xmlns='{DATA}' type='submit'>{values}</x>")

    def condition(answer):
        error = answer.find("{jabber:client}error")
        return None if error is None else next(e.tag.split("}")[1] for e in error if e.tag.startswith("{" + ERRORS) and not e.tag.endswith("}text"))

    def account(wanted):
        def there():
            found = [a for a in gateway.ctl("account", "list") if a["jid"] == lab.server.jid("alice")]
            return found and found[0]["state"] == wanted and found[0]
        return wait_for(f"the account to be {wanted}", there, 20)

    def told(words):
        return wait_for(f"alice to be told: {words}", lambda: [b for b in alice.bodies(door) if words in b], 15)

    def registers():
        return [r for r in provider.requests() if r.startswith("REGISTER")]

    with lab.case("only who may sees it: the feature, the form; others are refused"):
        assert REGISTER in alice.disco(door)[1] and REGISTER not in bob.disco(door)[1]
        form = ask(alice, "get").find(f"{{{REGISTER}}}query")
        assert form.find(f"{{{REGISTER}}}registered") is None
        fields = {f.get("var"): f for f in form.iter(f"{{{DATA}}}field")}
        assert fields["password"].get("type") == "text-private" and fields["FORM_TYPE"].find(f"{{{DATA}}}value").text == REGISTER
        assert [v.text for v in fields["registrar"].iter(f"{{{DATA}}}value")] == [provider.address] * 2  # chosen, and offered
        assert condition(ask(bob, "get")) == "not-allowed"
        assert condition(ask(bob, "set", "<username>anna</username><password>x</password>")) == "not-allowed"
        assert condition(ask(alice, "set", "<remove/>")) == "registration-required"

    with lab.case("nothing goes to a host that the operator has not named", go_on=True):
        for user, registrar in ((f"anna@127.0.0.1:{world}", ""), ("anna", "evil.example"), ("anna@evil.example", provider.address)):
            assert condition(fill_in(carol, username=user, password="x", registrar=registrar)) == "not-acceptable", (user, registrar)
        assert condition(fill_in(carol, username="anna", registrar=provider.address)) == "not-acceptable"  # no password
        assert not registers() and not gateway.ctl("account", "list")

    with lab.case("a wrong password: she is told, the registrar is not asked again and again"):
        assert condition(fill_in(alice, username="anna", password="wrong", registrar=provider.address, name="Anna")) is None
        down = account("down")
        assert down["account"] == "anna@127.0.0.3" and "401" in down["reason"], down
        assert "wrong" not in str(down)
        told("not registered (401")
        assert len(registers()) == 2, registers()  # without, and with the password

    with lab.case("the right one: registered, she is told, and sees it; nothing shows the password"):
        assert condition(ask(alice, "set", "<username>anna@127.0.0.3</username><password>anna's secret</password><name>Anna B.</name>")) is None
        account("up")
        told("is registered.")
        assert condition(fill_in(carol, username="anna", password="x", registrar=provider.address)) == "conflict"
        wait_for("her to see it", lambda: alice.sees(door) == ("here", "registered"), 5)
        form = ask(alice, "get").find(f"{{{REGISTER}}}query")
        assert form.find(f"{{{REGISTER}}}registered") is not None
        fields = {f.get("var"): [v.text for v in f.findall(f"{{{DATA}}}value")] for f in form.iter(f"{{{DATA}}}field")}
        assert (fields["username"], fields["name"], fields["password"]) == (["anna"], ["Anna B."], []), fields
        assert gateway.ctl("trunk", "list") == [] and gateway.ctl("status")["trunks"] == {"known": 0, "registered": 0}

    person = lab.person("alice")
    other = lab.person("bob", 880)

    with lab.case("it is kept over a restart, in a file for us alone; she is not told again"):
        before = len(alice.bodies(door))
        gateway.stop()
        gateway.start()
        account("up")
        mode = os.stat(gateway.conf["store"]["path"]).st_mode
        assert not mode & (stat.S_IRWXG | stat.S_IRWXO), oct(mode)
        assert len(alice.bodies(door)) == before, alice.bodies(door)

    with lab.case("a call to her account rings her, wherever she is; tones both ways"):
        explained = gateway.ctl("route", "explain", "trunk:account:" + lab.server.jid("alice"), "anna")
        assert explained["allowed"] and explained["room"] == lab.server.jid("alice"), explained
        ua = lab.keep(Ua(lab.folder, "outside", "call", f"sip:anna@{provider.address}", "--user", "+4930123456", "--password", "-", "--tone", 1000))
        lab.phones.append(ua)
        asked = person.wait("jmi", action="propose")
        assert asked["peer"].startswith(f"+4930123456@{door}/"), asked
        person.command("take")
        call = wait_for("the call", lambda: next((c for c in gateway.calls() if c["state"] == "talking"), None), 15)
        assert (call["direction"], call["flavour"], call["room"], call["caller"]) == ("in", "direct", lab.server.jid("alice"), "+4930123456"), call
        wait_for("the tone", lambda: person.hears("+4930123456", 1000), 12)
        gateway.let_listen(None, 1.5)
        assert not other.seen("jmi"), other.events
        code, heard = ua.hang_up()
        assert heard["status"] == 200, heard
        assert_heard(heard, person.tone, 1)
        gateway.wait_idle()

    with lab.case("her call to a number goes out by her account, and nobody else's does"):
        far = lab.keep(Ua(lab.folder, "far", "answer", "--listen", f"127.0.0.1:{world}", "--tone", 1400, "--transport", "udp"))
        wait_for("the far end to listen", lambda: "listening" in far.process.log(5), 10)
        explained = gateway.ctl("route", "explain", lab.server.jid("alice"), f"+4930123456@{door}")
        assert explained["allowed"] and explained["trunk"] == "account:" + lab.server.jid("alice"), explained
        for who in ("operator", lab.server.jid("bob"), "100"):
            assert not gateway.ctl("route", "explain", who, "+4930123456")["allowed"], who
        since = person.events[-1]["at"] + 1e-6
        person.command("propose", f"+4930123456@{door}")
        own = person.wait("own", since=since)["id"]
        person.wait("jmi", action="proceed", id=own)
        call = wait_for("the call", lambda: next((c for c in gateway.calls() if c["state"] == "talking"), None), 15)
        assert (call["direction"], call["trunk"]) == ("out", "account:" + lab.server.jid("alice")), call
        wait_for("the tone", lambda: person.hears("+4930123456", 1400), 12)
        gateway.let_listen(None, 1.5)
        person.command("hangup")
        gateway.wait_idle()
        heard = wait_for("the far end's result", far.documents, 10)[0]
        assert_heard(heard, person.tone, 1)
        assert any(r.startswith("INVITE") and f"127.0.0.1:{gateway.port} to sip:+4930123456@" in r for r in provider.requests()), provider.requests()
        since = other.events[-1]["at"] + 1e-6
        other.command("propose", f"+4930123456@{door}")
        assert other.wait("jmi", action="reject", since=since)["reason"] == "decline"

    with lab.case("taken off her contact list, it is removed here and at the registrar"):
        before = len(registers())
        alice.send(f"<presence to='{door}' type='subscribe'/>")
        contact = lambda: [i.get("subscription") for i in alice.ask("get", lab.server.jid("alice"), f"<query xmlns='{ROSTER}'/>").iter(f"{{{ROSTER}}}item")  # noqa: E731
                           if i.get("jid") == door]
        wait_for("her to be subscribed", lambda: contact() in (["to"], ["both"]), 10)
        alice.send(f"<presence to='{door}' type='unsubscribe'/>")
        wait_for("the account to be gone", lambda: gateway.ctl("account", "list") == [], 10)
        wait_for("the registration to be taken back", lambda: len(registers()) > before, 10)
        ua = lab.keep(Ua(lab.folder, "late", "call", f"sip:anna@{provider.address}", "--user", "late", "--password", "-"))
        assert ua.result(15)[1]["status"] == 480
        assert ask(alice, "get").find(f"{{{REGISTER}}}query/{{{REGISTER}}}registered") is None

    with lab.case("the operator removes one, its owner is told; what the file does not let any more is not used", go_on=True):
        assert condition(fill_in(alice, username="anna", password="anna's secret", registrar=provider.address)) is None
        account("up")
        gateway.conf["xmpp"]["registration"] = ["carol@*"]
        gateway.write()
        gateway.ctl("reload")
        account("off")
        gateway.ctl("account", "remove", lab.server.jid("alice"))
        told("has been removed by the operator")
        assert gateway.ctl("account", "list") == []

    with lab.case("the password is in no log"):
        assert "secret" not in gateway.process.log().replace("component.secret", ""), [x for x in gateway.process.log().splitlines() if "secret" in x]
