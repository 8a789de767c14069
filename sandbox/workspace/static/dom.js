// Building the page without ever parsing a string as HTML: what people and apps wrote stays text.

/** An element with attributes, properties and children. `on*` are listeners, null and false leave a thing out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SHAPES = {
  menu: "M4 7h16M4 12h16M4 17h16",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 12l16-7-6 16-3-7z",
  reply: "M9 7L4 12l5 5M4 12h9a7 7 0 017 7",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  eye: "M2 12s4-6 10-6 10 6 10 6-4 6-10 6S2 12 2 12zM12 9.5a2.5 2.5 0 100 5 2.5 2.5 0 000-5z",
  warning: "M12 4l9 16H3zM12 10v4M12 17h.01",
  check: "M5 13l4 4L19 7",
  info: "M12 3a9 9 0 100 18 9 9 0 000-18zM12 11v5M12 8h.01",
  down: "M7 10l5 5 5-5",
  file: "M7 3h7l5 5v13H7zM14 3v5h5",
  lock: "M7 11h10v9H7zM9 11V8a3 3 0 016 0v3",
  bolt: "M13 3L5 14h6l-1 7 8-11h-6z",
};

/** A small line drawing; it means nothing to a screen reader. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

let held = Promise.resolve();
let letGo = () => {};
addEventListener("pointerdown", () => {
  held = new Promise((done) => { letGo = done; });
  setTimeout(letGo, 2000); // a pointer may be let go where the page does not hear of it
}, true);
// The click itself follows in the same turn.
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(letGo), true);

/** Once no pointer is pressed: what is drawn anew under one that is would swallow the click. */
export const released = () => held;

/** Say something in passing, at the foot of the page. */
export function toast(text, { kind = "info" } = {}) {
  const note = h("div", { class: `toast toast-${kind}` }, icon(kind === "info" ? "info" : "warning"), h("span", {}, text));
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), kind === "info" ? 4000 : 8000);
}

/** A button that opens a list of choices; arrow keys move in it, Escape closes it. */
export function menuButton({ label, className, face, items }) {
  const list = h("div", { class: "menu", role: "menu", hidden: true });
  const button = h("button", { class: className, type: "button", "aria-label": label, "aria-haspopup": "menu", "aria-expanded": "false" }, face);
  const box = h("div", { class: "menu-box" }, button, list);
  const close = () => {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
  };
  const outside = (event) => {
    if (!box.contains(event.target)) close();
  };
  const open = () => {
    list.replaceChildren(
      ...items().map((item) =>
        h("button", {
          class: `menu-item${item.current ? " is-current" : ""}`, type: "button", role: "menuitem", disabled: Boolean(item.disabled),
          onclick: () => { close(); button.focus(); item.pick(); },
        }, item.face)),
    );
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside, true);
    list.querySelector("button:not(:disabled)")?.focus();
  };
  button.addEventListener("click", () => (list.hidden ? open() : close()));
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const entries = [...list.querySelectorAll("button:not(:disabled)")];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") { close(); button.focus(); event.stopPropagation(); }
    else if (step) {
      event.preventDefault();
      entries[(entries.indexOf(document.activeElement) + step + entries.length) % entries.length]?.focus();
    }
  });
  return box;
}
