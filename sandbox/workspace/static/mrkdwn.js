// Slack's mrkdwn, drawn as nodes. Nothing in a text becomes markup but what is listed here.

import { h } from "./dom.js";
import { written } from "./dates.js";
import { emoji } from "./emoji.js";

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A link only to the web or to a mail program; anything else stays text. */
export function link(url, ...label) {
  const clean = unescape(url);
  if (!/^(https?:|mailto:)/i.test(clean)) return h("span", {}, ...label);
  const here = clean.startsWith(location.origin + "/#");
  return h("a", here ? { href: clean } : { href: clean, target: "_blank", rel: "noopener noreferrer" }, ...label);
}

function mention(inside, names) {
  const [target, label] = inside.split("|");
  if (target.startsWith("@")) return chip(`@${names.person(target.slice(1))}`, names.isMe(target.slice(1)));
  if (target.startsWith("#")) return h("a", { class: "mention", href: `#/${target.slice(1)}` }, `#${names.channel(target.slice(1))}`);
  if (target.startsWith("!subteam^")) return chip(`@${names.group(target.slice(9))}`);
  if (target.startsWith("!date^")) {
    const [, seconds, pattern, href] = target.split("^");
    const shown = h("time", { datetime: new Date(Number(seconds) * 1000).toISOString(), title: unescape(label ?? "") }, written(seconds, pattern));
    return href ? link(href, shown) : shown;
  }
  if (target.startsWith("!")) return chip(`@${target.slice(1)}`, true);
  return link(target, unescape(label ?? target));
}

const chip = (text, strong = false) => h("span", { class: strong ? "mention is-me" : "mention" }, text);

const edge = "(?<![\\p{L}\\p{N}])";
const close = "(?![\\p{L}\\p{N}])";
const INLINE = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<angle>[^<>\\n]+)>",
    `${edge}\\*(?<bold>\\S(?:[^*\\n]*\\S)?)\\*${close}`,
    `${edge}_(?<italic>\\S(?:[^_\\n]*\\S)?)_${close}`,
    `${edge}~(?<strike>\\S(?:[^~\\n]*\\S)?)~${close}`,
    `${edge}:(?<emoji>[a-z0-9_+-]+):`,
  ].join("|"), "gu",
);

/** One line or more of text without block structure. */
export function inline(text, names) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    nodes.push(unescape(text.slice(from, found.index)));
    from = found.index + found[0].length;
    const { code, angle, bold, italic, strike, emoji: name } = found.groups;
    if (code !== undefined) nodes.push(h("code", {}, unescape(code)));
    else if (angle !== undefined) nodes.push(mention(angle, names));
    else if (bold !== undefined) nodes.push(h("strong", {}, inline(bold, names)));
    else if (italic !== undefined) nodes.push(h("em", {}, inline(italic, names)));
    else if (strike !== undefined) nodes.push(h("s", {}, inline(strike, names)));
    else nodes.push(emoji(name));
  }
  nodes.push(unescape(text.slice(from)));
  return nodes;
}

function lines(text, names) {
  const nodes = [];
  const rows = text.split("\n");
  for (let at = 0; at < rows.length; at += 1) {
    const quoted = [];
    while (at < rows.length && /^(&gt;|>)/.test(rows[at])) quoted.push(rows[at++].replace(/^(&gt;|>) ?/, ""));
    if (quoted.length) nodes.push(h("blockquote", {}, inline(quoted.join("\n"), names)));
    if (at < rows.length) nodes.push(...inline(rows[at], names), at < rows.length - 1 ? "\n" : "");
  }
  return nodes;
}

/** A whole mrkdwn text. `names` says how people, channels and groups are called. */
export function mrkdwn(text, names) {
  return text.split(/```\n?/).flatMap((part, index) =>
    index % 2 ? [h("pre", {}, unescape(part.replace(/\n$/, "")))] : lines(index ? part.replace(/^\n/, "") : part, names));
}

/** A text object of Block Kit. */
export const textOf = (object, names) =>
  object.type === "mrkdwn" ? mrkdwn(object.text, names) : [object.text.replace(/:([a-z0-9_+-]+):/g, (_, name) => emoji(name))];
