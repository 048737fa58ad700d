"""A real Mosquitto with TLS, passwords and the shipped access list; its certificates are made here."""

import contextlib
import datetime
import ipaddress
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import gate.hub
from tests.servers import server

MOSQUITTO, MOSQUITTO_PASSWD = server("mosquitto"), shutil.which("mosquitto_passwd")
ACL = Path(gate.hub.__file__).parent / "deploy" / "mosquitto.acl"


@dataclass(frozen=True, slots=True)
class Mosquitto:
    """Where it listens, and the authority its certificate comes from."""

    port: int
    ca: Path
    folder: Path

    @property
    def url(self) -> str:
        return f"mqtts://127.0.0.1:{self.port}"

    def admit(self, user: str, password: str) -> None:
        """Give a user a password, before the broker starts."""
        passwords = self.folder / "passwords"
        passwords.touch(mode=0o600)
        subprocess.run([str(MOSQUITTO_PASSWD), "-b", passwords, user, password], check=True)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        command = [str(MOSQUITTO), "-c", str(self.folder / "mosquitto.conf")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.1):
                    break
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait()


def prepared(folder: Path) -> Mosquitto:
    """Configuration and certificates for a broker of our own."""
    folder.mkdir()
    authority(folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    (folder / "mosquitto.conf").write_text(
        f"listener {port} 127.0.0.1\ncafile {folder}/ca.pem\ncertfile {folder}/broker.pem\n"
        f"keyfile {folder}/broker.key\n"
        f"allow_anonymous false\npassword_file {folder}/passwords\nacl_file {ACL}\nuser root\npersistence false\n"
    )
    return Mosquitto(port, folder / "ca.pem", folder)


def authority(folder: Path) -> None:
    """ca.pem, and broker.pem with broker.key for 127.0.0.1."""
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name, name = _name("Gatewarden test CA"), _name("broker")
    ca = _certificate(ca_name, ca_key.public_key(), ca_name).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    ca = ca.add_extension(x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False)
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    ca = ca.add_extension(usage, critical=True)
    own = _certificate(name, key.public_key(), ca_name).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
    )
    own = own.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    for file, builder in (("ca.pem", ca), ("broker.pem", own)):
        signed = builder.sign(ca_key, hashes.SHA256())
        (folder / file).write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "broker.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
