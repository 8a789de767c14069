// The left side: who you are, where you can go, what you can break.

import { get, post, scenarios } from "./api.js";
import { h, icon, menuButton, toast } from "./dom.js";
import { avatar } from "./messages.js";

function kindOf(person) {
  if (person.deleted) return "account closed";
  if (person.is_stranger) return "from another company";
  if (person.is_restricted) return "guest";
  return person.title;
}

/** "You are: Ana ▾" */
export function drawSwitcher(world) {
  const me = world.names.record(world.me);
  const face = (person) => [avatar(person, "small"), h("span", { class: "who" }, h("strong", {}, person.real_name), h("span", { class: "quiet" }, kindOf(person)))];
  document.getElementById("switcher").replaceChildren(menuButton({
    label: `You are ${me.real_name}. Become somebody else`, className: "switcher",
    face: h("span", { class: "switcher-face" }, avatar(me, "small"), h("span", { class: "who" }, h("span", { class: "quiet" }, "You are"), h("strong", {}, me.real_name)), icon("down")),
    items: () => world.names.everybody({ withClosed: true }).map((person) => ({
      face: face(person), current: person.id === world.me, disabled: person.deleted, pick: () => world.become(person.id),
    })),
  }));
}

const entry = (href, sign, name, { current, unread }) => h("li", {}, h("a", { href, class: unread ? "is-unread" : "", "aria-current": current ? "page" : null },
  h("span", { class: "sign", "aria-hidden": "true" }, sign), h("span", { class: "entry-name" }, name), unread ? h("span", { class: "badge", "aria-label": `${unread} new` }, String(unread)) : null));

export function drawPlaces(world) {
  const channels = world.channels.filter((channel) => !channel.im_with);
  document.getElementById("channels").replaceChildren(...channels.map((channel) =>
    entry(`#/${channel.id}`, channel.is_private ? icon("lock") : "#", channel.name, { current: world.place === channel.id, unread: world.unread.get(channel.id) })));
  const direct = world.channels.find((channel) => channel.im_with);
  const home = world.app.events.includes("app_home_opened");
  document.getElementById("apps").parentElement.hidden = !home && !direct;
  document.getElementById("apps").replaceChildren(
    ...(home ? [entry("#/home", icon("check"), `${world.app.name} – Home`, { current: world.place === "home", unread: 0 })] : []),
    ...(direct ? [entry(`#/${direct.id}`, "@", `${world.app.name} – Messages`, { current: world.place === direct.id, unread: world.unread.get(direct.id) })] : []));
}

const SYSTEMS = { accrue: "Accrue", stripemeter: "StripeMeter", adventive: "Adventive", aivo: "Aivo", stripe: "Stripe" };

let drawn = "";
const folded = new Set();

/** A system's things to break, which can be folded away. */
function group(name, title, buttons) {
  const details = h("details", { class: "system" }, h("summary", {}, h("h3", {}, `${title} `, h("span", { class: "quiet" }, String(buttons.length)))), buttons);
  details.open = !folded.has(name);
  details.addEventListener("toggle", () => (details.open ? folded.delete(name) : folded.add(name)));
  return details;
}

/** Only what holds the words of the filter is shown; a group without any stays away. */
function filter() {
  const words = document.getElementById("breaking-filter").value.toLowerCase().split(/\s+/);
  for (const details of document.querySelectorAll("#scenarios .system")) {
    const system = details.querySelector("h3").textContent;
    const buttons = [...details.querySelectorAll(".breaker")];
    for (const button of buttons) button.hidden = !words.every((word) => `${system} ${button.textContent}`.toLowerCase().includes(word));
    details.hidden = buttons.every((button) => button.hidden);
  }
}

/** The simulated systems' scenarios; the panel stays away where there are none. */
export async function drawScenarios() {
  const found = await scenarios();
  document.getElementById("breaking").hidden = !found;
  if (!found) return;
  const slack = await get("/control/faults");
  document.getElementById("outage").textContent = slack.faults.some((each) => each.kind === "down") ? "Slack is away" : "";
  if (drawn === JSON.stringify([found, slack])) return; // redrawing would take the focus away
  drawn = JSON.stringify([found, slack]);
  const bySystem = Map.groupBy ? Map.groupBy(found, (each) => each.system) : grouped(found);
  document.getElementById("scenarios").replaceChildren(
    ...[...bySystem].map(([system, list]) => group(system, SYSTEMS[system] ?? system, list.map(scenario))),
    group("slack", "Slack itself", [outage(slack), limits(slack)]));
  document.getElementById("breaking-filter").oninput = filter;
  filter();
}

function grouped(found) {
  const map = new Map();
  for (const each of found) map.set(each.system, [...(map.get(each.system) ?? []), each]);
  return map;
}

const breaker = (title, about, running, pull) => h("button", { class: `breaker${running ? " is-running" : ""}`, type: "button", title: about, onclick: pull },
  h("span", { class: "breaker-sign", "aria-hidden": "true" }, icon("bolt")),
  h("span", {}, h("strong", {}, title), h("span", { class: "quiet" }, running ? "happening now" : about)));

const scenario = (each) => breaker(each.title, each.about, each.running, async (event) => {
  event.currentTarget.setAttribute("aria-busy", "true");
  const answer = await post(`/world/scenarios/${encodeURIComponent(each.id)}`, {});
  toast(answer.error ? `Could not start: ${answer.error}` : `Started: ${each.title}. The alert follows in a few seconds.`, { kind: answer.error ? "warning" : "info" });
  await drawScenarios();
});

function outage({ faults }) {
  const down = faults.some((each) => each.kind === "down");
  return breaker(down ? "Bring Slack back" : "Take Slack away for 30 s", "Nothing can be posted or clicked; the bot must catch up.", down, async () => {
    if (down) await fetch("/control/faults", { method: "DELETE" });
    else await post("/control/faults", { kind: "down", seconds: 30 });
    setTimeout(drawScenarios, down ? 0 : 31_000);
    await drawScenarios();
  });
}

const limits = ({ rate_limits: on }) => breaker(on ? "Lift the rate limits" : "Enforce Slack's rate limits", "About one message a second per channel, as in Slack.", on, async () => {
  await post("/control/rate-limits", { on: !on });
  await drawScenarios();
});
