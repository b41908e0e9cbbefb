
"use strict";
// Filters the cases, opens what a link leads to, and moves between cases with the arrow keys.
(() => {
  const form = document.getElementById("filter");
  const cases = Array.from(document.querySelectorAll("details.case"));
  if (!cases.length) return;
  const [verdict, name, text, code] = ["verdict", "name", "text", "code"].map((id) => document.getElementById("f-" + id));
  const count = document.getElementById("f-count");
  const contents = new Map();

  // Read when it is first searched: of a large page that takes a moment.
  const content = (one) => {
    if (!contents.has(one)) contents.set(one, one.textContent.toLowerCase());
    return contents.get(one);
  };

  const fits = (one) =>
    (!verdict.value || one.dataset.verdict === verdict.value) &&
    (!code.value || one.dataset.codes.split(" ").includes(code.value)) &&
    one.querySelector(".name").textContent.toLowerCase().includes(name.value.trim().toLowerCase()) &&
    (!text.value || content(one).includes(text.value.toLowerCase()));

  const apply = () => {
    let shown = 0;
    for (const one of cases) {
      one.hidden = !fits(one);
      shown += one.hidden ? 0 : 1;
    }
    count.textContent = shown + " of " + cases.length + " shown";
  };

  const visible = () => cases.filter((one) => !one.hidden);

  const reach = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    if (!target || !target.matches("details.case")) return;
    if (target.hidden) {
      form.reset();
    }
    target.open = true;
    target.querySelector("summary").focus();
    target.scrollIntoView();
  };

  const all = (open) => {
    for (const one of visible()) one.open = open;
  };

  document.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const here = event.target.closest && event.target.closest("summary");
    if (!step || !here || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const list = visible();
    const next = list[list.indexOf(here.parentElement) + step];
    if (!list.includes(here.parentElement) || !next) return;
    event.preventDefault();
    next.querySelector("summary").focus();
  });
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const field of [verdict, name, text, code]) field.value = "";
    apply();
  });
  document.getElementById("f-open").addEventListener("click", () => all(true));
  document.getElementById("f-close").addEventListener("click", () => all(false));
  window.addEventListener("hashchange", reach);
  form.hidden = false;
  apply();
  reach();
})();
