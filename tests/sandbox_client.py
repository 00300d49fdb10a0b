"""What the sandbox tests share: a small client for the loopback ports."""

import http.client
import json
from typing import Any

from monitor.sandbox.server import Server


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(
    server: Server, host: str, path: str, body: Any = None, method: str | None = None, agent: str = "test"
) -> Answer:
    """One request to a host of the sandbox; a body is sent as JSON by POST."""
    connection = http.client.HTTPConnection("127.0.0.1", server.hosts[host], timeout=20)
    try:
        sent = None if body is None else json.dumps(body)
        headers = {"Host": host, "User-Agent": agent, "Content-Type": "application/json"}
        connection.request(method or ("GET" if body is None else "POST"), path, sent, headers)
        reply = connection.getresponse()
        return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    finally:
        connection.close()


def graphql(server: Server, operation: str, as_list: bool = True, **variables: Any) -> Any:
    """`data` of a Tokopedia answer."""
    query = {"operationName": operation, "variables": variables, "query": "query"}
    answer = ask(server, "gql.tokopedia.com", f"/graphql/{operation}", [query] if as_list else query)
    return answer.json[0]["data"] if as_list else answer.json["data"]


def search(server: Server, params: str) -> dict[str, Any]:
    return graphql(server, "SearchProductV5Query", params=params)["searchProductV5"]  # type: ignore[no-any-return]


def city_ids(server: Server) -> dict[str, str]:
    """Option name -> value of the place filter."""
    groups = graphql(server, "FilterSortProductQuery", params="q=kopi")["filter_sort_product"]["data"]["filter"]
    options = next(group["options"] for group in groups if group["template_name"] == "template_location")
    return {option["name"]: option["value"] for option in options}
