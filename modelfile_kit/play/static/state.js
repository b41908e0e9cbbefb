// The conversation that is typed, as a plain object, and its way into a link and into a test.

export const ROLES = ["user", "assistant", "system", "tool"];

export const start = () => ({ messages: [{ role: "user", content: "Hi" }], tools: "", think: "", reply: "" });

// What the kit calls a conversation. Throws where tools or calls are no JSON.
export function conversation(state) {
  const found = { messages: state.messages.map(message) };
  const tools = json(state.tools, "tools");
  if (tools !== undefined) found.tools = tools;
  if (state.think) found.think = { true: true, false: false }[state.think] ?? state.think;
  return found;
}

function message(typed) {
  const found = { role: typed.role, content: typed.content };
  if (typed.thinking) found.thinking = typed.thinking;
  if (typed.images) found.images = typed.images;
  const calls = json(typed.tool_calls, "tool calls");
  if (calls !== undefined) found.tool_calls = calls;
  if (typed.tool_name) found.tool_name = typed.tool_name;
  return found;
}

function json(text, what) {
  if (!text || !text.trim()) return undefined;
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(what + " are no JSON: " + error.message);
  }
  if (!Array.isArray(value)) throw new Error(what + " are no list");
  return value;
}

// A test as the package's conversations.json takes it.
export function asTest(state) {
  const first = state.messages.find((m) => m.role === "user")?.content ?? "";
  const words = first.toLowerCase().match(/[a-z0-9]+/g) ?? ["typed"];
  return JSON.stringify({ id: words.slice(0, 4).join("-"), ...conversation(state) }, null, 1);
}

export function toFragment(state) {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return "#" + btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// The state of a link; undefined for a link that holds none. Nothing in it is trusted but texts and counts.
export function fromFragment(fragment) {
  if (fragment.length < 2) return undefined;
  try {
    const text = atob(fragment.slice(1).replace(/-/g, "+").replace(/_/g, "/"));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return clean(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
}

function clean(data) {
  const string = (value) => (typeof value === "string" ? value : "");
  const count = (value) => (Number.isInteger(value) && value > 0 ? Math.min(value, 100) : 0);
  const messages = data.messages.map((one) => ({
    role: ROLES.includes(one.role) ? one.role : "user",
    content: string(one.content),
    thinking: string(one.thinking),
    tool_calls: string(one.tool_calls),
    tool_name: string(one.tool_name),
    images: count(one.images),
  }));
  return { messages, tools: string(data.tools), think: string(data.think), reply: string(data.reply) };
}
