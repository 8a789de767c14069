// Dialogs: asking once more before a button is pressed.

import { h } from "./dom.js";
import { textOf } from "./mrkdwn.js";

/** Show a confirmation object; answers whether the person agreed. */
export function ask(confirm, names) {
  return new Promise((resolve) => {
    const danger = confirm.style === "danger" ? "button-danger" : "button-primary";
    const dialog = h("dialog", { class: "dialog", "aria-labelledby": "confirm-title", onclose: () => { dialog.remove(); resolve(dialog.returnValue === "yes"); } },
      h("form", { method: "dialog" },
        h("h2", { id: "confirm-title" }, textOf(confirm.title, names)),
        h("div", { class: "text" }, textOf(confirm.text, names)),
        h("div", { class: "dialog-foot" },
          h("button", { class: "button", value: "no", type: "submit" }, textOf(confirm.deny, names)),
          h("button", { class: `button ${danger}`, value: "yes", type: "submit", autofocus: true }, textOf(confirm.confirm, names)))));
    document.getElementById("dialogs").append(dialog);
    dialog.returnValue = "no";
    dialog.showModal();
  });
}
