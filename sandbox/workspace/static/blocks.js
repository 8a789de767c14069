// Blocks, drawn as nodes.

import { h, icon } from "./dom.js";
import { draw, idOf, picture } from "./elements.js";
import { markdown } from "./markdown.js";
import { textOf } from "./mrkdwn.js";
import { richText } from "./rich_text.js";

const text = (object, scene) => h("div", { class: "text" }, textOf(object, scene.names));

function section(block, scene) {
  return h("div", { class: "block section" },
    h("div", { class: "section-body" },
      block.text ? text(block.text, scene) : null,
      block.fields ? h("div", { class: "fields" }, block.fields.map((field) => text(field, scene))) : null),
    block.accessory ? h("div", { class: "accessory" }, draw(block.accessory, block, scene)) : null);
}

const context = (block, scene) => h("div", { class: "block context" }, block.elements.map((element) =>
  element.type === "image" ? picture(element, scene, "context-image") : h("span", { class: "text" }, textOf(element, scene.names))));

const actions = (block, scene) => h("div", { class: "block actions" }, block.elements.map((element) => draw(element, block, scene)));

const image = (block, scene) => h("figure", { class: "block image" },
  block.title ? h("figcaption", {}, textOf(block.title, scene.names)) : null,
  picture(block, scene, "wide-image"));

function input(block, scene) {
  const id = idOf(block, block.element);
  const group = ["checkboxes", "radio_buttons"].includes(block.element.type);
  const label = [textOf(block.label, scene.names), block.optional ? h("span", { class: "quiet" }, " (optional)") : null];
  const field = draw(block.element, block, scene);
  const error = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
  field.setAttribute?.("aria-describedby", `${id}-error`);
  return h(group ? "fieldset" : "div", { class: "block input", "data-block": block.block_id },
    group ? h("legend", {}, label) : h("label", { for: id }, label), field,
    block.hint ? h("p", { class: "quiet hint" }, textOf(block.hint, scene.names)) : null, error);
}

function cell(each, scene) {
  if (each.type === "rich_text") return richText(each, scene.names);
  return each.text ?? String(each.value);
}

function table(block, scene) {
  const settings = block.column_settings ?? [];
  const row = (cells, tag) => h("tr", {}, cells.map((each, column) => {
    const { align = "left", is_wrapped: wraps = false } = settings[column] ?? {};
    return h(tag, { class: `align-${align}${wraps ? " wraps" : ""}`, scope: tag === "th" ? "col" : null }, cell(each, scene));
  }));
  const [head, ...body] = block.rows;
  return h("div", { class: "block table-box", tabindex: "0", role: "region", "aria-label": "Table" },
    h("table", {}, h("thead", {}, row(head, "th")), h("tbody", {}, body.map((each) => row(each, "td")))));
}

function alert(block, scene) {
  const level = block.level ?? "default";
  const sign = { success: "check", error: "warning", warning: "warning" }[level] ?? "info";
  return h("div", { class: `block alert alert-${level}`, role: "note" }, icon(sign), text(block.text, scene));
}

const MARKS = { pending: "○", in_progress: "◔", complete: "●", error: "✕" };

function task(block, scene) {
  return h("div", { class: `block task task-${block.status}` },
    h("span", { class: "task-mark", title: block.status.replace("_", " ") }, MARKS[block.status]),
    h("div", {}, h("strong", {}, block.title), block.details ? richText(block.details, scene.names) : null, block.output ? richText(block.output, scene.names) : null));
}

const plan = (block, scene) => h("div", { class: "block" }, h("strong", {}, block.title), (block.tasks ?? []).map((each) => task(each, scene)));

function card(block, scene) {
  return h("div", { class: "block card" },
    block.hero_image ? picture(block.hero_image, scene, "wide-image") : null,
    block.title ? h("strong", { class: "text" }, textOf(block.title, scene.names)) : null,
    block.subtitle ? h("div", { class: "quiet text" }, textOf(block.subtitle, scene.names)) : null,
    block.body ? text(block.body, scene) : null,
    block.actions ? h("div", { class: "actions" }, block.actions.map((element) => draw(element, block, scene))) : null);
}

function container(block, scene) {
  const title = block.rich_text_title ? richText(block.rich_text_title, scene.names) : textOf(block.title, scene.names);
  const inside = block.child_blocks.map((child) => drawBlock(child, scene));
  if (!block.is_collapsible) return h("div", { class: "block container" }, h("strong", {}, title), inside);
  return h("details", { class: "block container", open: !block.default_collapsed }, h("summary", {}, title), inside);
}

const KINDS = {
  section, context, actions, image, input, table, alert, plan, card, container,
  task_card: task,
  header: (block, scene) => h("h3", { class: "block header" }, textOf(block.text, scene.names)),
  divider: () => h("hr", { class: "block divider" }),
  markdown: (block) => h("div", { class: "block markdown" }, markdown(block.text)),
  rich_text: (block, scene) => h("div", { class: "block" }, richText(block, scene.names)),
  carousel: (block, scene) => h("div", { class: "block carousel" }, block.elements.map((each) => card(each, scene))),
  video: (block) => h("div", { class: "block" }, h("a", { href: block.title_url ?? block.video_url, target: "_blank", rel: "noopener noreferrer" }, block.title.text)),
};

function drawBlock(block, scene) {
  const kind = KINDS[block.type];
  return kind ? kind(block, scene) : h("p", { class: "block unknown" }, `[${block.type}]`);
}

/** Draw a list of blocks in a scene (see elements.js). */
export const drawBlocks = (blocks, scene) => blocks.map((block) => drawBlock(block, scene));
