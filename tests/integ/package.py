#!/usr/bin/python3
"""The Debian package: it builds from a clean tree, and holds what an installation needs, where it belongs."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = ("dpkg-buildpackage", "dh", "dpkg-deb", "fakeroot")
FILES = {  # path: mode
    "usr/sbin/tipringd": 0o755, "usr/bin/tipringctl": 0o755, "usr/bin/tipring-ua": 0o755,
    "lib/systemd/system/tipring.service": 0o644, "usr/lib/sysusers.d/tipring.conf": 0o644, "usr/lib/tmpfiles.d/tipring.conf": 0o644,
    "usr/share/man/man8/tipringd.8.gz": 0o644, "usr/share/man/man1/tipringctl.1.gz": 0o644,
    "usr/share/man/man5/tipring.conf.5.gz": 0o644, "usr/share/man/man1/tipring-ua.1.gz": 0o644,
    "usr/share/doc/tipring/copyright": 0o644, "usr/share/doc/tipring/tipring.conf.example": 0o644,
    "usr/share/doc/tipring/operator.md": 0o644}
HARDENED = ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "ProtectKernelModules", "MemoryDenyWriteExecute",
            "RestrictNamespaces", "LockPersonality")

number = failed = 0


def run(*argv, **more):
    return subprocess.run(argv, capture_output=True, text=True, **more)


def case(name, problem):
    """problem: what is wrong, nothing when all is well."""
    global number, failed
    number += 1
    failed += bool(problem)
    print(f"{'not ok' if problem else 'ok'} {number} - {name}", flush=True)
    for line in str(problem or "").splitlines():
        print("# " + line, flush=True)


def copy_tree(to):
    """What is in the repository, with changes that are not committed; without one, all but build folders."""
    listed = shutil.which("git") and run("git", "-C", TOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed and listed.returncode == 0:
        for name in filter(None, listed.stdout.split("\0")):
            if os.path.isfile(os.path.join(TOP, name)):
                os.makedirs(os.path.dirname(os.path.join(to, name)), exist_ok=True)
                shutil.copy(os.path.join(TOP, name), os.path.join(to, name))
    else:
        shutil.copytree(TOP, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("build*", "b", "b-*", ".git", "obj-*", "__pycache__"))


def build(folder):
    source = os.path.join(folder, "tipring")
    copy_tree(source)
    done = run("dpkg-buildpackage", "-us", "-uc", "-b", "-d", cwd=source, timeout=900,
               env={**os.environ, "DEB_BUILD_OPTIONS": f"nocheck parallel={os.cpu_count()}", "LC_ALL": "C.UTF-8"})
    packages = [os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(".deb") and "dbgsym" not in f]
    case("builds, and makes one package", done.returncode and (done.stdout + done.stderr)[-3000:] or
         len(packages) != 1 and f"packages: {packages}")
    case("the build is silent about what it installs", re.findall(r"dh_\w+: warning: .*", done.stdout + done.stderr)[:5])
    return packages[0] if packages else None


def check_content(package, root):
    subprocess.run(["dpkg-deb", "-x", package, root], check=True)
    wrong = []
    for name, mode in FILES.items():
        path = os.path.join(root, name)
        there = os.path.exists(path)
        if not there or os.stat(path).st_mode & 0o7777 != mode:
            wrong.append(f"{name}: {oct(os.stat(path).st_mode & 0o7777) if there else 'missing'}")
    case("programs, unit, user, folders, manual pages, documents", "\n".join(wrong))
    strange = [os.path.join(d, f) for d, _, fs in os.walk(root) for f in fs
               if re.search(r"(test_|\.py$|\.a$|\.h$|libtipring|secret)", f) or "/etc/" in os.path.join(d, f)[len(root):]]
    case("nothing of the tests, no configuration with a secret", "\n".join(strange))


def check_programs(root):
    wrong = []
    for name in ("usr/sbin/tipringd", "usr/bin/tipringctl", "usr/bin/tipring-ua"):
        path = os.path.join(root, name)
        if run(path, "--help").returncode:
            wrong.append(name + " --help fails")
        header = run("readelf", "-h", "-d", "-l", path).stdout
        for word, what in (("DYN", "position independent"), ("GNU_RELRO", "relro"), ("NOW", "bound at start")):
            if word not in header:
                wrong.append(f"{name} is not {what}")
    case("the programs run, and are hardened", "\n".join(wrong))


def check_scripts(package, folder):
    control = os.path.join(folder, "control")
    subprocess.run(["dpkg-deb", "-e", package, control], check=True)
    texts = {}
    for name in ("control", "postinst", "prerm", "postrm"):
        path = os.path.join(control, name)
        texts[name] = open(path).read() if os.path.exists(path) else ""
    wrong = [f"postinst does not run {w}" for w in ("systemd-sysusers", "systemd-tmpfiles", "deb-systemd-helper") if w not in texts["postinst"]]
    order = [texts["postinst"].find(w) for w in ("systemd-sysusers", "systemd-tmpfiles")]
    wrong += ["the folders are made before their user"] if order != sorted(order) else []
    wrong += ["prerm does not stop the service"] if "stop" not in texts["prerm"] else []
    depends = re.search(r"^Depends: (.*)$", texts["control"], re.M).group(1)
    wrong += [f"does not depend on {lib}" for lib in ("libnice", "libstrophe", "libsofia-sip", "libsqlite3", "libopus") if lib not in depends]
    wrong += [f"depends on {word}" for word in ("-dev", "python", "espeak") if word in depends]
    case("installing makes user, folders and service; the libraries come along", "\n".join(wrong))


def check_unit(root):
    unit = os.path.join(root, "lib/systemd/system/tipring.service")
    with open(unit) as f:
        text = f.read()
    wrong = [f"{word} is not yes" for word in HARDENED if f"\n{word}=yes\n" not in text]
    wrong += [f"{line} is missing" for line in ("Type=notify", "User=tipring", "WatchdogSec=10", "Restart=on-failure", "ProtectSystem=strict",
              "StateDirectory=tipring", "RuntimeDirectory=tipring", "CapabilityBoundingSet=", "ExecStart=/usr/sbin/tipringd -c /etc/tipring/tipring.conf",
              "ExecReload=/usr/bin/tipringctl reload") if f"\n{line}\n" not in text]
    case("the unit: own user, notified, watched, hardened", "\n".join(wrong))
    if not shutil.which("systemd-analyze"):
        case("what systemd thinks of it # SKIP systemd-analyze is not installed", None)
        return
    told = run("systemd-analyze", "verify", "--root=" + root, "--man=no", "tipring.service")
    # of our unit only: the other units of a machine are not in this folder
    odd = [line for line in (told.stdout + told.stderr).splitlines() if "tipring.service" in line and "Unknown" in line]
    score = run("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)
    level = re.search(r"Overall exposure level.*?: ([\d.]+)", score.stdout)
    case(f"what systemd thinks of it: exposure {level and level.group(1)} of 10", "\n".join(odd) or
         (score.returncode or not level) and "over 2.0:\n" + score.stdout[-2000:] + score.stderr)


missing = [t for t in TOOLS if not shutil.which(t)]
if missing:
    print(f"1..0 # SKIP not installed: {' '.join(missing)}")
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix="tipring-package-", dir=os.environ.get("TIPRING_TEST_DIR")) as folder:
    package, root = build(folder), os.path.join(folder, "root")
    if package:
        check_content(package, root)
        check_programs(root)
        check_scripts(package, folder)
        check_unit(root)
        if "--keep" in sys.argv:
            shutil.copy(package, sys.argv[sys.argv.index("--keep") + 1])
print(f"1..{number}")
sys.exit(1 if failed else 0)
