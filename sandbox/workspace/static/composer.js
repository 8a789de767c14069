// The box to write in: a message, a slash command, or a word to the app.

import { h, icon, toast } from "./dom.js";

/** Build one. `place()` says where it writes: {channel, thread_ts, name}. */
export function composer(world, place) {
  const field = h("textarea", { rows: 1, "aria-label": "Message", oninput: suggest, onkeydown: key });
  const hints = h("div", { class: "hints", hidden: true });
  const form = h("form", { class: "composer", onsubmit: (event) => { event.preventDefault(); send(); } },
    hints, field, h("button", { class: "icon-button send", type: "submit", "aria-label": "Send" }, icon("send")));

  function suggest() {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 180)}px`;
    const word = /(?:^|\s)([/@]\S*)$/.exec(field.value)?.[1] ?? "";
    const slash = word.startsWith("/") && field.value.startsWith("/");
    const offers = slash ? world.app.commands : word.startsWith("@") ? [`@${world.names.person(world.app.user)}`] : [];
    const fitting = word ? offers.filter((each) => each.toLowerCase().startsWith(word.toLowerCase()) && each !== word) : [];
    hints.hidden = !fitting.length;
    hints.replaceChildren(...fitting.map((each) => h("button", {
      type: "button",
      onclick: () => { field.value = field.value.slice(0, field.value.length - word.length) + each + " "; suggest(); field.focus(); },
    }, each, each.startsWith("/") ? h("span", { class: "quiet" }, "command") : null)));
  }

  function key(event) {
    if (event.key === "Tab" && !hints.hidden) { event.preventDefault(); hints.querySelector("button").click(); }
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  }

  async function send() {
    const text = field.value.trim();
    const { channel, thread_ts } = place();
    if (!text || !channel) return;
    if (text.startsWith("/") && thread_ts) {
      toast("Slash commands do not work in threads, here as in Slack. Write it in the channel.", { kind: "warning" });
      return;
    }
    field.value = "";
    suggest();
    const [command, ...rest] = text.split(/\s+/);
    const went = text.startsWith("/")
      ? await world.act("/control/command", { channel, command, text: rest.join(" ") })
      : await world.say("/control/say", { channel, text: coded(text), thread_ts: thread_ts ?? null });
    if (!went && !field.value && text.startsWith("/")) field.value = text;
  }

  /** What a person typed, as Slack stores it: escaped, with mentions as ids. */
  function coded(text) {
    const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    return world.names.everybody({ withApp: true }).reduce((sofar, person) =>
      [person.real_name, person.name].reduce((each, name) => each.replace(new RegExp(`@${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\w(])`, "gi"), `<@${person.id}>`), sofar), escaped);
  }

  return { form, describe: (text) => { field.placeholder = text; }, focus: () => field.focus() };
}
