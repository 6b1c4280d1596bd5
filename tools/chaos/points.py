"""Names the requests of the pipeline: every durable step is a request, so its name is a fail point.

A name holds the service, the verb and the target, without anything that differs between runs.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

_OBJECT = re.compile(
    r"/b/(?P<bucket>[^/]+)/o(?:/(?P<object>.+?))?(?:/rewriteTo/b/(?P<to>.+)/o/(?P<copy>.+))?$"
)
_TABLES = re.compile(r"/datasets/(?P<dataset>[^/]+)/tables(?:/(?P<table>[^/]+))?$")
_JOB = re.compile(r"/(?:jobs|queries)/(?P<job>[^/]+)$")
_QUOTED_TABLE = re.compile(r"`[^`.]+\.(?:[a-z0-9_]*_)?([a-z]+)\.?(\w+)?`")
_DISTINCT_FOLDERS = 3


@dataclass(frozen=True)
class Asked:
    """One HTTP request as its client sent it."""

    method: str
    target: str
    body: bytes = b""

    @property
    def path(self) -> str:
        """The path, still percent-encoded."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The last value of every query parameter."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}


@dataclass(frozen=True)
class Point:
    """A named request; a durable one changes what a service holds."""

    name: str
    is_durable: bool


@dataclass(frozen=True)
class Met:
    """A fail point of an undisturbed run: its task, how often it is met, and its place in line."""

    name: str
    task: str
    is_durable: bool
    times: int
    place: int

    @property
    def service(self) -> str:
        """The service that the request goes to."""
        return self.name.partition(":")[0]


def met(recorded: Iterable[tuple[Point, str]]) -> list[Met]:
    """The fail points of an undisturbed run, by name.

    What a task reads or loads side by side comes in an order of chance: it shares a place.
    """
    found: dict[str, Met] = {}
    beside: dict[tuple[str, str], int] = {}
    for order, (point, task) in enumerate(recorded):
        known = found.get(point.name)
        if known:
            found[point.name] = replace(known, times=known.times + 1)
            continue
        new = Met(point.name, task, point.is_durable, 1, order)
        is_read = task.startswith("land[") and new.service != "bigquery"
        if is_read or point.name.startswith("bigquery: load "):
            place = beside.setdefault((task, "reads" if is_read else "loads"), order)
            new = replace(new, place=place)
        found[point.name] = new
    return [found[name] for name in sorted(found)]


class Names:
    """Names requests; remembers which job and which upload session asked for what."""

    def __init__(self) -> None:
        self._jobs: dict[str, str] = {}

    def storage(self, asked: Asked) -> Point | None:
        """The name of a request to Cloud Storage, None if it is not about objects."""
        found = _OBJECT.search(asked.path)
        if found is None:
            return None
        bucket, key = found["bucket"], unquote(found["object"] or "")
        if asked.path.startswith("/upload/"):
            return Point(f"storage: upload {_place(bucket, object_name(asked))}", True)
        if found["to"]:
            return Point(f"storage: copy to {_place(found['to'], unquote(found['copy']))}", True)
        if not key:
            return Point(f"storage: list {_place(bucket, '')}", False)
        is_content = "media" in asked.query.get("alt", "")
        return Point(f"storage: {'read' if is_content else 'stat'} {_place(bucket, key)}", False)

    def bigquery(self, asked: Asked) -> Point | None:
        """The name of a request to BigQuery, None if it is none of the pipeline's."""
        if asked.method == "POST" and asked.path.endswith(("/jobs", "/queries")):
            return self._job(json.loads(asked.body))
        if found := _JOB.search(asked.path):
            return Point(f"bigquery: result of {self._jobs.get(found['job'], 'a job')}", False)
        if found := _TABLES.search(asked.path):
            layer = found["dataset"].rpartition("_")[2]
            verb = {"GET": "look up", "POST": "create"}.get(asked.method, "change")
            what = "tables" if asked.method == "GET" and not found["table"] else "table"
            return Point(f"bigquery: {verb} {what} of {layer}", asked.method != "GET")
        return None

    def _job(self, body: dict[str, Any]) -> Point:
        configuration = body.get("configuration", {})
        if load := configuration.get("load"):
            target = load["destinationTable"]
            layer = target["datasetId"].rpartition("_")[2]
            point = Point(f"load {layer}.{target['tableId']}", True)
        else:
            point = _statement(configuration.get("query", body))
        # The emulator calls the job of a query without an id after its request.
        job = body.get("jobReference", body).get("jobId") or body.get("requestId", "")
        self._jobs[job] = point.name
        return Point(f"bigquery: {point.name}", point.is_durable)


def object_name(asked: Asked) -> str:
    """The object that an upload writes; its name is in the address or in the first body part."""
    if name := asked.query.get("name"):
        return name
    found = re.search(rb'"name":\s*"([^"]+)"', asked.body[:4096])
    return found[1].decode() if found else ""


def _statement(query: dict[str, Any]) -> Point:
    text = query["query"]
    verb = re.match(r"\s*(\w+)", text)
    word = verb[1].upper() if verb else ""
    first = _QUOTED_TABLE.search(text)
    table = ".".join(part for part in first.groups() if part) if first else ""
    if word in ("BEGIN", "DECLARE"):
        word, table = "publish", "gold" if "'gold'" in text else "silver"
    details = " ".join(_details(query.get("queryParameters", [])))
    return Point(" ".join(filter(None, (word, table, details))), word not in ("SELECT", "WITH"))


def _details(parameters: list[dict[str, Any]]) -> list[str]:
    """Source and states of the rows that an upsert brings: they tell its calls apart."""
    values = {item["name"]: item["parameterValue"].get("value") for item in parameters}
    if not str(values.get("content", "")).startswith("["):
        return [values["source"]] if values.get("source") else []
    rows = json.loads(values["content"])
    sources = sorted({row["source"] for row in rows if "source" in row})
    states = sorted({row["state"] for row in rows if "state" in row})
    return [*sources, "/".join(states)]


def _place(bucket: str, key: str) -> str:
    folders = [part for part in key.split("/")[:-1] if "=" not in part][:_DISTINCT_FOLDERS]
    if folders[:1] == ["archive"]:
        folders = folders[:2]
    return "/".join([bucket.removeprefix("rcm-"), *folders])
