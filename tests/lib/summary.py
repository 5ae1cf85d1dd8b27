#!/usr/bin/python3
"""Sums up test runs: summary.py NAME=REPORT.json... (meson's log of a run). Cases of TAP programs count one by one, and a
program that ends badly after its last case counts as a failure of its own. The last line is "N passed, N failed[, N skipped]";
exit 1 when anything failed, when a report is missing, or when nothing was run at all."""
import json
import re
import sys


def count(test):
    """passed, names of failed, names of skipped of one entry of the log."""
    passed, failed, skipped = 0, [], []
    name, result = test["name"].split(" / ")[-1], test["result"]
    for bad, rest in re.findall(r"^(not )?ok\b(.*)$", test.get("stdout") or "", re.M):
        case = f"{name}: {rest.strip()}"
        if re.search(r"# *skip", rest, re.I):
            skipped.append(case)
        elif bad and not re.search(r"# *todo", rest, re.I):
            failed.append(case)
        else:
            passed += 1
    if result not in ("OK", "SKIP", "EXPECTEDFAIL"):
        if not failed:
            failed.append(f"{name}: {result}")
    elif not passed and not failed and not skipped:
        if result == "SKIP":
            skipped.append(name)
        else:
            passed = 1
    return passed, failed, skipped


def main():
    passed, failed, skipped = 0, [], []
    for argument in sys.argv[1:]:
        name, _, path = argument.partition("=")
        p, f, s = 0, [], []
        try:
            with open(path) as log:
                for line in log:
                    more = count(json.loads(line))
                    p, f, s = p + more[0], f + more[1], s + more[2]
        except (OSError, ValueError) as e:
            f.append(f"no report, the tests did not run ({e})")
        print(f"{name}: {p} passed, {len(f)} failed, {len(s)} skipped")
        passed, failed, skipped = passed + p, failed + [f"{name}: {x}" for x in f], skipped + [f"{name}: {x}" for x in s]
    for line in skipped:
        print("skipped: " + line)
    for line in failed:
        print("FAILED: " + line)
    if not passed and not failed:
        failed.append("nothing was run")
    print(f"{passed} passed, {len(failed)} failed" + (f", {len(skipped)} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
