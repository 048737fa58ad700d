"""A real time server (RFC 3161) on this machine: HTTP before `openssl ts`, with a certificate authority of its own."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[ req ]
distinguished_name = name
[ name ]
[ ca ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[ stamp ]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ tsa ]
default_tsa = stamper
[ stamper ]
serial = serial
crypto_device = builtin
signer_cert = stamp.pem
certs = ca.pem
signer_key = stamp.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def _openssl(directory: Path, command: str) -> None:
    done = subprocess.run(["openssl", *command.split()], cwd=directory, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


def make_authority(directory: Path) -> Path:
    """Keys and certificates of a time server; the root to trust."""
    directory.mkdir()
    (directory / "ts.cnf").write_text(_CONFIG)
    (directory / "serial").write_text("01\n")
    request = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config ts.cnf"
    _openssl(directory, f"{request} -x509 -days 3650 -subj /CN=Root -keyout ca.key -out ca.pem -extensions ca")
    _openssl(directory, f"{request} -subj /CN=Stamper -keyout stamp.key -out stamp.csr")
    sign = "x509 -req -in stamp.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile ts.cnf"
    _openssl(directory, f"{sign} -extensions stamp -out stamp.pem")
    return directory / "ca.pem"


@contextmanager
def time_server(directory: Path, *, refuses: bool = False, repeats: bool = False) -> Iterator[str]:
    """Serve time stamps. refuses: answers HTTP 500. repeats: answers every request with the answer to the first."""
    kept: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (directory / "in.tsq").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            _openssl(directory, "ts -reply -config ts.cnf -queryfile in.tsq -out out.tsr")
            kept.append((directory / "out.tsr").read_bytes())
            self.send_response(500 if refuses else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(kept[0] if repeats else kept[-1])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
