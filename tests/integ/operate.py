#!/usr/bin/python3
"""What an operator does: check a configuration, ask the doctor, add a phone and a room, reload, drain; and what is refused."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from daemon import TIPRINGCTL, TIPRINGD, Ua  # noqa: E402
from lab import Lab, assert_heard  # noqa: E402
from procs import wait_for  # noqa: E402


def run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, timeout=30)


with Lab("operate") as lab:
    gateway = lab.daemon(start=False)

    with lab.case("tipringd -t: a good file, a broken one with all its errors", go_on=True):
        assert run(TIPRINGD, "-t", "-c", gateway.config).returncode == 0
        bad = gateway.config + ".bad"
        with open(gateway.config) as f, open(bad, "w") as out:
            out.write(f.read() + 'sip = { max_calls = "many"; };\nnonsense = 1;\n')
        os.chmod(bad, 0o600)
        done = run(TIPRINGD, "-t", "-c", bad)
        assert done.returncode == 1 and done.stderr, done
        os.chmod(gateway.config, 0o644)
        open_file = run(TIPRINGD, "-t", "-c", gateway.config)
        os.chmod(gateway.config, 0o600)
        assert open_file.returncode == 1, "passwords that everybody can read were taken"

    with lab.case("wrong usage is exit 2, no daemon is exit 1", go_on=True):
        assert run(TIPRINGCTL, "nonsense").returncode == 2
        assert run(TIPRINGCTL, "-s", gateway.socket, "status").returncode == 1
        assert run(TIPRINGD, "--nonsense").returncode == 2

    with lab.case("start; the doctor is content"):
        gateway.start()
        done = run(TIPRINGCTL, "-s", gateway.socket, "-c", gateway.config, "--json", "check")
        lab.say(done.stdout[:1500])
        assert done.returncode == 0, done

    with lab.case("a phone and a room added while running: a call works, and after a restart still"):
        password = gateway.ctl("phone", "add", "201", "name=Added")["password"]
        room = lab.server.make_room("second")
        gateway.ctl("room", "add", "8001", room)
        dave = lab.peer("dave", room=room).wait_joined()
        for restarted in (False, True):
            if restarted:
                dave.hangup()
                assert gateway.stop() == 0
                gateway.start()
                time.sleep(1)
            at = time.monotonic()
            ua = lab.keep(Ua(lab.folder, "201", "call", gateway.uri("8001"), "--user", "201", "--password", password, "--tone", 900,
                             "--duration", 5))
            dave.wait("proposed", since=at, nick="Added")
            dave.accept()
            lab.check_hears([dave], "Added", 900)
            code, heard = ua.result()
            assert_heard(heard, dave.tone, 2)
            gateway.wait_idle()

    with lab.case("what the file names cannot be changed, what is unknown is exit 1", go_on=True):
        for command in (("phone", "remove", "100"), ("room", "remove", "8000"), ("call", "show", "nope"), ("call", "hangup", "nope"),
                        ("phone", "add", "100"), ("room", "remove", "9999")):
            assert run(TIPRINGCTL, "-s", gateway.socket, *command).returncode == 1, command

    with lab.case("route explain", go_on=True):
        route = gateway.ctl("route", "explain", "100", "8000")
        assert route["allowed"] and route["room"] == lab.room and route["tried"], route
        assert not gateway.ctl("route", "explain", "100", "12345")["allowed"]

    with lab.case("reload: a broken file changes nothing, a good one is taken into use", go_on=True):
        with open(gateway.config) as f:
            good = f.read()
        with open(gateway.config, "w") as f:
            f.write(good + "rubbish")
        assert run(TIPRINGCTL, "-s", gateway.socket, "reload").returncode == 1
        assert lab.dial("100", duration=1).result()[1]["status"] == 200
        gateway.conf["rooms"].append({"number": "8002", "room": lab.room})
        gateway.write()
        gateway.ctl("reload")
        assert lab.dial("100", to="8002", duration=1).result()[1]["status"] == 200

    with lab.case("drain: new calls are refused, the running one goes on, then the daemon ends"):
        gateway.wait_idle()
        first = lab.dial("100")
        wait_for("the call", lambda: gateway.call("100"), 5)
        wait_for("its answer", lambda: gateway.call("100")["state"] != "joining", 5)
        gateway.ctl("drain")
        assert lab.dial("101", duration=1).result()[1]["status"] == 503
        assert gateway.process.alive() and gateway.call("100")
        first.hang_up()
        assert gateway.process.wait(10) == 0
