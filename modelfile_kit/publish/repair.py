"""Gives a model on a server what its plan says, by a create from the model itself or from the files that the
server has: nothing is uploaded.

The repaired model is made under a working name, verified, and only then takes over the name; the old one
stays on the server under a tag of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..core.errors import ServerError
from ..core.progress import Progress
from ..ollama.versions import Target, server_version, since
from ..runtime.ollama.client import OllamaServer
from .keeping import before_repair_name, keeping, replacing
from .repair_plan import RepairPlan, Setting
from .served_model import ServedModel, differences
from .take_over import digest_of, end_engine, sweep, take_over, working_model
from .verify import VerifyReport, verify_on

NOT_BETTER = "MK881"
CHANGED = "MK878"


class NotRepairedError(ServerError):
    """The repaired model failed a check that the old one passes; the server is as it was.

    report: every check of the repaired model.
    """

    code = NOT_BETTER

    def __init__(self, name: str, report: VerifyReport, failed: list[str]) -> None:
        super().__init__(
            f"{name} was not repaired: the repaired model fails a check ({', '.join(failed)}) that the old "
            "one passes; the server is unchanged",
            help="report this with the output of `mkmodelfile repair --dry-run`; a package of the GGUF "
            "(`mkmodelfile init`, `publish`) gives the same with every setting in your hands",
        )
        self.report = report


@dataclass(frozen=True)
class Repaired:
    """What a repair did. kept: the name under which the old model is; verified: of the new one."""

    name: str
    kept: str
    digest: str
    verified: VerifyReport


def repair(server: OllamaServer, plan: RepairPlan, *, progress: Progress | None = None) -> Repaired:
    """Carries a plan out. Whatever goes wrong, the name has the old model afterwards.

    Raises NotRepairedError where the new one is worse than the old, ServerError where the server fails.
    """
    name, after = plan.served.name, plan.after
    assert after is not None and plan.changes
    if after.parser or after.renderer:
        server.require("renderer", "PARSER in a Modelfile")
    sweep(server)
    _must_be_as_planned(server, plan)
    with working_model(server, name) as temporary:
        server.create(request_of(plan, temporary))
        end_engine(server, temporary)
        _must_be_as_meant(server, plan, temporary)
        verified = _verified(server, plan, temporary, progress)
        with replacing(server, name):
            _must_be_as_planned(server, plan)
            with keeping(server, name, before_repair_name(server, name)) as kept:
                digest = take_over(server, temporary, name)
    end_engine(server, name)
    return Repaired(name, kept, digest, verified)


def _must_be_as_planned(server: OllamaServer, plan: RepairPlan) -> None:
    """The name has the model that was looked at: who replaced it meanwhile does not get it repaired away."""
    name = plan.served.name
    now = digest_of(server, name) or ""
    if now != plan.digest:
        what = "replaced" if now else "removed"
        raise ServerError(
            f"{name} was {what} on {server.url} after its repair was planned; it stays as it is now",
            help=f"`mkmodelfile repair {name}` looks at the model that is there now" if now else "",
            code=CHANGED,
        )


def request_of(plan: RepairPlan, temporary: str) -> dict[str, Any]:
    """The body of POST /api/create: from a model all that is not named is inherited, from files nothing."""
    assert plan.before is not None and plan.after is not None
    before, after = plan.before, plan.after
    if plan.anew:
        return _anew(plan.served, after, temporary)
    body: dict[str, Any] = {"model": temporary, "from": plan.served.name}
    if after.template != before.template:
        body["template"] = after.template
    if after.renderer != before.renderer:
        body["renderer"] = after.renderer
    if after.parser != before.parser:
        body["parser"] = after.parser
    if after.stop != before.stop:
        body["parameters"] = {"stop": list(after.stop)}
    return body


def _anew(served: ServedModel, after: Setting, temporary: str) -> dict[str, Any]:
    """The body that creates the model from its files, which are named by their digests."""
    names = ("model.gguf", "projector.gguf")
    digests = (blob.replace("-", ":") for kind, blob in served.layers if kind == "FROM")
    told: dict[str, Any] = {
        "template": after.template,
        "renderer": after.renderer,
        "parser": after.parser,
        "system": served.system,
        "requires": served.requires,
        "license": list(served.licenses),
        "messages": [dict(message) for message in served.messages],
    }
    return {
        "model": temporary,
        "files": dict(zip(names, digests, strict=False)),
        # Without any, the server takes those of the built-in template that is like the chat template.
        "parameters": {**served.parameters, "stop": list(after.stop)},
        **{key: value for key, value in told.items() if value},
    }


def _must_be_as_meant(server: OllamaServer, plan: RepairPlan, temporary: str) -> None:
    """What was created has the same files, and what was to be changed."""
    assert plan.after is not None
    made = ServedModel.from_show(temporary, server.show(temporary))
    served, after = plan.served, plan.after
    meant = {**served.parameters, "stop": list(after.stop)}
    found = list(
        differences(
            made,
            template=after.template,
            system=served.system,
            parameters={k: v for k, v in meant.items() if v != []},
            messages=served.messages,
            renderer=after.renderer,
            parser=after.parser,
            requires=served.requires,
        )
    )
    # Where the server prefers the GGUF's own chat template, verification holds its prompts to it.
    wrong = [d.message for d in found if d.code != "MK201"]
    advice = "update Ollama, or publish a package of the GGUF; nothing was changed"
    if sorted(made.layers) != sorted(served.layers):
        wrong.insert(0, "it has other files than the old model")
        if plan.anew and not Target(server_version(plan.version)).has("gguf_kept"):
            advice = f"Ollama before {since('gguf_kept')} may write a file anew in a create from it: {advice}"
    if made.license != served.license:
        wrong.insert(0, "its LICENSE is not the old model's")
    if wrong:
        raise ServerError(
            f"the server said success, but what it made is not what was asked for: {wrong[0]}",
            help=advice,
            code="MK811",
        )


def _verified(
    server: OllamaServer, plan: RepairPlan, temporary: str, progress: Progress | None
) -> VerifyReport:
    """The verification of the new model; the old one is only asked where that fails."""
    report = verify_on(server, temporary, expectation=plan.meant, progress=progress)
    failed = [c.name for c in report.checks if c.status == "fail"]
    if failed:
        old = verify_on(server, plan.served.name, expectation=plan.meant, progress=progress)
        passed = {c.name for c in old.checks if c.status == "ok"}
        if worse := [name for name in failed if name in passed]:
            raise NotRepairedError(plan.served.name, report, worse)
    return report
