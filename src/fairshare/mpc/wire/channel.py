"""The protocols' channel over TLS links."""

from fairshare.errors import PeerError
from fairshare.mpc.channel import Traffic
from fairshare.mpc.wire.frames import Kind
from fairshare.mpc.wire.hub import Hub

__all__ = ["TlsChannel"]


class TlsChannel:
    """One server's links to the other two; see ``Channel``.

    Args:
        hub: linked to both.
        deadline: seconds that a receive may wait.
    """

    def __init__(self, hub: Hub, *, deadline: float) -> None:
        self._hub = hub
        self._deadline = deadline
        self._servers = [server.name for server in hub.plan.servers]
        self.party = self._servers.index(hub.name)
        self.traffic = Traffic()

    def send(self, to: int, payload: bytes) -> None:
        """Queue a message; see ``Channel.send``."""
        self.traffic.sent += len(payload)
        self._hub.send(self._servers[to], Kind.PROTOCOL, payload, self.traffic.rounds + 1)

    def receive(self, sender: int, size: int) -> bytes:
        """The next message; see ``Channel.receive``."""
        name = self._servers[sender]
        frame = self._hub.receive(name, Kind.PROTOCOL, self._deadline)
        if len(frame.payload) != size:
            raise PeerError(f"{name} sent {len(frame.payload)} bytes, must be {size}; are all versions the same?")
        self.traffic.rounds = max(self.traffic.rounds, frame.step)
        self.traffic.received += size
        return frame.payload
