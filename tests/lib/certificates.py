"""Throw-away certificates for tests."""
import hashlib
import os
import ssl
import subprocess


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def certificate(folder, name, days=30, kind="ec"):
    """NAME.pem, signed by itself, and NAME.key in the folder. days below 0: expired."""
    how = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else ["rsa:2048"]
    openssl(folder, "req", "-new", "-newkey", *how, "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=127.0.0.1")
    openssl(folder, "x509", "-req", "-in", name + ".csr", "-signkey", name + ".key", "-days", str(days), "-out", name + ".pem")
    os.chmod(os.path.join(folder, name + ".key"), 0o600)


def fingerprint(der_or_file):
    """SHA-256 of a certificate: DER bytes, or the name of a PEM file."""
    if isinstance(der_or_file, str):
        with open(der_or_file) as f:
            der_or_file = ssl.PEM_cert_to_DER_cert(f.read())
    return hashlib.sha256(der_or_file).hexdigest()
