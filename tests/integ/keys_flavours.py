#!/usr/bin/python3
"""What a caller is told and what the keys do is the same in every kind of call: PIN, mute that the room hears and sees, hand,
the last word, music for who is alone. One room for each kind, all at once."""
import os
import sys
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from lab import TONES, Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402
from sfu_lab import Service, SfuPeer  # noqa: E402
from sound import loudest, seconds_of_tone  # noqa: E402

PIN = "471147"
KINDS = ("jmuci-mesh", "muji", "jmuci-sfu")

with Lab("keys_flavours") as lab:
    service = lab.keep(Service(lab.folder)).start()
    rooms = {kind: lab.server.make_room(kind) for kind in KINDS}
    empty = {kind: lab.server.make_room("empty-" + kind) for kind in KINDS}
    gateway = lab.daemon(
        rooms=[{"number": f"800{i}", "room": rooms[k], "flavour": k, "pin": PIN} for i, k in enumerate(KINDS)] +
              [{"number": f"801{i}", "room": empty[k], "flavour": k, "alone": "music"} for i, k in enumerate(KINDS)],
        sfu=[{"name": "test", "url": service.url}], media={"prompts": lab.prompts()})
    carol = lab.keep(SfuPeer("carol", TONES["carol"], lab.server, rooms["jmuci-sfu"], lab.folder, "--service", service.url))
    lab.people.append(carol)
    people = {"jmuci-mesh": lab.peer("alice", room=rooms["jmuci-mesh"]), "muji": lab.muji_peer("bob", room=rooms["muji"]), "jmuci-sfu": carol}
    for p in people.values():
        p.wait_joined()
    people["jmuci-mesh"].propose()
    people["muji"].join().wait("in")
    people["jmuci-sfu"].propose()

    phones, lonely = {}, {}
    for i, kind in enumerate(KINDS):
        phones[kind] = lab.dial(f"10{i}", to=f"800{i}", record=lab.file(kind + ".wav"), dtmf=f"{PIN}#,,,,,,,,*6,,,,*6,,,,*5,*9,*0")
        lonely[kind] = lab.dial(f"10{i}", to=f"801{i}", tone=0, record=lab.file("alone-" + kind + ".wav"))

    def cut(source, target, seconds):
        """The end of a recording."""
        with wave.open(source, "rb") as f, wave.open(target, "wb") as g:
            g.setparams(f.getparams())
            f.setpos(max(0, f.getnframes() - int(seconds * f.getframerate())))
            g.writeframes(f.readframes(f.getnframes()))
        return target

    def shown(peer, nick):
        """What the room was shown of that phone, each once: [(moment, text)]."""
        told = []
        for e in peer.seen("occupant", nick=nick):
            text = e.get("status") or ""
            if e["present"] and (not told or told[-1][1] != text):
                told.append((e["at"], text))
        return told

    def levels(peer, nick, hz, begin, end):
        with peer.lock:
            tones = [t for at, t in peer.heard.get(nick, []) if begin <= at <= end]
        return [max([t["db"] for t in ts if abs(t["hz"] - hz) <= hz * 0.02], default=-90.0) for ts in tones]

    for i, kind in enumerate(KINDS):
        nick, hz, peer, ua = f"Phone 10{i}", phones[kind].tone, people[kind], phones[kind]
        wav = lab.file(kind + ".wav")
        with lab.case(f"{kind}: the PIN, then sound both ways", go_on=True):
            code, document = ua.result(60)
            record = next(c for c in gateway.ctl("history") if c["number"] == f"800{i}")
            assert document["ended_by"] == "them" and record["flavour"] == kind and record["cause"] == "normal", (document, record)
            assert loudest(wav, 0, 1.5) > -40, "the question for the PIN is not audible"
            assert_heard(document, peer.tone, 3)
            assert peer.seen("occupant", nick=nick, present=False) or peer.wait("occupant", nick=nick, present=False)
        with lab.case(f"{kind}: *6 is heard and seen, *5 and *9 are seen", go_on=True):
            told = shown(peer, nick)
            assert [t for _, t in told] == ["", "muted", "", "hand raised", ""], told
            muted, unmuted, hand = told[1][0], told[2][0], told[3][0]
            silent, loud = levels(peer, nick, hz, muted + 1, unmuted), levels(peer, nick, hz, unmuted + 0.5, hand + 1)
            assert silent and sorted(silent)[len(silent) // 2] < -60, silent
            assert loud and max(loud) > -50, loud
            if kind == "muji":
                assert [e["on"] for e in peer.seen("mute", nick=nick, name="audio")] == [True, False], "the sessions were not told"
        with lab.case(f"{kind}: the last word is heard, and nobody of the room beside it", go_on=True):
            tail = cut(wav, lab.file(kind + "-tail.wav"), 0.5)  # a goodbye takes longer
            assert loudest(tail, 0, 1, window=0.1) > -40, "no goodbye"
            assert seconds_of_tone(wav, peer.tone, over=-18, window=0.1) > 3
            assert seconds_of_tone(tail, peer.tone, over=-18, window=0.1) == 0, "the room is still heard"

    for i, kind in enumerate(KINDS):
        with lab.case(f"{kind}: alone: told so, then music", go_on=True):
            wait_for("the call", lambda: any(c["number"] == f"801{i}" for c in gateway.calls()), 5)
            code, document = lonely[kind].hang_up()
            wav = lab.file("alone-" + kind + ".wav")
            assert loudest(wav, 4, 6.5) > -40, "nobody said that the caller is alone"
            assert loudest(wav, 8, document["duration_s"]) > -50, "no music"
