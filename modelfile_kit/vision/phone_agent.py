"""How a phone agent asks a model and reads its answer, as Open-AutoGLM does.

Read in Open-AutoGLM by zai-org (model/client.py, actions/handler.py, agent.py, config/prompts_zh.py):
a system message that lists the actions, a user message with the screenshot before the text, and an answer
`<think>…</think><answer>ACTION</answer>`. It takes for the action everything from `finish(message=` or
`do(action=` to the end of the answer, so that an `</answer>` that reaches it makes the action unreadable: the
server has to stop there.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..core.conversation import Message
from .phone_screen import GRID, Box

CLOSING = "</answer>"
TASK = "点击 Save 按钮保存这条消息。"
TARGET = "Save"
APP = "Messages"

SYSTEM = """你是一个手机操作助手。你会收到任务和手机当前屏幕的截图,每次只决定下一步操作。
回答必须严格使用下面的格式,不要输出其他内容:
<think>{选择这个操作的简短理由}</think>
<answer>{操作}</answer>

操作只能是下面的一种,屏幕坐标从左上角 (0,0) 到右下角 (999,999):
- do(action="Launch", app="应用名"):打开应用
- do(action="Tap", element=[x,y]):点击一个位置
- do(action="Type", text="文字"):在当前输入框中输入
- do(action="Swipe", start=[x1,y1], end=[x2,y2]):滑动
- do(action="Long Press", element=[x,y]):长按
- do(action="Double Tap", element=[x,y]):双击
- do(action="Back"):返回上一页
- do(action="Home"):回到桌面
- do(action="Wait", duration="x seconds"):等待加载
- do(action="Take_over", message="原因"):请用户接管
- finish(message="说明"):任务已经完成
"""

# What each action has beside its name; those that Open-AutoGLM knows and `SYSTEM` leaves out too.
_POINT, _TEXT = "a point [x,y] with numbers from 0 to 999", "a text"
_ACTIONS: Mapping[str, Mapping[str, str]] = {
    "Launch": {"app": _TEXT},
    "Tap": {"element": _POINT},
    "Type": {"text": _TEXT},
    "Type_Name": {"text": _TEXT},
    "Interact": {},
    "Swipe": {"start": _POINT, "end": _POINT},
    "Note": {"message": _TEXT},
    "Call_API": {"instruction": _TEXT},
    "Long Press": {"element": _POINT},
    "Double Tap": {"element": _POINT},
    "Take_over": {"message": _TEXT},
    "Back": {},
    "Home": {},
    "Wait": {"duration": _TEXT},
}
FINISH = "finish"
# Of these the agent takes the text between the first and the last quotation mark, whatever is in it.
_LOOSE = re.compile(r'do\(action="(Type|Type_Name)", text="(.*)"\)|finish\(message="(.*)"\)', re.DOTALL)
_THINK = re.compile(r"<think>(.*?)(?:</think>|\Z)", re.DOTALL)


@dataclass(frozen=True)
class AgentReply:
    """An answer as the agent reads it.

    thought: what stands before the action, without its tags; action: a name of Open-AutoGLM's, or "finish",
    "" where there is none; arguments: of the action. fault: what is wrong with its form, "" for nothing;
    closing: whether that is an `</answer>` after a sound action.
    """

    thought: str = ""
    action: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""
    closing: bool = False

    @property
    def point(self) -> tuple[int, int] | None:
        """The place that a tap of any kind names, on a grid of 0 to 999."""
        found = self.arguments.get("element")
        return (int(found[0]), int(found[1])) if found and not self.fault else None


def first_step(task: str = TASK, app: str = APP) -> list[Message]:
    """The messages of the first step. The screenshot stands before the text; who sends it adds it."""
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{task}\n\n{_screen_info(app)}"},
    ]


def next_step(before: Sequence[Message], reply: AgentReply, app: str = APP) -> list[Message]:
    """The messages of the step after: what was answered as the model writes it, then the new screen."""
    action = written(reply.action, reply.arguments)
    answered = f"<think>{reply.thought}</think><answer>{action}</answer>"
    info = f"** Screen Info **\n\n{_screen_info(app)}"
    return [*before, {"role": "assistant", "content": answered}, {"role": "user", "content": info}]


def written(action: str, arguments: Mapping[str, Any]) -> str:
    """An action as the model writes it."""
    more = [
        f"{key}={json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"
        for key, value in arguments.items()
    ]
    if action == FINISH:
        return f"finish({', '.join(more)})"
    return f"do({', '.join([f'action={json.dumps(action)}', *more])})"


def read_reply(text: str) -> AgentReply:
    """Reads an answer; every fault of its form is told, never raised."""
    place = text.find("finish(message=")
    place = place if place >= 0 else text.find("do(action=")
    if place < 0:
        return AgentReply(_thought(text), fault="it has neither do(action=…) nor finish(message=…)")
    thought, call = _thought(text[:place]), text[place:].strip()
    sound, _, rest = call.partition(CLOSING)
    if rest.strip():
        return AgentReply(thought, fault=f"after {CLOSING} it goes on: {rest.strip()[:40]!r}")
    read = _read_call(sound.strip(), thought)
    if not read.fault and CLOSING in call:
        return AgentReply(
            thought, read.action, read.arguments, f"{CLOSING} reaches the agent, which reads it as code", True
        )
    return read


def inside(point: tuple[int, int], box: Box) -> bool:
    """Whether a point is in a box, both on a grid of 0 to 999."""
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _read_call(text: str, thought: str) -> AgentReply:
    """One call with constant arguments, as Python writes it; nothing is run."""
    try:
        call = ast.parse(text.replace("\n", "\\n"), mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            raise ValueError
        if call.args or any(keyword.arg is None for keyword in call.keywords):
            raise ValueError
        arguments = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        if loose := _LOOSE.fullmatch(text):
            typed, value, message = loose.groups()
            found = (typed, {"text": value}) if typed else (FINISH, {"message": message})
            return AgentReply(thought, *found)
        return AgentReply(thought, fault=f"this is not one whole action: {text[:80]!r}")
    action = FINISH if call.func.id == FINISH else str(arguments.pop("action", ""))
    needed = {"message": _TEXT} if action == FINISH else _ACTIONS.get(action)
    if needed is None or call.func.id not in ("do", FINISH):
        return AgentReply(thought, action, arguments, f"the agent knows no action {action!r}")
    for key, kind in needed.items():
        if not (_is_point if kind is _POINT else _is_text)(arguments.get(key)):
            shown = f"it is {arguments[key]!r}" if key in arguments else "it is missing"
            return AgentReply(thought, action, arguments, f"{action} needs {key}, {kind}; {shown}")
    return AgentReply(thought, action, arguments)


def _is_point(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < GRID for n in value)
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _thought(text: str) -> str:
    found = _THINK.search(text)
    return (found[1] if found else text.replace("<answer>", "")).strip()


def _screen_info(app: str) -> str:
    return json.dumps({"current_app": app}, ensure_ascii=False)
