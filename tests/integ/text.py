#!/usr/bin/python3
"""Text both ways: what a phone writes (SIP MESSAGE) is said in the room it is in, by its occupant; what is written in the room
goes to the phone that wants it, in its call. Who is in no room, has no password or writes something else is refused."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from contact import Contact  # noqa: E402
from lab import Lab  # noqa: E402
from procs import wait_for  # noqa: E402
from sip_phone import SipPhone, header  # noqa: E402

with Lab("text") as lab:
    gateway = lab.daemon(phones=["102", {"number": "103", "password": "pw-103", "name": "Reader", "messages": True}],
                         rooms=[{"number": "8000", "room": lab.room, "idle": "wait"}])
    alice = lab.keep(Contact(lab.server, "alice")).enter(lab.room, "Alice")
    writer, reader = (lab.keep(SipPhone(gateway, n, "answer")).register() for n in ("102", "103"))

    def said(nick, text, times=1):
        bodies = lambda: alice.bodies(f"{lab.room}/{nick}")  # noqa: E731
        wait_for(f"{nick} to say {text!r} in the room, which heard {bodies()}", lambda: bodies().count(text) == times, 10)

    def say(text):
        alice.send(f"<message to='{lab.room}' type='groupchat'><body>{text}</body></message>")
        said("Alice", text)

    def bring(phone):
        gateway.ctl("call", "dial", phone.number, "8000")
        def there():
            call = gateway.call(phone.number)
            return call and call["state"] in ("waiting", "talking") and call["id"]
        return wait_for(f"phone {phone.number} to be in the room", there, 15)

    with lab.case("a phone that is in no room is told so"):
        status, answer = writer.write("8000", "is anybody there?")
        assert status == 480 and "not in a call in that room" in header(answer, "Warning"), answer

    say("before anybody came")
    calls = {p.number: bring(p) for p in (writer, reader)}

    with lab.case("what a phone writes is said in the room by its occupant: to the room's number, and in its call"):
        assert writer.write("8000", "Grüß Gott\r\n<b>&amp;")[0] == 202
        said("Phone 102", "Grüß Gott\n<b>&amp;")
        assert writer.write("tipring", "in the dialog", in_call=True)[0] == 202
        said("Phone 102", "in the dialog")

    with lab.case("what is said in the room goes to the phone that wants it, once, and not its own words"):
        say("hello phones")
        wait_for("the phone to be shown it", lambda: "Alice: hello phones" in reader.texts(), 10)
        assert reader.write("8000", "I can read")[0] == 202
        said("Reader", "I can read")
        say("good")
        wait_for("the phone to be shown the next", lambda: "Alice: good" in reader.texts(), 10)
        assert reader.texts() == ["Phone 102: Grüß Gott\n<b>&amp;", "Phone 102: in the dialog", "Alice: hello phones",
                                  "Alice: good"], reader.texts()
        assert not writer.texts(), writer.texts()

    with lab.case("what is no plain text, too long or from nobody we know is refused, and nobody reads it", go_on=True):
        for text, kind, status in (("<p>x</p>", "text/html", 415), ("x", "text/plain;charset=utf-16", 415), ("x" * 2049, "text/plain", 413),
                                   (b"\xff\xfe", "text/plain", 400), ("<isComposing/>", "application/im-iscomposing+xml", 415)):
            got, answer = writer.write("8000", text, kind)
            assert got == status, answer
        assert writer.write("8000", "let me in", password="guess")[0] == 401
        assert writer.write("8001", "no such number, so it goes where the phone is")[0] == 202
        said("Phone 102", "no such number, so it goes where the phone is")
        assert not [b for b in alice.bodies(f"{lab.room}/Phone 102") if b[:3] in ("<p>", "xxx", "x", "let")]

    with lab.case("a phone that writes too fast is told to wait", go_on=True):
        answers = []
        while not answers or (answers[-1][0] == 202 and len(answers) < 50):
            answers.append(writer.write("8000", f"line {len(answers)}"))
        assert len(answers) > 1 and answers[-1][0] == 503 and header(answers[-1][1], "Retry-After"), [a[0] for a in answers]

    with lab.case("a phone that refuses a text gets no more in this call, and keeps its call", go_on=True):
        reader.text_status, before = "405 Method Not Allowed", len(reader.texts())
        say("do you take this?")
        wait_for("the phone to be asked", lambda: "Alice: do you take this?" in reader.texts(), 10)
        say("or this?")
        assert writer.write("8000", "over")[0] in (202, 503)  # it has gone through the gateway by now
        assert gateway.call("103") and "Alice: or this?" not in reader.texts()[before:], reader.texts()

    with lab.case("after the call it is in no room any more", go_on=True):
        for call in calls.values():
            gateway.ctl("call", "hangup", call)
        gateway.wait_idle()
        assert writer.write("8000", "still there?")[0] == 480
        assert "Alice: or this?" not in reader.texts()
