"""A small Ollama over HTTP that misbehaves on demand; the real one is asked in tests/integration."""

from __future__ import annotations

import hashlib
import json

from werkzeug import Request, Response


class FakeOllama:
    """Keeps models and blobs. Faults are set from outside:

    stream: objects that /api/create answers instead; forget: keys of the request that are lost without
    a word (the way of an older server); one_file: takes only the first of several files; before: called
    with every request's method and path.
    """

    def __init__(self, httpserver, version="0.33.0"):
        self.version = version
        self.models: dict[str, dict] = {}
        self.blobs: set[str] = set()
        self.stream: list[dict] | None = None
        self.forget: set[str] = set()
        self.one_file = False
        self.before = lambda method, path: None
        self.asked: list[tuple[str, str]] = []
        self.created: list[dict] = []
        self.url = httpserver.url_for("/").rstrip("/")
        import re

        httpserver.expect_request(re.compile("/.*")).respond_with_handler(self)

    def __call__(self, request: Request) -> Response:
        self.asked.append((request.method, request.path))
        self.before(request.method, request.path)
        name = request.path.removeprefix("/api/").partition("/")[0]
        body = json.loads(request.data) if request.data and name != "blobs" else {}
        return getattr(self, f"_{name}")(request, body)

    def _version(self, _request, _body):
        return answer({"version": self.version})

    def _tags(self, _request, _body):
        listed = [
            {"model": k, "digest": fingerprint(v), "modified_at": "2026-01-01T00:00:00Z"}
            for k, v in self.models.items()
        ]
        return answer({"models": listed})

    def _show(self, _request, body):
        made = self.models.get(tagged(body["model"]))
        if made is None:
            return missing(body["model"])
        files = list(made.get("files", {}).items())
        layers = "".join(f"FROM /b/{d.replace(':', '-')}\n" for _, d in files)
        seen = any("mmproj" in n for n, _ in files)
        template = made.get("template", "{{ .Prompt }}")
        return answer(
            {
                "template": template,
                "system": made.get("system", ""),
                "messages": made.get("messages", []),
                "license": "\n".join(made.get("license", [])),
                "parameters": "\n".join(parameters(made.get("parameters", {}))),
                "modelfile": layers + f'TEMPLATE "{template}"\n',
                "capabilities": ["completion", *(["vision"] if seen else [])],
                "projector_info": {"clip.projector_type": "glm4v"} if seen else {},
            }
        )

    def _create(self, _request, body):
        self.created.append(body)
        if self.stream is not None:
            return lines(self.stream)
        made = {k: v for k, v in body.items() if k not in self.forget | {"stream"}}
        if base := made.pop("from", None):
            made = {**self.models[tagged(base)], **made}
        if self.one_file:
            made["files"] = dict(list(made["files"].items())[:1])
        self.models[tagged(body["model"])] = made
        return lines([{"status": "parsing GGUF"}, {"status": "success"}])

    def _copy(self, _request, body):
        source = self.models.get(tagged(body["source"]))
        if source is None:
            return missing(body["source"])
        self.models[tagged(body["destination"])] = source
        return Response("", 200)

    def _delete(self, _request, body):
        gone = self.models.pop(tagged(body["model"]), None)
        return Response("", 200) if gone is not None else missing(body["model"])

    def _me(self, _request, _body):
        return answer({"error": "404 page not found"}, 404)  # as one that is too old to say who is signed in

    def _generate(self, _request, _body):
        return answer({"done": True})

    def _blobs(self, request, _body):
        digest = request.path.rpartition("/")[2]
        if request.method == "HEAD":
            return Response("", 200 if digest in self.blobs else 404)
        if f"sha256:{hashlib.sha256(request.data).hexdigest()}" != digest:
            return answer({"error": "digest mismatch"}, 400)
        self.blobs.add(digest)
        return Response("", 201)


def tagged(name):
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def fingerprint(made):
    return hashlib.sha256(
        json.dumps({k: v for k, v in made.items() if k != "model"}, sort_keys=True).encode()
    ).hexdigest()


def parameters(values):
    for key, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            yield f"{key:<30} {json.dumps(item)}"


def answer(data, status=200):
    return Response(json.dumps(data), status, content_type="application/json")


def lines(objects):
    return Response("".join(json.dumps(o) + "\n" for o in objects), 200)


def missing(name):
    return answer({"error": f"model '{name}' not found"}, 404)
