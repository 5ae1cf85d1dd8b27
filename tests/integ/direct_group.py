#!/usr/bin/python3
"""What else there is to a call between one phone and one person: devices that cannot be asked first (no XEP-0353), and a call that the
person leads on into a group call (Muji). With the argument "ejabberd" on that server."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from contact import Contact  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402

KIND = sys.argv[1] if len(sys.argv) > 1 else "prosody"

with Lab("direct_group", server=KIND) as lab:
    gateway = lab.daemon(sip={"ring_limit": 20},
                         rooms=[{"number": "8000", "room": lab.room},
                                {"number": "8101", "room": lab.server.jid("alice"), "flavour": "direct"},
                                {"number": "8103", "room": lab.server.jid("carol"), "flavour": "direct"}],
                         invites=[{"from": ["carol@" + lab.server.domain], "numbers": ["102"]}])
    jid = lambda n: f"{n}@{lab.server.phones}"  # noqa: E731
    registered = lambda n: any(p["number"] == n and p["registered"] for p in gateway.ctl("phone", "list"))  # noqa: E731
    alice = lab.person("alice")
    browser = lab.person("alice", 770, "--no-jmi")

    if KIND == "ejabberd":  # whose shared group takes in no phones of ours
        contact = lab.keep(Contact(lab.server, "alice"))
        contact.send(f"<presence type='subscribe' to='{jid('100')}'/>")
        wait_for("the phone to ask back", lambda: any(p.get("type") == "subscribe" for p in list(contact.presences)), 10)
        contact.send(f"<presence type='subscribed' to='{jid('100')}'/>")
        wait_for("her contact list", lambda: jid("100") + "\t\tboth" in lab.server.ctl("get_roster", "alice", lab.server.domain), 10)

    def ended(call):
        return wait_for("the call to end", lambda: (lambda c: c["state"] == "ended" and c)(gateway.ctl("call", "show", call)), 15)

    with lab.case("a device that cannot be asked first gets a session, and takes it: the others are told, tones both ways"):
        ua = lab.dial("100", "8101")
        asked = alice.wait("jmi", action="propose")
        offered = browser.wait("offered")
        assert offered["sid"] != asked["id"] and not alice.seen("offered"), (offered, asked)
        browser.command("take")
        gateway.wait_talking("100")
        alice.wait("jmi", action="retract", id=asked["id"])
        browser.wait_hears("100", 1000)
        gateway.let_listen("100", 1)
        ua.hang_up()
        assert_heard(ua.documents()[-1], 770, 1)
        browser.wait("session", state="ended", reason="success")
        assert not browser.seen("error") and not browser.seen("jmi", action="finish"), browser.events
        gateway.wait_idle()

    with lab.case("the device that was asked takes the call: the other one's session ends"):
        since = browser.events[-1]["at"] + 1e-6
        ua = lab.dial("100", "8101")
        alice.wait("jmi", action="propose", since=since)
        browser.wait("offered", since=since)
        alice.command("take")
        browser.wait("action", name="session-terminate", since=since)
        call = gateway.wait_talking("100")
        assert [p["jid"] for p in call["peers"]] == [alice.jid], call
        alice.wait_hears("100", 1000)
        ua.hang_up()
        gateway.wait_idle()

    group = lab.server.room("c0ffee01")
    carol = lab.group_peer("carol", group).wait_joined()
    in_group = lambda n: (lambda c: c and (c["flavour"], c["room"]) == ("muji", group) and c)(gateway.call(n))  # noqa: E731

    with lab.case("she leads the phone into a group call: it goes on without a gap, who comes later is heard, too"):
        ua = lab.dial("100", "8103")
        was = gateway.wait_talking("100")
        carol.wait_hears("100", 1000)
        gateway.let_listen("100", 1)
        other = lab.answering("102", calls=1)
        wait_for("phone 102 to be registered", lambda: registered("102"), 10)
        carol.command("lead", jid("102"), lab.server.jid("dave"))
        carol.wait("stays")
        call = wait_for("the group call", lambda: in_group("100"), 10)
        assert call["id"] == was["id"] and call["number"] == "8103", call
        dave = lab.muji_peer("dave", room=group).wait_joined()
        dave.join()
        dave.wait_hears("Phone 100", 1000)
        carol.wait_hears("dave", dave.tone)
        carol.wait_hears("Phone 102", 1400)
        gateway.let_listen("100", 2)
        assert carol.hears("100", 1000) and len(gateway.call("100")["peers"]) == 3, gateway.call("100")
        assert not carol.seen("session", peer=was["peers"][0]["jid"], state="ended") and not carol.seen("invite", by=jid("100"))
        assert not carol.seen("ignored") + carol.seen("error"), carol.events

    with lab.case("she leaves, the others talk on; the phone hangs up"):
        carol.command("quit")
        wait_for("her session to end", lambda: len(gateway.call("100")["peers"]) == 2, 10)
        gateway.let_listen("100", 1)
        ua.hang_up()
        heard = ua.documents()[-1]
        assert_heard(heard, carol.tone, 2)
        assert_heard(heard, dave.tone, 1)
        assert_heard(heard, 1400, 1)
        longest = max([g["ms"] for g in heard["gaps"]], default=0)
        lab.say(f"longest gap that the phone heard: {longest} ms")
        assert longest <= 400, heard["gaps"]  # a busy machine; that her session is the same one was seen above
        record = ended(call["id"])
        assert (record["flavour"], record["room"], record["cause"]) == ("muji", group, "normal"), record
        other.hang_up()
        gateway.wait_idle()
        assert "goes on as a group call" in str(gateway.ctl("call", "trace", call["id"]))

    names = lambda e: sorted(e["users"].values())  # noqa: E731

    def told(people, since):
        """The newest word of the gateway that names just these."""
        return wait_for(f"{alice.name} to be told of {people}",
                        lambda: next((e for e in alice.seen("conference", since=since) if names(e) == sorted(people)), None), 15)

    with lab.case("a person calls a room: he is in its call with a phone and a person there, everybody hears everybody, and he knows who is there"):
        bob = lab.peer("bob").wait_joined()
        bob.propose()
        ua = lab.dial("100", "8000")
        gateway.wait_talking("100")
        since = alice.events[-1]["at"] + 1e-6
        alice.command("propose", jid("8000"))
        own = alice.wait("own", since=since)["id"]
        proceed = alice.wait("jmi", action="proceed", id=own)
        alice.wait_hears("8000", 1000)
        alice.wait_hears("8000", bob.tone)
        bob.wait_hears("alice", alice.tone)
        gateway.let_listen("100", 2)
        his = next(c for c in gateway.calls() if c["direction"] == "out")
        there = next(c for c in gateway.calls() if c["caller"] == lab.server.jid("alice"))
        assert (his["name"], his["room"], there["room"], there["nick"]) == ("Room 8000", lab.server.jid("alice"), lab.room, "alice"), (his, there)
        assert proceed["peer"].startswith(jid("8000") + "/"), proceed
        word = told(["Phone 100", "alice", "bob"], since)
        assert word["users"] == {"sip:" + jid("100"): "Phone 100", "xmpp:" + lab.server.jid("alice"): "alice", f"xmpp:{lab.room}/bob": "bob"}, word

    with lab.case("one leaves, he is told; he hangs up and leaves the room"):
        bob.hangup()
        assert told(["Phone 100", "alice"], word["at"])["version"] > word["version"]
        gateway.let_listen("100", 1)
        alice.command("hangup")
        assert [ended(c["id"])["cause"] for c in (his, there)] == ["normal", "normal"]
        code, heard = ua.hang_up()
        assert_heard(heard, alice.tone, 2)
        assert_heard(heard, bob.tone, 1)
        gateway.wait_idle()
