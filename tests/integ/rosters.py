#!/usr/bin/python3
"""Phones in people's contact lists: written there where the server lets the gateway (XEP-0356), else suggested (XEP-0144); for those
who may see them, when they come into a room, each once. With "ejabberd": what that server's version can do of it."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import servers  # noqa: E402
from contact import Contact  # noqa: E402
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402
from sip_phone import SipPhone  # noqa: E402

ROSTER, ROSTERX = "jabber:iq:roster", "http://jabber.org/protocol/rosterx"


class Prosody(servers.Prosody):
    """Without a shared group; its people's contact lists are open to the gateway."""

    def _write(self, config):
        if not os.path.exists("/usr/lib/prosody/modules/mod_privilege"):
            raise servers.Missing("mod_privilege is not installed (prosody-modules)")
        super()._write(config)
        with open(config) as f:
            text = f.read()
        text = text.replace('"groups"; ', '"privilege"; ').replace(
            f'VirtualHost "{self.domain}"\n', f'VirtualHost "{self.domain}"\n'
            f'  privileged_entities = {{ ["{self.phones}"] = {{ roster = "both" }} }}\n').replace(
            f'Component "{self.phones}"\n', f'Component "{self.phones}"\n  modules_enabled = {{ "privilege" }}\n')
        with open(config, "w") as f:
            f.write(text)


class Ejabberd(servers.Ejabberd):
    """The same by ejabberd's mod_privilege."""

    def roster(self):
        return []

    def _write(self, config=None):
        super()._write()
        config = os.path.join(self.folder, "ejabberd.yml")
        with open(config) as f:
            text = f.read()
        text = text.replace("\n  mod_roster: {}", f"\n  mod_privilege: {{ roster: {{ both: {{ allow: {{ server: \"{self.phones}\" }} }} }} }}\n  mod_roster: {{}}")
        with open(config, "w") as f:
            f.write(text)


KIND = sys.argv[1] if len(sys.argv) > 1 else "prosody"
with Lab("rosters", server={"prosody": Prosody, "ejabberd": Ejabberd}[KIND]) as lab:
    people = [lab.server.jid(u) for u in ("alice", "bob")]
    gateway = lab.daemon(xmpp={"visible_to": people, "roster_help": "write"}, rooms=[{"number": "8000", "room": lab.room, "idle": "wait"}])
    door = lab.server.phones
    alice, bob, carol = (lab.keep(Contact(lab.server, u)) for u in ("alice", "bob", "carol"))
    ours = sorted(f"{n}@{door}" for n in ("100", "101", "102", "103", "guest", "gateway"))

    def contacts(who):
        answer = who.ask("get", lab.server.jid(who.user), f"<query xmlns='{ROSTER}'/>")
        return {i.get("jid"): i for i in answer.iter(f"{{{ROSTER}}}item")}

    def suggested(who):
        return [sorted(i.get("jid") for i in m.iter(f"{{{ROSTERX}}}item")) for m in list(who.messages) if m.find(f"{{{ROSTERX}}}x") is not None]

    def lines(what):
        return [line for line in gateway.process.log(400).splitlines() if what in line]

    with lab.case("the server says what the gateway may"):
        wait_for("the privilege", lambda: lines("roster-privilege"), 10)

    if KIND == "ejabberd":
        with lab.case("ejabberd gives the right and cannot keep it: they are suggested instead"):
            alice.enter(lab.room, "Alice")
            wait_for("alice to be asked", lambda: suggested(alice), 20)
            assert suggested(alice) == [ours], suggested(alice)
            assert lines("roster-not-written") and not lines("roster-written") and not contacts(alice)
    else:
        with lab.case("who comes into a room and may see the phones has them as contacts: both see each other"):
            assert not contacts(alice)
            alice.enter(lab.room, "Alice")
            wait_for("the contacts to be written", lambda: lines("roster-written"), 20)
            found = contacts(alice)
            assert sorted(found) == ours, sorted(found)
            desk = found["103@" + door]
            assert (desk.get("name"), desk.get("subscription"), desk.find(f"{{{ROSTER}}}group").text) == ("Phone 103", "both", "Telephones")

        with lab.case("and sees how they stand from now on"):
            phone = lab.keep(SipPhone(gateway, "103")).register()
            wait_for("alice to see 103", lambda: alice.sees(f"103@{door}/tipring") == ("here", None), 10)

        with lab.case("who may not see them is left alone", go_on=True):
            carol.enter(lab.room, "Carol")
            bob.enter(lab.room, "Bob")  # after her: when he has been helped, she would have been
            wait_for("bob's contacts to be written", lambda: len(lines("roster-written")) == 2, 20)
            assert not contacts(carol) and not suggested(carol)
            assert sorted(contacts(bob)) == ours

        with lab.case("with suggest nothing is written, each is asked once", go_on=True):
            gateway.conf["xmpp"].update(visible_to=[lab.server.jid("carol")], roster_help="suggest")
            gateway.write()
            gateway.ctl("reload")
            again = lab.keep(Contact(lab.server, "carol")).enter(lab.room, "Carol again")
            wait_for("carol to be asked", lambda: suggested(carol) or suggested(again), 10)
            got = suggested(carol) + suggested(again)
            assert got[0] == ours, got
            assert not contacts(carol)
            third = lab.keep(Contact(lab.server, "carol")).enter(lab.room, "Carol once more")
            dave = lab.keep(Contact(lab.server, "dave")).enter(lab.room, "Dave")
            assert len(lines("roster-suggested")) == 1 and dave and third
