// The markdown block: the common part of Markdown, drawn as nodes.

import { h } from "./dom.js";
import { link } from "./mrkdwn.js";

const INLINE = /`([^`]+)`|\*\*(.+?)\*\*|\*([^*\s](?:[^*]*[^*\s])?)\*|_([^_\s](?:[^_]*[^_\s])?)_|~~(.+?)~~|\[([^\]]+)\]\((\S+?)\)/g;

function inline(text) {
  const nodes = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    nodes.push(text.slice(from, found.index));
    from = found.index + found[0].length;
    const [, code, bold, star, under, strike, label, url] = found;
    if (code) nodes.push(h("code", {}, code));
    else if (bold) nodes.push(h("strong", {}, inline(bold)));
    else if (star || under) nodes.push(h("em", {}, inline(star ?? under)));
    else if (strike) nodes.push(h("s", {}, inline(strike)));
    else nodes.push(link(url, ...inline(label)));
  }
  return [...nodes, text.slice(from)];
}

const cells = (row) => row.trim().replace(/^\||\|$/g, "").split("|").map((cell) => inline(cell.trim()));

function tableFrom(rows) {
  const [head, , ...body] = rows;
  return h("div", { class: "table-box" }, h("table", {},
    h("thead", {}, h("tr", {}, cells(head).map((cell) => h("th", { scope: "col" }, cell)))),
    h("tbody", {}, body.map((row) => h("tr", {}, cells(row).map((cell) => h("td", {}, cell)))))));
}

const LIST = /^\s*([-*+]|\d+\.)\s+/;

function paragraph(block) {
  const rows = block.split("\n");
  const heading = /^(#{1,6})\s+(.*)$/.exec(rows[0]);
  if (heading) return [h("p", { class: "markdown-heading" }, inline(heading[2])), ...(rows.length > 1 ? paragraph(rows.slice(1).join("\n")) : [])];
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(block)) return [h("hr")];
  if (rows.length > 1 && /^\s*\|?[\s:|-]+\|[\s:|-]*$/.test(rows[1])) return [tableFrom(rows)];
  if (rows.every((row) => row.startsWith(">"))) return [h("blockquote", {}, inline(rows.map((row) => row.replace(/^> ?/, "")).join("\n")))];
  if (LIST.test(rows[0])) {
    const items = block.split(/\n(?=\s*(?:[-*+]|\d+\.)\s)/).map((item) => h("li", {}, inline(item.replace(LIST, ""))));
    return [h(/^\s*\d/.test(rows[0]) ? "ol" : "ul", {}, items)];
  }
  return [h("p", {}, inline(block))];
}

export function markdown(text) {
  return text.split(/^```.*$/m).flatMap((part, index) =>
    index % 2 ? [h("pre", {}, part.replace(/^\n|\n$/g, ""))] : part.split(/\n{2,}/).filter((block) => block.trim()).flatMap((block) => paragraph(block.replace(/^\n+|\n+$/g, ""))));
}
