// Elements without markup: every text is set as text.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") made.textContent = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

let last = 0;

// A field with its label, of which the number makes the id.
export function labelled(label, field) {
  field.id = "field-" + (last += 1);
  return element("div", {}, element("label", { for: field.id, text: label }), field);
}
