"""The deployment files, without a container engine: what they name exists, and what they start does start.

The broker runs on the shipped configuration, the hub by the very command of docker-compose.yml, against a real
PostgreSQL; only paths and host names of the containers are put in place. A site then publishes through them.
"""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

import gate.hub
from gate.cli import hub as hub_cli
from gate.lines.mqtt import Login
from gate.uplink.broker_link import BrokerLink
from gate.uplink.outbox import Outbox
from gate.uplink.sender import Sender
from tests.gate.hub.brokers import MOSQUITTO, MOSQUITTO_PASSWD, authority
from tests.gate.hub.databases import POSTGRES, running_postgres
from tests.gate.hub.kit import passage, token_of

DEPLOY = Path(gate.hub.__file__).parent / "deploy"
ROOT = DEPLOY.parents[2]
SUPPLIED = {"./certs/ca.pem", "./certs", "./passwords", "./secrets/postgres.password", "./secrets/hub-broker.password"}
SITE = "east-gate"
STARTS_S = 60.0


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text("utf-8"))
    return read


def test_what_the_files_name_exists_or_is_said_to_be_supplied() -> None:
    whole = compose()
    text = (DEPLOY / "docker-compose.yml").read_text("utf-8") + (DEPLOY / "mosquitto.conf").read_text("utf-8")
    sources = [v.split(":")[0] for s in whole["services"].values() for v in s.get("volumes", [])]
    sources += [secret["file"] for secret in whole["secrets"].values()]
    for source in sources:
        if source.startswith("./"):
            assert source in SUPPLIED or (DEPLOY / source).is_file(), source
        else:
            assert source in whole["volumes"], source
    for name in ("postgres.password", "hub-broker.password", "ca.pem", "broker.pem", "broker.key", "passwords"):
        assert name in text.split("services:")[0] + text.split("volumes: {hub")[1], f"{name} is explained nowhere"
    for service in whole["services"].values():
        assert set(service.get("secrets", [])) <= set(whole["secrets"])
        assert set(service.get("depends_on", {})) <= set(whole["services"])
    build = whole["services"]["hub"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    for line in (ROOT / build["dockerfile"]).read_text("utf-8").splitlines():
        if line.startswith("COPY"):
            for copied in line.split()[1:-1]:
                assert (ROOT / copied).exists(), line


def test_every_variable_is_one_the_hub_reads() -> None:
    known = {
        name
        for alias in vars(hub_cli).values()
        for meta in getattr(alias, "__metadata__", ())
        for name in [getattr(meta, "envvar", None)]
        if name
    }
    service = compose()["services"]["hub"]
    given = set(service["environment"]) | set(re.findall(r"GATEWARDEN_\w+", " ".join(service["command"])))
    assert given
    assert given <= known


@dataclass(frozen=True, slots=True)
class Deployed:
    """Addresses of what runs, and how its commands are called. run: environment of the hub's container."""

    hub: str
    broker: str
    ca: Path
    run: dict[str, str]
    log: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(command: list[str], log: Path, port: int, environment: dict[str, str] | None = None) -> Iterator[None]:
    """A program, from when it listens until the end."""
    with log.open("w") as out:
        running = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        try:
            end = time.monotonic() + STARTS_S
            while True:
                assert running.poll() is None, log.read_text()
                assert time.monotonic() < end, log.read_text()
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield
        finally:
            running.terminate()
            running.wait()


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o600)
    return path


def broker_configuration(folder: Path, port: int) -> Path:
    """The shipped configuration, with the container's paths and port put in place."""
    text = (DEPLOY / "mosquitto.conf").read_text("utf-8")
    text = text.replace("/mosquitto/config/mosquitto.acl", str(DEPLOY / "mosquitto.acl"))
    text = text.replace("/mosquitto/config", str(folder)).replace("/mosquitto/certs", str(folder))
    text = re.sub(r"^listener 8883$", f"listener {port} 127.0.0.1", text, flags=re.MULTILINE)
    return written(folder, "mosquitto.conf", text + ("user root\n" if os.geteuid() == 0 else ""))


def hub_command(folder: Path, postgres: str, port: int) -> list[str]:
    """Entrypoint and command of the hub's container."""
    service = compose()["services"]["hub"]
    (command,) = service["command"]
    host = postgres.split("@")[1]
    for here, there in (
        ("$$", "$"),
        ("/run/secrets/postgres", str(folder / "postgres.password")),
        ("@postgres/gate", f"@{host}/gate"),
        ("/data", str(folder / "data")),
    ):
        assert here in command, here
        command = command.replace(here, there)
    return [*service["entrypoint"], f"{command} --port {port}"]


@contextmanager
def deployed(folder: Path) -> Iterator[Deployed]:
    """Broker, database and hub as docker-compose.yml has them."""
    authority(folder)
    secret, postgres_secret = "a broker secret", "a-database-secret"
    written(folder, "hub-broker.password", secret)
    written(folder, "postgres.password", postgres_secret)
    written(folder, "passwords", "")
    admit(folder, "hub", secret)
    port, broker_port = free_port(), free_port()
    with running_postgres() as postgres:
        host, at = postgres.split("@")[1].split(":")
        createdb = ["createdb", "-h", host, "-p", at, "-U", "gate", "gate"]
        subprocess.run([str(Path(str(POSTGRES)).parent / createdb[0]), *createdb[1:]], check=True)
        service = compose()["services"]["hub"]
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            **{k: re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", v) for k, v in service["environment"].items()},
        }
        environment["GATEWARDEN_HUB_MQTT"] = environment["GATEWARDEN_HUB_MQTT"].replace(
            "mosquitto:8883", f"127.0.0.1:{broker_port}"
        )
        environment["GATEWARDEN_HUB_MQTT_PASSWORD_FILE"] = str(folder / "hub-broker.password")
        environment["GATEWARDEN_HUB_MQTT_CA"] = str(folder / "ca.pem")
        database = f"postgresql+asyncpg://gate:{postgres_secret}@{host}:{at}/gate"
        run = {**environment, "GATEWARDEN_HUB_DATABASE": database, "GATEWARDEN_HUB_DATA": str(folder / "data")}
        said = subprocess.run(
            ["gatewarden", "hub", "site", "add", SITE], env=run, check=True, capture_output=True, text=True
        ).stdout  # before the broker starts: it reads its passwords once
        admit(folder, SITE, written(folder, "hub.token", json.loads(said)["token"]).read_text())
        broker = [str(MOSQUITTO), "-c", str(broker_configuration(folder, broker_port))]
        command = hub_command(folder, postgres, port)
        log, ca = folder / "hub.log", folder / "ca.pem"
        with process(broker, folder / "broker.log", broker_port), process(command, log, port, environment):
            yield Deployed(f"http://127.0.0.1:{port}", f"mqtts://127.0.0.1:{broker_port}", ca, run, log)


def admit(folder: Path, user: str, password: str) -> None:
    """As the configuration's own comment says."""
    told = re.findall(r"mosquitto_passwd -b (\S+) (\S+) ", (DEPLOY / "mosquitto.conf").read_text("utf-8"))
    assert ("passwords", user) in told
    subprocess.run([str(MOSQUITTO_PASSWD), "-b", "passwords", user, password], check=True, cwd=folder)


@pytest.mark.skipif(POSTGRES is None or MOSQUITTO is None, reason="no PostgreSQL or no Mosquitto")
async def test_what_the_compose_file_starts_takes_a_sites_word(tmp_path: Path) -> None:
    with deployed(tmp_path) as made:
        check = [
            part.replace("127.0.0.1:8430", made.hub.removeprefix("http://"))
            for part in compose()["services"]["hub"]["healthcheck"]["test"][1:]
        ]
        assert subprocess.run(check, env=made.run, check=False).returncode == 0
        box, token = Outbox(tmp_path / "outbox.db"), (tmp_path / "hub.token").read_text()
        link = BrokerLink(SITE, token, Login(made.broker, SITE, token, made.ca))
        sending = asyncio.create_task(Sender(box, made.hub, token, broker=link).run())
        box.put_record(passage(1, site=SITE))
        async with asyncio.timeout(60):
            while box.waiting():
                await asyncio.sleep(0.1)
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        box.close()
        (enter,) = re.findall(r"http\S+#enter=[\w-]+", made.log.read_text())
        async with httpx.AsyncClient(base_url=made.hub) as client:
            assert (await client.post("/api/v1/session/link", json={"token": token_of(enter)})).status_code == 200
            assert [p["id"] for p in (await client.get("/api/v1/passages")).json()["items"]] == [
                passage(1, site=SITE).id
            ]
