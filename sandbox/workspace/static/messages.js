// Messages and lists of them.

import { post } from "./api.js";
import { drawBlocks } from "./blocks.js";
import { dayOf, exactly, timeOf } from "./dates.js";
import { h, icon, menuButton } from "./dom.js";
import { emoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";

const CLOSE_TOGETHER = 300; // seconds within which messages of one author stand under one name

export function avatar(person, size = "") {
  const initials = person.is_bot ? icon("check") : person.real_name.slice(0, 1);
  return h("span", { class: `avatar ${size} tint-${tint(person.id)}${person.is_bot ? " is-app" : ""}`, "aria-hidden": "true" }, initials);
}

const tint = (id) => [...id].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 6;

function sceneOf(message, world) {
  return {
    names: world.names, app: world.app.name, entries: [],
    kept: () => undefined,
    act: (element, block, value, state) => post("/control/click", {
      user: world.me, channel: message.channel, ts: message.ts, action_id: element.action_id, block_id: block.block_id, value, state,
    }),
  };
}

function attachment(each, scene) {
  const named = { good: "#2e8b57", warning: "#c98a1b", danger: "#c0392b" };
  const color = named[each.color] ?? (each.color ? `#${each.color.replace("#", "")}` : "");
  const box = h("div", { class: "attachment" },
    each.pretext ? h("div", { class: "text" }, mrkdwn(each.pretext, scene.names)) : null,
    each.title ? h("strong", {}, each.title) : null,
    each.text ? h("div", { class: "text" }, mrkdwn(each.text, scene.names)) : null,
    each.blocks ? drawBlocks(each.blocks, scene) : null,
    each.footer ? h("div", { class: "quiet" }, each.footer) : null);
  if (color) box.style.borderInlineStartColor = color;
  return box;
}

function file(each) {
  if (!each.mimetype.startsWith("image/")) {
    return h("a", { class: "file", href: each.url_private_download }, icon("file"), h("span", {}, each.title), h("span", { class: "quiet" }, `${Math.ceil(each.size / 1024)} kB`));
  }
  return h("figure", { class: "file-image" }, h("figcaption", { class: "quiet" }, each.title),
    h("a", { href: each.url_private, target: "_blank", rel: "noopener" }, h("img", { src: each.url_private, alt: each.alt_txt ?? each.title, loading: "lazy" })));
}

function tools(message, world, { inThread }) {
  const shortcuts = world.app.shortcuts.map((each) => ({
    face: each.name,
    pick: () => world.act("/control/shortcut", { channel: message.channel, ts: message.ts, callback_id: each.callback_id }),
  }));
  const can = message.subtype !== "tombstone" && !message.shown_only_to;
  return h("div", { class: "tools" },
    can && !inThread ? h("button", { class: "icon-button", type: "button", "aria-label": "Reply in thread", title: "Reply in thread", onclick: () => world.openThread(message.ts) }, icon("reply")) : null,
    can && shortcuts.length ? menuButton({ label: "More", className: "icon-button", face: icon("more"), items: () => shortcuts }) : null);
}

function replies(message, world) {
  const kept = message.replies.filter((reply) => !reply.shown_only_to);
  if (!kept.length) return null;
  const people = [...new Set(kept.map((reply) => reply.user))].slice(0, 4);
  return h("button", { class: "replies", type: "button", onclick: () => world.openThread(message.ts) },
    people.map((id) => avatar(world.names.record(id), "small")),
    h("strong", {}, `${kept.length} ${kept.length === 1 ? "reply" : "replies"}`),
    h("span", { class: "quiet" }, `last ${timeOf(kept.at(-1).ts)}`));
}

function body(message, world) {
  const scene = sceneOf(message, world);
  const said = message.blocks?.length ? drawBlocks(message.blocks, scene) : message.text ? [h("div", { class: "text" }, mrkdwn(message.text, scene.names))] : [];
  return [
    ...said,
    (message.attachments ?? []).map((each) => attachment(each, scene)),
    (message.files ?? []).map(file),
    message.edited ? h("span", { class: "quiet edited", title: exactly(message.edited.ts) }, "(edited)") : null,
    message.reactions?.length ? h("div", { class: "reactions" }, message.reactions.map((each) =>
      h("span", { class: "reaction", title: each.users.map(world.names.person).join(", ") }, `${emoji(each.name)} ${each.count}`))) : null,
  ];
}

/** One message. `compact` leaves the name out, for messages that follow one another. */
export function drawMessage(message, world, { compact, inThread }) {
  const person = world.names.record(message.user);
  const name = message.username ?? person.real_name;
  const time = h("time", { class: "quiet", datetime: new Date(Number(message.ts) * 1000).toISOString(), title: exactly(message.ts) }, timeOf(message.ts));
  return h("article", { class: `message${compact ? " is-compact" : ""}${message.shown_only_to ? " is-ephemeral" : ""}`, "data-ts": message.ts, "aria-label": `${name}, ${timeOf(message.ts)}` },
    compact ? h("div", { class: "gutter" }, time) : avatar(person),
    h("div", { class: "message-body" },
      message.shown_only_to ? h("div", { class: "only-you quiet" }, icon("eye"), "Only visible to you") : null,
      compact ? null : h("div", { class: "byline" }, h("strong", {}, name), message.bot_id ? h("span", { class: "tag" }, "APP") : null, time),
      body(message, world),
      inThread ? null : replies(message, world)),
    tools(message, world, { inThread }));
}

const follows = (message, previous) => previous && previous.user === message.user && previous.username === message.username
  && !message.shown_only_to && !previous.shown_only_to && message.ts - previous.ts < CLOSE_TOGETHER && dayOf(message.ts) === dayOf(previous.ts);

/** Bring a list on the page to what it should show, redrawing only what changed. */
export function show(list, messages, world, { inThread = false } = {}) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const known = new Map([...list.children].map((node) => [node.dataset.key, node]));
  const wanted = [];
  messages.forEach((message, index) => {
    const previous = messages[index - 1];
    if (!inThread && (!previous || dayOf(previous.ts) !== dayOf(message.ts))) {
      wanted.push({ key: `day-${dayOf(message.ts)}`, state: "", draw: () => h("div", { class: "day", role: "separator" }, h("span", {}, dayOf(message.ts))) });
    }
    // In a channel an app's card stands for itself; in a thread cards are one story.
    const compact = Boolean(follows(message, previous)) && (inThread || (!message.blocks && !previous.replies.length));
    const state = JSON.stringify([message, compact, world.me, inThread]);
    wanted.push({ key: message.ts, state, draw: () => drawMessage(message, world, { compact, inThread }) });
  });
  const nodes = wanted.map(({ key, state, draw }) => {
    const there = known.get(key);
    if (there?.shownState === state) return there;
    const node = draw();
    node.dataset.key = key;
    node.shownState = state;
    return node;
  });
  if (nodes.length !== list.children.length || nodes.some((node, index) => list.children[index] !== node)) list.replaceChildren(...nodes);
  if (!atEnd) return;
  list.scrollTop = list.scrollHeight;
  // A picture that arrives later must not push the end out of sight.
  for (const image of list.querySelectorAll("img")) {
    if (!image.complete) image.addEventListener("load", () => { list.scrollTop = list.scrollHeight; }, { once: true });
  }
}
