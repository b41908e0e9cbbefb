// The list of messages: typed into, added to, taken from.

import { element, labelled } from "./dom.js";
import { ROLES } from "./state.js";

// Draws the messages of a state into a list; changed() is called after every change of theirs.
export function messages(list, state, changed) {
  const draw = () => list.replaceChildren(...state.messages.map(item));

  const field = (message, key, label, rows) => {
    const area = element("textarea", {
      rows: rows,
      spellcheck: "false",
      oninput: () => {
        message[key] = area.value;
        changed();
      },
    });
    area.value = message[key] ?? "";
    return labelled(label, area);
  };

  const item = (message, index) => {
    const number = index + 1;
    const role = element("select", {
      onchange: () => {
        message.role = role.value;
        redraw(index, "select");
      },
    });
    for (const name of ROLES) role.append(element("option", { text: name }));
    role.value = message.role;
    const remove = element("button", {
      type: "button",
      class: "remove",
      text: "remove",
      "aria-label": "remove message " + number,
      onclick: () => {
        state.messages.splice(index, 1);
        draw();
        (list.children[Math.min(index, list.children.length - 1)]?.querySelector("textarea") ??
          document.querySelector("#adding button")).focus();
        changed();
      },
    });
    const head = element("div", { class: "message-head" }, labelled("role of message " + number, role), remove);
    const made = element("li", { "data-role": message.role }, head, field(message, "content", "content of message " + number, 2));
    if (message.role === "assistant") {
      made.append(field(message, "thinking", "thinking", 1));
      made.append(field(message, "tool_calls", "tool calls (JSON, a list)", 1));
    }
    if (message.role === "tool") made.append(field(message, "tool_name", "tool name", 1));
    if (message.role === "user" || message.images) made.append(imagesOf(message, index));
    return made;
  };

  const redraw = (index, selector) => {
    draw();
    list.children[index].querySelector(selector).focus();
    changed();
  };

  // Images stay here: the prompt depends on their number alone.
  const imagesOf = (message, index) => {
    const count = message.images ?? 0;
    const choose = element("input", {
      type: "file",
      accept: "image/*",
      multiple: true,
      class: "visually-hidden",
      "aria-label": "add images to message " + (index + 1),
      onchange: () => {
        shown.set(message, [...(shown.get(message) ?? []), ...Array.from(choose.files, (f) => URL.createObjectURL(f))]);
        message.images = Math.min(count + choose.files.length, 100);
        redraw(index, "input[type=file]");
      },
    });
    const row = element("div", { class: "images" });
    row.append(element("label", { class: "file" }, choose, element("span", { text: "+ images" })));
    for (const [n, source] of (shown.get(message) ?? []).entries()) row.append(element("img", { src: source, alt: "image " + (n + 1) }));
    if (count) {
      row.append(element("span", { class: "count", text: count === 1 ? "1 image" : count + " images" }));
      row.append(
        element("button", {
          type: "button",
          text: "none",
          "aria-label": "no images in message " + (index + 1),
          onclick: () => {
            (shown.get(message) ?? []).forEach((source) => URL.revokeObjectURL(source));
            shown.delete(message);
            message.images = 0;
            redraw(index, "input[type=file]");
          },
        }),
      );
    }
    return row;
  };

  draw();
  return {
    add(role) {
      state.messages.push({ role: role, content: "" });
      draw();
      list.lastElementChild.querySelector("textarea").focus();
      changed();
    },
  };
}

const shown = new WeakMap();
