// Rich text, drawn as nodes.

import { h } from "./dom.js";
import { written } from "./dates.js";
import { emoji } from "./emoji.js";
import { link } from "./mrkdwn.js";

function styled(node, style = {}) {
  const tags = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };
  return Object.entries(tags).reduce((inner, [name, tag]) => (style[name] ? h(tag, {}, inner) : inner), node);
}

function piece(part, names) {
  const shown = {
    text: () => part.text,
    link: () => link(part.url, part.text ?? part.url),
    user: () => h("span", { class: "mention" }, `@${names.person(part.user_id)}`),
    usergroup: () => h("span", { class: "mention" }, `@${names.group(part.usergroup_id)}`),
    channel: () => h("a", { class: "mention", href: `#/${part.channel_id}` }, `#${names.channel(part.channel_id)}`),
    emoji: () => emoji(part.name),
    date: () => h("time", { title: part.fallback ?? "" }, written(part.timestamp, part.format)),
    broadcast: () => h("span", { class: "mention is-me" }, `@${part.range}`),
    color: () => part.value,
  }[part.type];
  return styled(shown(), part.style);
}

function part(element, names) {
  const pieces = () => element.elements.map((each) => piece(each, names));
  if (element.type === "rich_text_list") {
    const items = element.elements.map((each) => h("li", {}, each.elements.map((inner) => piece(inner, names))));
    return h(element.style === "ordered" ? "ol" : "ul", { class: `indent-${element.indent ?? 0}`, start: element.offset ? element.offset + 1 : null }, items);
  }
  const tag = { rich_text_quote: "blockquote", rich_text_preformatted: "pre", rich_text_section: "p" }[element.type];
  return h(tag, {}, pieces());
}

export const richText = (block, names) => h("div", { class: "rich-text" }, block.elements.map((element) => part(element, names)));
