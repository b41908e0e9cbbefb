"""A proxy that breaks connections: once so many bytes went up, it cuts the line or holds it."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading


class CuttingProxy:
    """Forwards to `target` ("host:port"). up: bytes on one connection after which it is cut; each cut takes
    the next number, and no connection is cut once there is none.

    sent: bytes that went up in all; cuts: how many connections were cut.
    """

    def __init__(self, target: str, *, up: tuple[int, ...] = ()) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._up = list(up)
        self._lock = threading.Lock()
        self.sent = 0
        self.cuts = 0
        self._hold: int | None = None
        self._held, self._free = threading.Event(), threading.Event()
        self._free.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> CuttingProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def hold_after(self, up: int) -> None:
        """Once so many bytes went up on all connections, no more do until `go_on`."""
        self._free.clear()
        self._hold = self.sent + up

    def wait_until_held(self, seconds: float) -> None:
        """Waits until it holds the line."""
        assert self._held.wait(seconds), "so many bytes never came"

    def go_on(self) -> None:
        """Lets everything through again."""
        self._hold = None
        self._free.set()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self._listener.accept()[0]
                server = socket.create_connection(self._target)
                threading.Thread(target=self._upwards, args=(client, server), daemon=True).start()
                threading.Thread(target=_copy, args=(server, client), daemon=True).start()

    def _upwards(self, client: socket.socket, server: socket.socket) -> None:
        gone = 0
        with client, server, contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                if self._hold is not None and self.sent >= self._hold:
                    self._held.set()
                    self._free.wait()
                server.sendall(data)
                gone += len(data)
                with self._lock:
                    self.sent += len(data)
                    if self._up and gone >= self._up[0]:
                        self._up.pop(0)
                        self.cuts += 1
                        for end in (client, server):  # a reset, not an end in good order
                            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
