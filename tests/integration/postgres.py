"""A throw-away PostgreSQL server on this machine."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from adbc_driver_postgresql import dbapi

OWNER, PASSWORD = "owner", "correct: horse/battery@staple"


@dataclass(frozen=True)
class Server:
    """A server with scram-sha-256 passwords and one superuser, `OWNER`."""

    programs: Path
    folder: Path
    port: int
    account: dict[str, Any]

    @property
    def uri(self) -> str:
        """The address without a password."""
        return self.at()

    def at(self, database: str = "postgres", user: str = OWNER) -> str:
        """The address of one of its databases."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/{database}"

    def run(self, *statements: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run statements as the owner, each on its own; give the rows of the last one."""
        uri = f"{self.at(database)}?password=correct%3A%20horse%2Fbattery%40staple"
        with closing(dbapi.connect(uri, autocommit=True)) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    def start(self) -> None:
        """Start it, and wait until it can be reached."""
        options = (
            f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        )
        self._call("pg_ctl", "-w", "-D", self._data, "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, whatever it is doing."""
        self._call("pg_ctl", "-w", "-D", self._data, "-m", "immediate", "stop")

    def create(self) -> None:
        """Make its data folder."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if self.account:
            for path in (self.folder, secret):
                shutil.chown(path, self.account["user"], self.account["group"])
        options = ["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=scram-sha-256"]
        self._call("initdb", "-D", self._data, f"--username={OWNER}", f"--pwfile={secret}", *options)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _call(self, program: str, *arguments: str) -> None:
        # A server that inherited a pipe would keep it open.
        with (self.folder.parent / f"{self.folder.name}.out").open("w+") as output:
            done = subprocess.run(
                [str(self.programs / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                check=False,
                **self.account,
            )
            output.seek(0)
            assert done.returncode == 0, f"{program}: {output.read()}"


@contextmanager
def throw_away_server() -> Iterator[Server]:
    """Run a server on a free port of the loopback; nothing of it is left afterwards."""
    programs = _programs()
    if programs is None:
        message = "no PostgreSQL server is installed (on Debian: apt-get install postgresql)"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    folder = Path(tempfile.mkdtemp(prefix="palette-postgres-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(programs, folder, port, _account())
    try:
        server.create()
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder)
        folder.with_name(f"{folder.name}.out").unlink(missing_ok=True)


def _programs() -> Path | None:
    newest = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    found = newest[-1] if newest else Path(on_path).resolve() if on_path else None
    return found.parent if found else None


def _account() -> dict[str, Any]:
    """As whom the server runs: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
