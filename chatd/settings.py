"""What an operator chooses that is no bound: where the server listens, what it is called, who may come in."""

from dataclasses import dataclass, field

from .hosts import Network


@dataclass(slots=True)
class Settings:
    """`motd`, `password` and `exempt` may change while the server runs."""

    host: str = "127.0.0.1"
    port: int = 6667
    server_name: str = "chatd.local"
    room: str = "#lobby"  # always there, and where plain clients come in
    motd: list[str] = field(default_factory=list)
    password: bytes = b""  # that a client has to know; empty for none
    exempt: tuple[Network, ...] = ()  # whose hosts are not counted and not paced
    control: str | None = None  # path of the control socket; empty for no socket, None for the usual place
    metrics: tuple[str, int] | None = None  # address of the metrics
    log_format: str = "auto"
