// Asks for an answer while something is typed, and keeps the address of the page up to date.

import { messages } from "./editor.js";
import { draw, refuse, say } from "./results.js";
import { asTest, conversation, fromFragment, start, toFragment } from "./state.js";
import { element } from "./dom.js";

const WAIT = 120; // milliseconds of silence after which what was typed is asked
const TOOL = [
  {
    type: "function",
    function: {
      name: "get_weather",
      description: "The weather in a city",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  },
];
const at = (id) => document.getElementById(id);
const token = document.querySelector("meta[name=play-token]").content;
const facts = await (await fetch("facts")).json();
const state = fromFragment(location.hash) ?? start();
let timer;
let running;

async function ask() {
  let asked;
  try {
    asked = conversation(state);
    at("tools-wrong").textContent = "";
  } catch (error) {
    at("tools-wrong").textContent = error.message;
    return say("waiting for JSON", "warning");
  }
  history.replaceState(null, "", toFragment(state));
  running?.abort();
  const mine = (running = new AbortController());
  try {
    const response = await fetch("answer", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Play-Token": token },
      body: JSON.stringify({ conversation: asked, reply: state.reply }),
      signal: mine.signal,
    });
    if (!response.ok) throw new Error(await response.text());
    const answer = await response.json();
    if (mine.signal.aborted) return;
    if (answer.refused) refuse(answer.refused);
    else draw(answer, facts);
    document.body.dataset.answered = JSON.stringify(asked) + state.reply;
  } catch (error) {
    if (error.name !== "AbortError") say("no answer: " + error.message, "failed");
  }
}

function changed() {
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT);
}

async function copy(text, words) {
  const box = at("copied-text");
  box.value = text;
  box.parentElement.hidden = false;
  try {
    await navigator.clipboard.writeText(text);
    at("copied").textContent = words + " copied";
  } catch {
    box.focus();
    box.select();
    at("copied").textContent = words + ": copy it from the field";
  }
}

function bind(id, key) {
  const field = at(id);
  field.value = state[key];
  field.addEventListener(field.matches("select") ? "change" : "input", () => {
    state[key] = field.value;
    changed();
  });
}

const editor = messages(at("messages"), state, changed);
for (const button of document.querySelectorAll("#adding button")) button.addEventListener("click", () => editor.add(button.dataset.role));
for (const name of ["tools", "think", "reply"]) bind(name, name);
for (const kind of Object.keys(facts.spoken)) at("kinds").append(element("option", { text: kind }));
at("kinds").addEventListener("change", () => {
  at("reply").value = state.reply = facts.spoken[at("kinds").value] ?? "";
  changed();
});
at("example-tool").addEventListener("click", () => {
  at("tools").value = state.tools = JSON.stringify(TOOL, null, 1);
  changed();
});
at("copy-link").addEventListener("click", () => copy(location.origin + location.pathname + toFragment(state), "the link"));
at("copy-test").addEventListener("click", () => {
  try {
    copy(asTest(state), "the test");
  } catch (error) {
    at("copied").textContent = error.message;
  }
});
at("clear").addEventListener("click", () => {
  location.hash = "";
  location.reload();
});
window.addEventListener("hashchange", () => {
  if (location.hash !== toFragment(state)) location.reload();
});
at("notes").replaceChildren(...facts.notes.map((note) => element("p", { class: "left-out", text: note })));
ask();
