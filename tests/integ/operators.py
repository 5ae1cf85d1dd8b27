#!/usr/bin/python3
"""The gateway's own JID as people's clients meet it: a list of rooms and phones for those who may see it, page by page; the
address of a number; subscriptions; and commands for operators (XEP-0050), which nobody else may run."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from contact import Contact  # noqa: E402
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402
from sip_phone import SipPhone  # noqa: E402

COMMANDS, FORM, ITEMS, INFO = ("http://jabber.org/protocol/" + n for n in ("commands", "jabber:x:data", "disco#items", "disco#info"))
FORM, RSM, STANZAS, GATEWAY = "jabber:x:data", "http://jabber.org/protocol/rsm", "urn:ietf:params:xml:ns:xmpp-stanzas", "jabber:iq:gateway"


def condition(answer):
    """Names inside the error of an answer, or [] for a result."""
    error = answer.find("{jabber:client}error")
    return [] if error is None else [c.tag.split("}")[1] for c in error]


def tags(answer, name):
    return list(answer.iter(name))


with Lab("operators") as lab:
    alice, bob, carol = (lab.keep(Contact(lab.server, u)) for u in ("alice", "bob", "carol"))
    gateway = lab.daemon(xmpp={"operators": [lab.server.jid("alice")], "visible_to": ["b?b@" + lab.server.domain]},
                         rooms=[{"number": "8000", "room": lab.room, "idle": "wait"}])
    door = lab.server.phones
    phone = lab.keep(SipPhone(gateway, "103", "answer")).register()

    def items(who, page="", node=None):
        answer = who.ask("get", door, f"<query xmlns='{ITEMS}'{' node=' + repr(node) if node else ''}>{page}</query>")
        return [(i.get("jid"), i.get("name")) for i in tags(answer, f"{{{ITEMS}}}item")], answer

    def command(who, node, action=None, session=None, **values):
        fields = "".join(f"<field var='{k}'>" + "".join(f"<value>{v}</value>" for v in (vs if isinstance(vs, list) else [vs])) + "</field>"
                         for k, vs in values.items())
        return who.ask("set", door, f"<command xmlns='{COMMANDS}' node='tipring:{node}'" + (f" action='{action}'" if action else "")
                       + (f" sessionid='{session}'" if session else "") + ">"
                       + (f"<x xmlns='{FORM}' type='submit'>{fields}</x>" if values else "") + "</command>")

    def inner(answer):
        found = answer.find(f"{{{COMMANDS}}}command")
        assert found is not None, condition(answer)
        return found

    def said(answer):
        """(status, all values and notes) of a command's answer."""
        c = inner(answer)
        return c.get("status"), [e.text for e in c.iter() if e.tag in (f"{{{FORM}}}value", f"{{{COMMANDS}}}note")]

    with lab.case("what it is: a gateway to SIP, with commands"):
        identities, features = bob.disco(door)
        assert {i[:2] for i in identities} == {("gateway", "sip")}, identities
        assert {COMMANDS, RSM, GATEWAY, ITEMS} <= set(features), features

    everything = sorted([(f"{n}@{door}", "Phone " + n) for n in ("100", "101", "102", "103")] + [(lab.room, "8000")])
    with lab.case("rooms and phones are listed for those who may see them, page by page", go_on=True):
        assert items(bob)[0] == everything and items(alice)[0] == everything
        assert items(carol)[0] == []
        page, last = [], ""
        for _ in range(3):
            got, answer = items(bob, f"<set xmlns='{RSM}'><max>2</max>{last}</set>")
            assert answer.find(f".//{{{RSM}}}count").text == "5" and len(got) <= 2
            page += got
            last = f"<after>{got[-1][0]}</after>"
        assert page == everything, page
        assert items(bob, f"<set xmlns='{RSM}'><max>2</max><before/></set>")[0] == everything[-2:]
        assert items(bob, f"<set xmlns='{RSM}'><max>0</max></set>")[0] == []
        assert "item-not-found" in condition(items(bob, f"<set xmlns='{RSM}'><index>99</index></set>")[1])
        assert "bad-request" in condition(items(bob, f"<set xmlns='{RSM}'><max>many</max></set>")[1])

    with lab.case("the address of a number, and of what is none", go_on=True):
        prompt = bob.ask("get", door, f"<query xmlns='{GATEWAY}'/>")
        assert prompt.find(f".//{{{GATEWAY}}}desc").text
        for typed, jid in (("+49 (30) 123-45", "+493012345@" + door), ("100", "100@" + door), ("o'hara &amp; co", "o\\27hara\\20\\26\\20co@" + door)):
            answer = bob.ask("set", door, f"<query xmlns='{GATEWAY}'><prompt>{typed}</prompt></query>")
            assert answer.find(f".//{{{GATEWAY}}}jid").text == jid, typed
        assert "not-acceptable" in condition(bob.ask("set", door, f"<query xmlns='{GATEWAY}'><prompt> </prompt></query>"))

    with lab.case("who subscribes to the gateway sees it, and is left alone after unsubscribing", go_on=True):
        kinds = lambda: [p.get("type") for p in list(carol.presences) if p.get("from") == door]  # noqa: E731

        def contact():
            roster = carol.ask("get", lab.server.jid("carol"), "<query xmlns='jabber:iq:roster'/>")
            found = {i.get("jid"): (i.get("subscription"), i.get("ask")) for i in tags(roster, "{jabber:iq:roster}item")}
            return found.get(door)
        carol.send(f"<presence to='{door}' type='subscribe'/>")
        wait_for("carol to see the gateway, and be asked in turn", lambda: {"subscribe", None} <= set(kinds()), 10)
        assert contact() == ("to", None), contact()
        carol.send(f"<presence to='{door}' type='subscribed'/>")
        wait_for("both to see each other", lambda: contact() == ("both", None), 10)
        carol.send(f"<presence to='{door}' type='unsubscribe'/>")
        wait_for("neither to see the other", lambda: contact() == ("none", None) and "unavailable" in kinds(), 10)

    with lab.case("commands are shown to operators only", go_on=True):
        nodes = [i.get("node") for i in tags(alice.ask("get", door, f"<query xmlns='{ITEMS}' node='{COMMANDS}'/>"), f"{{{ITEMS}}}item")]
        assert {"tipring:call-list", "tipring:call-dial", "tipring:call-hangup", "tipring:call-mute", "tipring:room-add"} <= set(nodes), nodes
        assert not {"tipring:phone-add", "tipring:config", "tipring:drain", "tipring:log"} & set(nodes), nodes
        assert not tags(bob.ask("get", door, f"<query xmlns='{ITEMS}' node='{COMMANDS}'/>"), f"{{{ITEMS}}}item")
        info = alice.ask("get", door, f"<query xmlns='{INFO}' node='tipring:call-dial'/>")
        assert info.find(f".//{{{INFO}}}identity").get("type") == "command-node"

    with lab.case("who is no operator may not, whatever the command", go_on=True):
        for who in (bob, carol):
            for node in ("call-list", "call-dial", "nonsense"):
                assert "forbidden" in condition(command(who, node)), node
        bob.enter(lab.room, "alice")  # a nick is nobody
        assert "forbidden" in condition(command(bob, "call-list"))
        assert "item-not-found" in condition(command(alice, "nonsense"))

    with lab.case("dial by a form, list, mute, hang up"):
        form = inner(command(alice, "call-dial"))
        assert form.get("status") == "executing" and [o.get("label") for o in tags(form, f"{{{FORM}}}option")] == ["8000: " + lab.room]
        again = inner(command(alice, "call-dial", "complete", form.get("sessionid"), number="103"))
        assert again.get("status") == "executing" and again.get("sessionid") == form.get("sessionid")
        status, values = said(command(alice, "call-dial", "complete", form.get("sessionid"), number="103", room="8000"))
        assert status == "completed" and len(values) == 1, values
        call = values[0]
        gateway.wait_state("103", "waiting", 15)
        assert call in said(command(alice, "call-list"))[1]
        mute = inner(command(alice, "call-mute"))
        assert [o.find(f"{{{FORM}}}value").text for o in tags(mute, f"{{{FORM}}}option")] == [call]
        assert said(command(alice, "call-mute", "execute", mute.get("sessionid"), id=call))[0] == "completed"
        assert gateway.call("103")["muted"]
        status, values = said(command(alice, "call-hangup", "complete", inner(command(alice, "call-hangup")).get("sessionid"), id=call))
        assert (status, values) == ("completed", ["ending"]), values
        gateway.wait_idle()

    with lab.case("map a room, and take it away again; a mistake is told in words", go_on=True):
        side = lab.server.room("side")
        assert said(command(alice, "room-add", None, None, number="8100", roomjid=side, keys=["idle=wait", "watch=false"]))[0] == "completed"
        assert [r["room"] for r in gateway.ctl("room", "list") if r["number"] == "8100"] == [side]
        status, values = said(command(alice, "room-add", None, None, number="8100", roomjid=side))
        assert status == "completed" and values and "8100" in values[0], values
        assert said(command(alice, "room-remove", None, None, number="8100"))[0] == "completed"
        assert not [r for r in gateway.ctl("room", "list") if r["number"] == "8100"]

    with lab.case("sessions: cancelled, made up, another's, a wrong step", go_on=True):
        session = inner(command(alice, "call-dial")).get("sessionid")
        assert "bad-sessionid" in condition(command(alice, "call-mute", "complete", session, id="x"))
        assert "bad-action" in condition(command(alice, "call-dial", "prev", session))
        assert "malformed-action" in condition(command(alice, "call-dial", "jump", session))
        other = lab.keep(Contact(lab.server, "alice"))
        assert "bad-sessionid" in condition(command(other, "call-dial", "complete", session, number="103", room="8000"))
        assert inner(command(alice, "call-dial", "cancel", session)).get("status") == "canceled"
        assert "bad-sessionid" in condition(command(alice, "call-dial", "complete", session, number="103", room="8000"))
        assert not gateway.calls()

    with lab.case("an operator who is taken out of the configuration may no more", go_on=True):
        gateway.conf["xmpp"]["operators"] = []
        gateway.write()
        gateway.ctl("reload")
        assert "forbidden" in condition(command(alice, "call-list"))
        assert items(alice)[0] == [] and items(bob)[0] == everything
