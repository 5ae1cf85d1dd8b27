#!/usr/bin/python3
"""Rules of the house that a compiler does not know. lint.py [TOP] reads the tree and prints one line per violation;
lint.py --self-test feeds each rule a bad piece and a good one, so that a rule that sees nothing is found out."""
import glob
import os
import re
import statistics
import sys

MAX_FILE, MAX_FUNCTION = 800, 100

# --- who may include whom. Rooms by path prefix, longest first; "own" is always allowed.
LIBRARIES = [  # name, pattern of the include
    ("sofia", r"sofia-sip/"), ("strophe", r"strophe\.h"), ("nice", r"(nice/|agent\.h$|stun/)"), ("srtp2", r"srtp2/"),
    ("opus", r"opus/|opus\.h"), ("openssl", r"openssl/"), ("nss", r"(nss|pk11pub|nspr)"), ("spandsp", r"spandsp"),
    ("soup", r"libsoup/"), ("json", r"json-glib/"), ("sqlite", r"sqlite3\.h"), ("libconfig", r"libconfig\.h"),
    ("gio", r"gio/"), ("glib", r"glib"),
]
PURE_MEDIA = {f"gateway/media/{n}.h" for n in ("rtp", "codec", "jitter", "tone", "dtmf", "mixer", "seal")}
PUBLIC = {  # what others may see of a room; rooms that are not named here show all their headers
    "sip": {"sip/sip.h"}, "xmpp": {"xmpp/xmpp.h", "xmpp/words.h", "xmpp/watchers.h", "xmpp/adhoc.h", "xmpp/gateway.h", "xmpp/account.h", "xmpp/register.h"}, "gateway/media": {"gateway/media/media.h"},
    "gateway/sfu": {"gateway/sfu/sfu.h"}, "conf": {"conf/conf.h", "conf/roff.h"}, "gateway/bridge": {"gateway/bridge/bridge.h"},
}
ROOMS = {  # room: (rooms it may include, libraries beside GLib)
    "src/base": ([], {"gio"}),
    "conf": (["src/base"], {"libconfig", "gio"}),
    "sip": (["src/base"], {"sofia", "openssl", "gio"}),
    "xmpp": (["src/base"], {"strophe", "gio"}),
    "gateway/media": (["src/base"], {"nice", "srtp2", "nss", "opus", "openssl", "spandsp", "gio"}),
    "gateway/sfu": (["src/base"], {"soup", "json", "gio"}),
    "gateway/flavour": (["src/base", "xmpp/words.h"], set()),
    "gateway/dialplan": (["src/base"], set()),
    "gateway/ivr": (["src/base"], set()),
    "gateway/bridge": (["src/base", "sip", "xmpp", "gateway/media", "gateway/flavour", "gateway/dialplan", "gateway/ivr",
                        "gateway/sfu"], {"json"}),
    "src/daemon": (["src/base", "conf", "sip", "xmpp", "gateway/media", "gateway/flavour", "gateway/dialplan", "gateway/ivr",
                    "gateway/sfu", "gateway/bridge"], {"sqlite", "soup", "json", "gio"}),
    # what tipringctl shares with the daemon that it talks to: the table of commands and how JSON is written
    "src/tools": (["src/base", "conf", "sip", "src/daemon/command_table.h", "src/daemon/json.h", "gateway/sfu/sfu.h"] + sorted(PURE_MEDIA), {"json", "gio", "soup"}),
}
PURE_ROOMS = ("gateway/flavour", "gateway/dialplan", "gateway/ivr")
MAIN_LOOP = re.compile(r"\b(g_main_|g_timeout_|g_idle_|g_source_|g_get_monotonic_time|g_get_real_time|g_random_|time\s*\(\s*NULL)")
BANNED = re.compile(r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|strtok|gmtime|localtime|system|popen)\s*\(")


def room_of(path):
    return next((r for r in sorted(ROOMS, key=len, reverse=True) if path.startswith(r + "/")), None)


def header_path(name):
    """The file behind an include of ours: src is an include root too."""
    return "src/" + name if name.split("/")[0] in ("base", "daemon", "tools") else name


def strip(text):
    """Comments and the insides of strings blanked, lines kept."""
    def blank(m):
        s = m.group(0)
        return '""' if s[0] == '"' else "' '" if s[0] == "'" else re.sub(r"[^\n]", " ", s)
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, text, flags=re.S)


def check_includes(path, text):
    room = room_of(path)
    if not room:
        return
    allowed, libraries = ROOMS[room]
    public = path in set().union(*PUBLIC.values())
    for n, line in enumerate(text.splitlines(), 1):
        m = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
        if not m:
            continue
        quote, name = m.groups()
        target = header_path(name)
        theirs = room_of(target)
        if quote == '"' and "/" not in name:
            continue  # of the same folder
        if quote == '"' and theirs:
            shown = PUBLIC.get(theirs)
            if theirs == room or target in allowed:
                continue
            if theirs not in allowed:
                yield n, f"{room} must not include {name}"
            elif shown is not None and target not in shown:
                yield n, f"{name} is internal to {theirs}"
            continue
        library = next((lib for lib, pattern in LIBRARIES if re.match(pattern, name)), None)
        if library and library != "glib" and library not in libraries:
            yield n, f"{room} must not use {library} ({name})"
        elif library and library not in ("glib", "gio") and public:
            yield n, f"a public header carries no third-party type ({name})"


def check_pure(path, text):
    if path.startswith(PURE_ROOMS):
        for n, line in enumerate(strip(text).splitlines(), 1):
            if MAIN_LOOP.search(line):
                yield n, "a pure core has no loop, clock or randomness of its own: " + line.strip()[:60]


def check_size(path, text):
    lines = text.count("\n")
    if lines > MAX_FILE:
        yield lines, f"{lines} lines, at most {MAX_FILE}"


def functions(text):
    """(first line, length, name) of each function; relies on the formatter: bodies begin with { at a line's end and end
    with } in the first column."""
    start = opened = None
    for n, line in enumerate(strip(text).splitlines(), 1):
        if opened is None:
            if start is None and re.match(r"[A-Za-z_]", line):
                start, head = n, ""
            if start is not None:
                head += line
                if line.rstrip().endswith("{"):
                    name = re.search(r"(\w+)\s*\(", head)
                    if name and "=" not in head.split("(")[0] and not re.match(r"(typedef|struct|enum|union)\b[^(]*\{", head):
                        opened = name.group(1)
                    else:
                        opened = ""
                elif line.rstrip().endswith((";", "}")):
                    start = None
        elif line.startswith("}"):
            if opened:
                yield start, n - start + 1, opened
            start = opened = None


def check_functions(path, text):
    if path.endswith(".c"):
        for n, length, name in functions(text):
            if length > MAX_FUNCTION:
                yield n, f"function {name} has {length} lines, at most {MAX_FUNCTION}"


def check_banned(path, text):
    for n, line in enumerate(strip(text).splitlines(), 1):
        for m in BANNED.finditer(line):
            yield n, f"banned call: {m.group(1)}"


def check_goto(path, text):
    for n, line in enumerate(strip(text).splitlines(), 1):
        m = re.search(r"\bgoto\s+(\w+)", line)
        if m and m.group(1) != "out":
            yield n, f"goto {m.group(1)}: only a forward jump to out"


def check_promises(path, text):
    if path.endswith(".h") and not path.startswith("tests/"):
        top = text[:3000].split("#include")[0]
        for promise in ("Thread:", "Owner:", "Calls back:"):
            if promise not in top:
                yield 1, f"the header's opening lacks the promise '{promise}'"
        if text.split("\n", 1)[0][:2] != "/*":
            yield 1, "a header opens with a comment that says what it is"


SECRET = re.compile(r'\b(password|secret|pin)\s*=\s*"([^"]*)"')


def check_secrets(path, text):
    """Examples show placeholders only: nobody's installation should run with a password from a manual."""
    if not (path.endswith((".example", ".md")) or path.startswith("docs/")):
        return
    for n, line in enumerate(text.splitlines(), 1):
        for key, value in SECRET.findall(line):
            if value and not re.fullmatch(r"(change-me.*|…|\.\.\.|<.*>)", value):
                yield n, f'{key} = "{value}" in an example: write "change-me"'


def machine_words():
    """Hosts of package mirrors that this machine uses, asked of the machine, so that they are written nowhere."""
    words = set()
    for name in ["/etc/apt/sources.list"] + glob.glob("/etc/apt/sources.list.d/*"):
        try:
            with open(name) as f:
                words.update(re.findall(r"https?://([^/\s]+)", f.read()))
        except OSError:
            continue
    return {w for w in words if not w.endswith("debian.org") and not w.startswith(("localhost", "127."))}


MACHINE = re.compile(r"(?<![\w.])/(work|home/\w+|root/\w+|tmp/w)\b")


def check_machine(path, text, words=None):
    words = machine_words() if words is None else words
    for n, line in enumerate(text.splitlines(), 1):
        m = MACHINE.search(line)
        if m and path != "tests/lint/lint.py":
            yield n, f"a path of one machine: {m.group(0)}"
        for w in words:
            if w in line:
                yield n, f"a host of one machine's package mirror: {w}"


C_RULES = [check_includes, check_pure, check_size, check_functions, check_banned, check_goto, check_promises]
ALL_RULES = [check_secrets, check_machine]


def check_manuals(build_files):
    """Each program that is installed has a manual page. build_files: path -> text of every meson.build."""
    pages = " ".join(text for path, text in build_files.items() if path.startswith("docs/"))
    for path, text in build_files.items():
        for program, arguments in re.findall(r"executable\('([\w-]+)'(.*?)\n(?=\S|$)", text, re.S):
            if "install: true" in arguments and not re.search(rf"'{re.escape(program)}\.[1-8]'", pages):
                yield f"{path}: {program} is installed, but docs/meson.build has no manual page for it"


def check_proofs(page, tests):
    """Each case that docs/tests.md names is in that file. tests: path below tests/ -> text."""
    for n, line in enumerate(page.splitlines(), 1):
        if line.count("`integ/") + line.count("`unit/") != len(re.findall(r'`((?:integ|unit)/[^`]+)` "([^"]+)"', line)):
            yield f"docs/tests.md:{n}: a test without its case, or quotes that do not close"
        for path, case in re.findall(r'`((?:integ|unit)/[^`]+)` "([^"]+)"', line):
            if f'"{case}"' not in tests.get(path, ""):
                yield f"docs/tests.md:{n}: {path} has no case \"{case}\""


def check_built(tests, build_files, proofs):
    """A test that no list of its folder names runs never. By hand only: those that docs/tests.md calls so."""
    table = build_files.get("gateway/flavour/table/meson.build", "")
    for path in tests:
        folder, name = os.path.split(path)
        stem, kind = os.path.splitext(name)
        is_test = re.match(r"(test|core|shell|fuzz)_", name) and kind == ".c" or folder == "integ" and kind == ".py"
        lists = build_files.get(f"tests/{folder}/meson.build", "") + (table if folder == "unit/flavour" else "")
        words = set(re.findall(r"'([^']+)'", re.sub(r"#.*", "", lists)))
        named = any(w in (name, stem) or kind == ".c" and stem.endswith("_" + w) for w in words)
        if is_test and not named and not re.search(rf"`{re.escape(path)}`[^|]*\(by hand", proofs):
            yield f"tests/{path}: no meson.build runs it"


def lint(path, text):
    rules = (C_RULES if path.endswith((".c", ".h")) else []) + ALL_RULES
    return [f"{path}:{n}: {what}" for rule in rules for n, what in rule(path, text)]


def files(top):
    for folder, folders, names in os.walk(top):
        folders[:] = [f for f in folders if not f.startswith((".", "build", "b-")) and f not in ("b", "__pycache__", "seeds", "corpus")]
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), top)
            if name.endswith((".c", ".h", ".md", ".py", ".js", ".html", ".sh", ".build", ".example", ".txt", ".cfg")) or \
                    name in ("check", "demo") or path.startswith("docs/"):
                yield path


BAD = [  # rule, path, text
    (check_includes, "sip/x.c", '#include "xmpp/xmpp.h"\n'),
    (check_includes, "xmpp/x.c", "#include <sofia-sip/nua.h>\n"),
    (check_includes, "gateway/bridge/x.c", '#include "gateway/media/mixer.h"\n'),
    (check_includes, "gateway/flavour/x.c", '#include "xmpp/xmpp.h"\n'),
    (check_includes, "gateway/flavour/x.c", "#include <gio/gio.h>\n"),
    (check_includes, "src/base/x.c", '#include "conf/conf.h"\n'),
    (check_includes, "src/tools/x.c", '#include "gateway/media/media.h"\n'),
    (check_includes, "sip/sip.h", "#include <sofia-sip/nua.h>\n"),
    (check_pure, "gateway/flavour/x.c", "void f(void) {\n  g_timeout_add(1, NULL, NULL);\n}\n"),
    (check_size, "sip/x.c", "\n" * 801),
    (check_functions, "sip/x.c", "static int\nlong_one(void) {\n" + "  x();\n" * 99 + "}\n"),
    (check_functions, "sip/x.c", "int a(void) { return 1; }\nint long_one(int x,\n             int y) {\n" + "  x();\n" * 99 + "}\n"),
    (check_banned, "sip/x.c", "void f(void) {\n  strcpy(a, b);\n}\n"),
    (check_banned, "sip/x.c", "void f(void) {\n  int n = atoi (a);\n}\n"),
    (check_goto, "sip/x.c", "  goto again;\n"),
    (check_promises, "sip/x.h", "/* x.h - a thing.\n * Thread: any.\n * Owner: -. */\n#include <glib.h>\n"),
    (check_secrets, "conf/tipring.conf.example", 'phones = ( { number = "100"; password = "hunter2"; } );\n'),
    (check_machine, "docs/user.md", "see /" + "home/joe/notes\n"),
    (lambda p, t: check_machine(p, t, {"mirror.example.net"}), "docs/user.md", "from https://mirror.example.net/debian\n"),
]
GOOD = [
    ("sip/x.c", '#include <string.h>\n#include <sofia-sip/nua.h>\n#include "base/log.h"\n#include "x.h"\n/* strcpy(a, b) */\n'
                'static const char *s = "goto again; sprintf(";\nstatic int\nshort_one(void) {\n' + "  x();\n" * 97 + "}\n"),
    ("src/tools/ua.c", '#include "sip/sip.h"\n#include "gateway/media/rtp.h"\n#include <json-glib/json-glib.h>\n'),
    ("gateway/bridge/x.c", '#include "gateway/media/media.h"\n#include "xmpp/words.h"\n#include "call.h"\n'),
    ("sip/x.h", "/* x.h - a thing.\n * Thread: any.  Owner: caller.  Calls back: never. */\n#include <glib.h>\n"),
    ("conf/tipring.conf.example", 'password = "change-me-100";\n'),
]


def self_test():
    failed = 0
    for n, (rule, path, text) in enumerate(BAD, 1):
        ok = bool(list(rule(path, text)))
        failed += not ok
        print(f"{'ok' if ok else 'not ok'} {n} - a bad piece is found ({path}: {text.splitlines()[-1][:50]})")
    for n, (path, text) in enumerate(GOOD, len(BAD) + 1):
        found = lint(path, text)
        failed += bool(found)
        print(f"{'not ok' if found else 'ok'} {n} - a good piece passes ({path})" + "".join("\n# " + f for f in found))
    page = {"src/x/meson.build": "x = executable('prog', files('a.c'),\n  install: true)\n", "docs/meson.build": "foreach p : ['prog.1']\n"}
    missing = dict(page, **{"docs/meson.build": ""})
    for n, (ok, what) in enumerate([(not list(check_manuals(page)), "a program with a manual page passes"),
                                    (bool(list(check_manuals(missing))), "a missing manual page is found")], len(BAD) + len(GOOD) + 1):
        failed += not ok
        print(f"{'ok' if ok else 'not ok'} {n} - {what}")
    row, tests = '| a thing | `integ/x.py` "it works" |\n', {"integ/x.py": 'case("it works")'}
    for n, (ok, what) in enumerate([(not list(check_proofs(row, tests)), "a case that is there passes"),
                                    (bool(list(check_proofs(row, {"integ/x.py": 'case("it")'}))), "a case that is not there is found"),
                                    (bool(list(check_proofs(row, {}))), "a file that is not there is found"),
                                    (bool(list(check_proofs("`integ/x.py` works\n", tests))), "a test without a case is found"),
                                    (not list(check_built({"unit/a/test_x.c": ""}, {"tests/unit/a/meson.build": "['x']"}, "")), "a test that is built passes"),
                                    (bool(list(check_built({"unit/a/test_x.c": ""}, {"tests/unit/a/meson.build": "['y']"}, ""))), "one that is not is found"),
                                    (not list(check_built({"integ/x.py": ""}, {}, '`integ/x.py` "it" (by hand)')), "by hand passes")],
                                   len(BAD) + len(GOOD) + 3):
        failed += not ok
        print(f"{'ok' if ok else 'not ok'} {n} - {what}")
    print(f"1..{len(BAD) + len(GOOD) + 9}")
    return failed


def main():
    if "--self-test" in sys.argv:
        return 1 if self_test() else 0
    top = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    problems, lengths, count, build_files, tests, proofs = [], [], 0, {}, {}, ""
    for path in sorted(files(top)):
        with open(os.path.join(top, path), encoding="utf-8", errors="replace") as f:
            text = f.read()
        problems += lint(path, text)
        count += 1
        if path.endswith("meson.build"):
            build_files[path] = text
        if path.startswith("tests/"):
            tests[path[len("tests/"):]] = text
        proofs = text if path == "docs/tests.md" else proofs
        if path.endswith(".c") and not path.startswith("tests/"):
            lengths += [length for _, length, _ in functions(text)]
    problems += [*check_manuals(build_files), *check_proofs(proofs, tests), *check_built(tests, build_files, proofs)]
    lengths.sort()
    if lengths:
        print(f"{count} files; {len(lengths)} functions: median {statistics.median(lengths):g} lines, "
              f"p90 {lengths[int(len(lengths) * 0.9)]}, longest {lengths[-1]}")
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
