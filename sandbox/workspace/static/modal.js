// Modals: the stack of views that the app has open for a person, the top one shown.

import { get, post, tell } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { h, icon, released } from "./dom.js";
import { entered } from "./elements.js";
import { textOf } from "./mrkdwn.js";

let open = null; // {view, dialog, scene}

/** Bring the page to what the workspace says is open. */
export async function showViews(world) {
  const { stack } = await get("/control/views", { user: world.me });
  await released();
  const top = stack.at(-1) ?? null;
  if (!top) return hide();
  if (open?.view.id === top.id && open.view.hash === top.hash && open.user === world.me) return;
  const typed = open?.view.id === top.id ? entered(open.scene) : {};
  hide();
  draw(top, stack.length, world, typed);
}

function hide() {
  const gone = open;
  open = null;
  gone?.dialog.close();
  gone?.dialog.remove();
}

function sceneOf(view, world, typed) {
  return {
    names: world.names, app: world.app.name, entries: [],
    kept: (block, element) => typed[block.block_id]?.[element.action_id] ?? valueIn(view.state.values[block.block_id]?.[element.action_id]),
    act: (element, block, value, state) => post("/control/click", {
      user: world.me, view_id: view.id, action_id: element.action_id, block_id: block.block_id, value, state,
    }),
  };
}

function valueIn(kept) {
  if (!kept) return undefined;
  const [value] = Object.entries(kept).filter(([name]) => name !== "type").map(([, each]) => each);
  if (Array.isArray(value)) return value.map((each) => each.value ?? each);
  return value?.value ?? value ?? undefined;
}

function draw(view, depth, world, typed) {
  const scene = sceneOf(view, world, typed);
  const send = view.submit ? h("button", { class: "button button-primary", type: "submit" }, textOf(view.submit, world.names)) : null;
  const trouble = h("p", { class: "field-error", role: "alert", hidden: true });
  const close = (all) => post("/control/close", { user: world.me, view_id: view.id, all }).then((outcome) => tell(outcome, world.app.name));
  const form = h("form", { class: "modal-form", novalidate: true, onsubmit: (event) => { event.preventDefault(); submit(); } },
    h("header", { class: "modal-head" }, avatarOfApp(),
      h("h2", { id: "modal-title" }, textOf(view.title, world.names)),
      h("button", { class: "icon-button", type: "button", "aria-label": "Close", onclick: () => close(true) }, icon("close"))),
    h("div", { class: "modal-body" }, drawBlocks(view.blocks, scene), trouble),
    h("footer", { class: "dialog-foot" },
      h("button", { class: "button", type: "button", onclick: () => close(false) }, view.close ? textOf(view.close, world.names) : depth > 1 ? "Back" : "Cancel"), send));
  const dialog = h("dialog", { class: "dialog modal", "aria-labelledby": "modal-title", oncancel: (event) => { event.preventDefault(); close(false); } }, form);

  async function submit() {
    if (!send || send.getAttribute("aria-busy")) return;
    complain(form, {});
    trouble.hidden = true;
    send.setAttribute("aria-busy", "true");
    const outcome = await post("/control/submit", { user: world.me, view_id: view.id, values: entered(scene) });
    send.removeAttribute("aria-busy");
    complain(form, outcome.errors ?? {});
    if (!tell(outcome, world.app.name) && !Object.keys(outcome.errors ?? {}).length) {
      trouble.textContent = "We had some trouble connecting. Try again?";
      trouble.hidden = false;
    }
  }

  document.getElementById("dialogs").append(dialog);
  open = { view, dialog, scene, user: world.me };
  dialog.showModal();
  (form.querySelector("[autofocus]") ?? form.querySelector(".modal-body :is(input, textarea, select)"))?.focus();
}

const avatarOfApp = () => h("span", { class: "avatar small tint-0 is-app", "aria-hidden": "true" }, icon("check"));

function complain(form, errors) {
  for (const block of form.querySelectorAll("[data-block]")) {
    const said = errors[block.dataset.block];
    const note = block.querySelector(".field-error");
    note.textContent = said ?? "";
    note.hidden = !said;
    block.classList.toggle("has-error", Boolean(said));
    block.querySelector("input, textarea, select")?.setAttribute("aria-invalid", String(Boolean(said)));
  }
  form.querySelector(".has-error :is(input, textarea, select)")?.focus();
}

/** Draw the Home of the app into a place on the page. */
export async function showHome(place, world) {
  const { home } = await get("/control/views", { user: world.me });
  if (!home) {
    place.replaceChildren(h("p", { class: "empty quiet" }, `${world.app.name} shows nothing here yet.`));
    return;
  }
  place.replaceChildren(h("div", { class: "home" }, drawBlocks(home.blocks, sceneOf(home, world, {}))));
}
