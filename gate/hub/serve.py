"""Runs the hub's server, alone or beside a site in one process."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn
from fastapi import FastAPI

from gate.hub.app import create_app
from gate.hub.context import Hub
from gate.hub.settings import HubSettings

_GRACE_S = 3


class HubServer(uvicorn.Server):
    """A server whose open pages do not hold up its end. own_signals: react to Ctrl-C and SIGTERM itself."""

    def __init__(self, app: FastAPI, host: str, port: int, *, own_signals: bool) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
            ws_max_size=64 * 1024,
        )
        super().__init__(config)
        self._hub: Hub = app.state.hub
        self._own_signals = own_signals

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if self._own_signals:
            with super().capture_signals():
                yield
        else:
            yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.bus.close()
        await super().shutdown(sockets)


def quickest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where it is installed, else None for the standard loop."""
    try:
        import uvloop
    except ImportError:  # not made for every system
        return None
    return uvloop.new_event_loop


def spare_pauses() -> None:
    """Look for garbage rarely, and never among what is here to stay: a full search stops everything for 0.1 s."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


async def serve(settings: HubSettings, host: str, port: int) -> None:
    """Run the hub, alone in its process, until a signal ends it."""
    spare_pauses()
    await HubServer(create_app(settings), host, port, own_signals=True).serve()


@contextlib.asynccontextmanager
async def running_hub(settings: HubSettings, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[tuple[str, Hub]]:
    """The hub beside other work of this event loop: its address and its parts, once it answers.

    port 0 takes a free one. Raises OSError when the port is taken, RuntimeError when the hub cannot start.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    app = create_app(settings)
    server = HubServer(app, host, port, own_signals=False)
    task = asyncio.create_task(server.serve([listener]))
    try:
        while not server.started:
            if task.done():
                await task
                raise RuntimeError("the hub could not start; its log says why")
            await asyncio.sleep(0.02)
        yield f"http://{host}:{listener.getsockname()[1]}", app.state.hub
    finally:
        server.should_exit = True
        await asyncio.gather(task, return_exceptions=True)
        listener.close()
