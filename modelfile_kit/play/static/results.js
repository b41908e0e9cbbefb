// Draws an answer: findings, prompts and tokens side by side, and the reply as read.

import { element } from "./dom.js";

const WORDS = { ok: "exact", mismatch: "differs", refused: "refused", alone: "not compared", unknown: "not seen" };
const CLASSES = { ok: "ok", mismatch: "failed", refused: "warning", alone: "info", unknown: "info" };
const at = (id) => document.getElementById(id);
const MAX_NAMED = 12;
const LEGEND = at("tokens-why").textContent;

export function draw(answer, facts) {
  const columns = [];
  if (answer.reference) columns.push({ title: "chat template (Hugging Face)", word: "", kind: "", side: answer.reference, tokens: answer.reference.tokens });
  for (const way of answer.ways) {
    columns.push({ title: title(way), word: WORDS[way.status], kind: CLASSES[way.status], side: way.prompt, tokens: way.tokens });
  }
  at("texts").replaceChildren(...columns.map((column) => section(column, column.side && text(column.side), column.side?.parts && size(column.side.bytes, "byte"))));
  const tokens = columns.filter((column) => column.tokens);
  at("tokens").replaceChildren(...tokens.map((column) => section(column, row(column.tokens), size(column.tokens.count, "token"))));
  const why = answer.no_tokens || facts.no_tokens;
  at("tokens-why").textContent = why ? "Tokens are not shown: " + why : LEGEND;
  at("findings").replaceChildren(...findings(answer));
  const replies = answer.replies.map(reply);
  at("replies").replaceChildren(...(replies.length ? replies : [element("p", { class: "nothing", text: "Write a reply, or choose an example, to see what a client gets of it." })]));
  verdict(answer);
}

export function refuse(rows) {
  for (const id of ["texts", "tokens", "replies"]) at(id).replaceChildren();
  at("findings").replaceChildren(element("ul", { class: "findings" }, ...rows.map((one) => finding([{ severity: "error", label: one.code ?? "", help: "", ...one }]))));
  say("not rendered", "failed");
}

export function say(words, kind) {
  const place = at("verdict");
  if (place.textContent === words) return;
  place.className = kind;
  place.textContent = words;
}

function verdict(answer) {
  const chosen = answer.ways.find((way) => way.chosen) ?? answer.ways[0];
  if (!chosen) return say(answer.reference?.parts ? "the chat template alone" : "the chat template refuses this", "info");
  say(title(chosen) + ": " + WORDS[chosen.status], CLASSES[chosen.status]);
}

const title = (way) => way.name + (way.chosen ? "" : " (not used by this package)");
const size = (count, word) => count.toLocaleString("en") + " " + word + (count === 1 ? "" : "s");

function section(column, content, note) {
  const head = element("h3", {}, element("span", { text: column.title }));
  if (column.word) head.append(element("span", { class: column.kind, text: column.word }));
  if (note) head.append(element("small", { text: note }));
  return element("section", {}, head, content ?? element("pre", { class: "text nothing", text: "no prompt" }));
}

function text(side) {
  if (!side.parts) return element("pre", { class: "text nothing", text: "no prompt: " + side.findings.map((one) => one.message).join("; ") });
  const made = element("pre", { class: "text" });
  for (const part of side.parts) {
    if (typeof part === "number") made.append(element("span", { class: "cut", text: "\n… " + part.toLocaleString("en") + " characters left out …\n" }));
    else made.append(part[1] ? element("mark", {}, ...visible(part[0])) : element("span", {}, ...visible(part[0])));
  }
  return made;
}

// A text with the ends of its lines made visible; they are no part of what is copied.
function* visible(source) {
  for (const [n, line] of source.split("\n").entries()) {
    if (n) {
      yield element("span", { class: "mark", text: "⏎" });
      yield "\n";
    }
    yield line;
  }
}

function row(tokens) {
  const made = element("p", { class: "tokens" });
  for (const one of tokens.row) {
    if (typeof one === "number") {
      made.append(element("span", { class: "cut", text: "… " + one.toLocaleString("en") + " tokens left out …" }));
      continue;
    }
    const [id, source, kind, differs] = one;
    const chip = element("span", { class: "token " + (kind || "normal") + (differs ? " differs" : "") });
    if (kind === "image") chip.append(source);
    else {
      const known = kind && kind !== "normal" ? " " + kind.replace("-", " ") : "";
      const spaces = { " ": "␣", "\n": "⏎", "\t": "⇥" };
      chip.append(source.replace(/[ \n\t]/g, (space) => spaces[space]) || "∅", element("small", { text: id + known }));
    }
    made.append(chip, " ");
  }
  return made;
}

function findings(answer) {
  const rows = [];
  for (const way of answer.ways) for (const one of alike(way.findings)) rows.push(finding(one, answer.ways.length > 1 ? way.name : ""));
  return rows.length ? [element("h2", { text: "Findings" }), element("ul", { class: "findings" }, ...rows)] : [];
}

// Findings that want the same, together; as on the page of a report.
function alike(list) {
  const found = new Map();
  for (const one of list) {
    const key = JSON.stringify([one.severity, one.label, one.help]);
    found.set(key, [...(found.get(key) ?? []), one]);
  }
  return found.values();
}

function finding([one, ...others], way) {
  const made = element("li", { class: "cause " + one.severity + "-cause" }, element("strong", { class: one.severity, text: one.severity }), " " + one.label + (way ? " (" + way + ")" : "") + " ");
  made.append(element("span", { class: "said", text: one.message }));
  if (one.help) made.append(element("div", { class: "help said", text: "help: " + one.help }));
  if (!others.length) return made;
  const shown = others.slice(0, MAX_NAMED).map((other) => element("li", { class: "said", text: other.message }));
  if (others.length > MAX_NAMED) shown.push(element("li", { class: "cut", text: "… " + (others.length - MAX_NAMED).toLocaleString("en") + " more …" }));
  made.append(element("details", {}, element("summary", { text: others.length.toLocaleString("en") + " more of this cause" }), element("ul", { class: "findings" }, ...shown)));
  return made;
}

function reply(read) {
  const made = element("section", {}, element("h3", {}, element("span", { text: read.way }), element("small", { text: "read by " + read.by })));
  made.append(...parts(read.parts));
  if (read.hidden.length) made.append(element("p", { class: "part", text: "control tokens that no client gets: " + read.hidden.join(" ") }));
  if (read.at_once) made.append(element("p", { class: "warning", text: "written all at once it is read otherwise:" }), ...parts(read.at_once));
  return made;
}

const parts = (list) => list.flatMap(([name, value]) => [element("p", { class: "part", text: name }), element("pre", { class: "text" }, ...visible(value))]);
