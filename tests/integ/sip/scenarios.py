#!/usr/bin/python3
"""Runs the sipp scenarios of this folder against a listening daemon and prints one TAP line each.

usage: scenarios.py HOST:PORT NUMBER PHONE PASSWORD [--tcp] [--only NAME ...] [--ringing NUMBER]

NUMBER is a number that answers, PHONE and PASSWORD a phone that is configured. --ringing names a number that rings for a
second or longer before it answers; without it 'cancel' is skipped. Exit status 0: all went as written."""
import argparse
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ALL = ["register", "register_wrong", "invite", "invite_wrong", "cancel", "hold", "update_hold", "late_offer", "wrong_tag",
       "unauthenticated"]


def run(name, args, password, number):
    with tempfile.TemporaryDirectory() as work:
        command = ["sipp", "-sf", os.path.join(HERE, name + ".xml"), "-s", number, "-key", "phone", args.phone,
                   "-au", args.phone, "-ap", password, "-m", "1", "-timeout", "20s", "-timeout_error", "-nostdin",
                   "-i", "127.0.0.1", "-trace_err", "-error_file", os.path.join(work, "errors"), args.target]
        if args.tcp:
            command += ["-t", "t1"]
        done = subprocess.run(command, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        errors = ""
        if os.path.exists(os.path.join(work, "errors")):
            with open(os.path.join(work, "errors"), errors="replace") as f:
                errors = f.read()
        return done.returncode == 0, errors or done.stdout.decode(errors="replace")


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("target")
    p.add_argument("number")
    p.add_argument("phone")
    p.add_argument("password")
    p.add_argument("--tcp", action="store_true")
    p.add_argument("--only", nargs="*", default=ALL)
    p.add_argument("--ringing")
    args = p.parse_args()
    print("1..%d" % len(args.only))
    failed = 0
    for i, name in enumerate(args.only, 1):
        if name == "cancel" and not args.ringing:
            print("ok %d %s # SKIP no number that rings" % (i, name))
            continue
        password = "not-" + args.password if name.endswith("_wrong") else args.password
        ok, said = run(name, args, password, args.ringing if name == "cancel" else args.number)
        print("%s %d %s" % ("ok" if ok else "not ok", i, name), flush=True)
        if not ok:
            failed += 1
            print("".join("# %s\n" % line for line in said.splitlines()[-40:]), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
