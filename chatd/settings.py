"""What an operator chooses that is no bound: where the server listens, what it is called, what it says first."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Settings:
    host: str = "127.0.0.1"
    port: int = 6667
    server_name: str = "chatd.local"
    room: str = "#lobby"  # always there, and where plain clients come in
    motd: list[str] = field(default_factory=list)
