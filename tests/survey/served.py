"""A server of surveys on a port of this machine, and what talks to it."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from typing import Any

from photochrom.survey.folder import Survey


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Message
    content: bytes

    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class Client:
    """Talks to a server on a port of this machine."""

    port: int

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(self, path: str, content: Any, kind: str = "application/json") -> Answer:
        body = content if not isinstance(content, dict) else json.dumps(content).encode()
        return self._ask("POST", path, body, {"Content-Type": kind})

    def _ask(self, *request: Any) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with closing(connection):
            connection.request(*request)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())


@contextmanager
def served(surveys: dict[str, Survey]) -> Iterator[Client]:
    from photochrom.serving import listen
    from photochrom.survey.server import SurveyServer

    with SurveyServer(surveys) as server, listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, args=(listener,))
        thread.start()
        try:
            yield Client(listener.getsockname()[1])
        finally:
            server.stop()
            thread.join()
