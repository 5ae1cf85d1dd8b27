#!/usr/bin/python3
"""A tone and speech through the whole product in real time, from a phone to a browser and back, over a bad network: between the phone and the
gateway, or between the browser and the gateway. Prints a table (docs/sound.md says what the columns are).
bad_network.py [SET...]: only these of phone-opus, phone-PCMU, browser-opus, browser-PCMU (ten minutes each)"""
import base64
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import netns  # noqa: E402

netns.enter()

import numpy as np  # noqa: E402

import heard  # noqa: E402
from daemon import Ua  # noqa: E402
from impaired import Link  # noqa: E402
from lab import Lab  # noqa: E402

DESK_HERE, DESK, FAR_HERE, FAR = "203.0.113.1", "203.0.113.2", "198.51.100.1", "198.51.100.2"
HZ, AMPLITUDE, SETTLE_S, TONE_S, SPEECH_S, PAGE_RATE = 440, 0.25, 4, 14, 12, 48000
SETS = {"phone-opus": ("phone", "opus"), "phone-PCMU": ("phone", "PCMU"), "browser-opus": ("browser", "opus"), "browser-PCMU": ("browser", "PCMU")}
LOSSES = (dict(), dict(loss=0.02), dict(loss=0.05), dict(loss=0.1), dict(loss=0.02, burst=True), dict(loss=0.05, burst=True), dict(loss=0.1, burst=True))
NETWORKS = [dict(loss, jitter_ms=ms) for ms in (0, 30, 80) for loss in LOSSES]
COLUMNS = ("network of", "phone's codec", "loss % (that way)", "jitter ms", "way", "gaps over 60 ms (longest)", "level dBFS (weakest 20 ms)",
           "made up ms a minute: gateway, browser", "mouth to ear ms, median, 95th", "E-model", "distance dB")


def said_file(lab):
    """A tone, then speech, as loud as each other."""
    words = heard.read_wav(os.path.join(lab.prompts(), "en", "help.wav"))[:SPEECH_S * heard.RATE]
    wave = np.sin(2 * np.pi * HZ * np.arange(TONE_S * heard.RATE) / heard.RATE) * AMPLITUDE * 32767
    heard.write_wav(lab.file("said.wav"), np.concatenate([wave, words]))
    return lab.file("said.wav")


class Ends:
    """The phone and the browser, each behind a link of its own."""

    def __init__(self, lab):
        self.lab, self.said = lab, said_file(lab)
        self.desk, far = netns.Machine("desk"), netns.Machine("far")
        self.links = {"phone": lab.keep(Link(lab.folder, "desk", self.desk, DESK_HERE, DESK)),
                      "browser": lab.keep(Link(lab.folder, "far", far, FAR_HERE, FAR))}
        far.route(FAR_HERE)
        self.gateway = lab.daemon(start=False, media={"addresses": [FAR_HERE]})
        self.gateway.conf["sip"]["listen"].append(f"udp:{DESK_HERE}:{self.gateway.port}")
        self.gateway.write()
        self.gateway.start()
        lab.page().files["said.wav"] = self.said
        netns.bring(far, lab.server.http, lab.page().port)
        self.alice = lab.browser("alice", run=far.inside, file="said.wav").wait_joined()

    def call(self, codec):
        since = time.monotonic()
        self.alice.propose()
        self.alice.wait("word", action="propose", since=since)  # the room has it: a phone that dials now joins that call
        recorded = self.lab.file("heard.wav")
        phone = self.lab.keep(Ua(self.lab.folder, "100", "call", f"sip:8000@{DESK_HERE}:{self.gateway.port}", "--user", "100", "--password", "pw-100",
                                 "--play", self.said, "--record", recorded, "--codec", codec, "--fec", run=self.desk.inside))
        self.gateway.wait_talking("100", timeout=30)
        return phone, recorded

    def made_up(self):
        """ms by the gateway (of the phone, of the browser) and by the browser, until now."""
        call = self.gateway.call("100")
        theirs = self.alice.stats.get("Phone 100", {})
        return np.array([call["sip"]["concealed_ms"], call["peers"][0]["concealed_ms"], theirs.get("concealed", 0) / 48])

    def heard_by_browser(self, since):
        """What the browser said and heard."""
        pieces = self.alice.seen("pcm", since)
        pieces = sorted((p for p in pieces if p["tape"] == pieces[-1]["tape"]), key=lambda p: p["first"])
        ahead = max(p["ahead"] for p in pieces)
        begin = self.alice.seen("said", since)[-1]["begin"]
        pcm = np.zeros(round((pieces[-1]["first"] - pieces[0]["first"] + 1) * PAGE_RATE), np.int16)
        for p in pieces:
            samples, at = np.frombuffer(base64.b64decode(p["pcm"]), "<i2"), round((p["first"] - pieces[0]["first"]) * PAGE_RATE)
            pcm[at:at + len(samples)] = samples
        assert len(pieces) * len(samples) > len(pcm) - 1.2 * PAGE_RATE, "pieces of the recording are missing"
        return heard.Sound(begin - ahead, heard.read_wav(self.said)), heard.Sound(pieces[0]["first"] - ahead, heard.third(pcm))

    def heard_by_phone(self, recorded):
        """A packet leaves when its 20 ms are full; from the moment on when the first one does there is a recording."""
        began = min(self.links["phone"].figures()["in"]["began"].values())
        return heard.Sound(began - 0.02, heard.read_wav(self.said)), heard.Sound(began, heard.read_wav(recorded))


def figures(said, ear):
    tone_over = said.began + TONE_S
    return dict(heard.tone(ear, said.began + SETTLE_S, tone_over - 0.2, HZ, AMPLITUDE),
                **heard.speech(said, ear, tone_over, tone_over + SPEECH_S))


def measure(ends, side, codec, network):
    """Both ways of one call: {"to browser": figures, "to phone": figures}."""
    for name, link in ends.links.items():
        link.set(**network if name == side else {}, seed=7)
    since = time.monotonic()
    phone, recorded = ends.call(codec)
    ends.alice.command("say", "Phone 100")
    ends.alice.wait("said", since=since)
    time.sleep(TONE_S + 0.5)
    before, began = ends.made_up(), time.monotonic()
    time.sleep(SPEECH_S - 3)  # the phone began a little earlier: both are still speaking
    made_up = (ends.made_up() - before) / (time.monotonic() - began) * 60
    time.sleep(4)
    call, link, by_browser = ends.gateway.call("100"), ends.links[side].figures(), ends.heard_by_browser(since)
    phone.hang_up()
    by_phone = ends.heard_by_phone(recorded)
    ends.alice.hangup()
    ends.gateway.wait_idle()
    to_gateway, from_gateway = ("to browser", "to phone") if side == "phone" else ("to phone", "to browser")
    lost = {to_gateway: link["in"]["lost"] / link["in"]["seen"], from_gateway: link["out"]["lost"] / link["out"]["seen"]}
    return {"to browser": dict(figures(by_phone[0], by_browser[1]), made_up=f"{made_up[0]:.0f}, {made_up[2]:.0f}", mos=call["sip"]["mos"],
                               lost=lost["to browser"]),
            "to phone": dict(figures(by_browser[0], by_phone[1]), made_up=f"{made_up[1]:.0f}", mos=call["peers"][0]["mos"], lost=lost["to phone"])}


def row(side, codec, network, way, f):
    loss = f"{network.get('loss', 0) * 100:g}{' burst' if network.get('burst') else ''} ({f['lost'] * 100:.1f})"
    missed = "" if f["found"] == f["words"] else f" ({f['words'] - f['found']} of {f['words']} words not found)"
    return (side, codec, loss, network.get("jitter_ms", 0), way, f"{f['gaps']} ({f['longest_ms']})", f"{f['level']:.1f} ({f['weakest']:.1f})",
            f["made_up"], f"{f['median_ms']:.0f}, {f['p95_ms']:.0f}{missed}", f["mos"], f"{f['distance']:.1f}")


def least_delay(ends, side, codec, delay_ms):
    """From mouth to ear, each way: the least of three calls, for a machine that pauses only ever adds to it."""
    calls = [measure(ends, side, codec, dict(delay_ms=delay_ms)) for _ in range(3)]
    return {way: min(c[way]["median_ms"] for c in calls) for way in calls[0]}


def even_delay(ends, side, codec):
    """What 100 ms more on the way add, each way: the clocks of both ends are right if it is that."""
    near, far = (least_delay(ends, side, codec, ms) for ms in (0, 100))
    return {way: round(far[way] - near[way]) for way in near}


def table_row(cells):
    return "| " + " | ".join(map(str, cells)) + " |"


with Lab("bad_network") as lab:
    ends, gaps, chosen = Ends(lab), [], sys.argv[1:] or list(SETS)
    lab.say(table_row(COLUMNS) + "\n" + "|---" * len(COLUMNS) + "|")
    for name in chosen:
        side, codec = SETS[name]
        for network in NETWORKS:
            for way, f in measure(ends, side, codec, network).items():
                lab.say(table_row(row(side, codec, network, way, f)))
                if codec == "opus" and network.get("loss") == 0.05 and not network.get("burst"):
                    gaps.append(f["gaps"])
    with lab.case("5 % lost by chance, Opus with copies: no gap over 60 ms, either way", go_on=True):
        assert not any(gaps), gaps
    if "browser-PCMU" in chosen:
        with lab.case("100 ms more on the way: 100 ms more from mouth to ear, as near as jitter buffers keep still", go_on=True):
            more = even_delay(ends, "browser", "PCMU")
            lab.say(f"more by {more}")
            assert all(60 < ms < 140 for ms in more.values()), more
