// The interactive elements: buttons, menus, pickers and inputs.
//
// A `scene` is where an element stands: {names, app, act(element, block, value), kept(block, element), entries}.
// Elements that hold a value add themselves to `entries`, so that the scene can be read as a whole.

import { tell } from "./api.js";
import { h, icon, menuButton } from "./dom.js";
import { textOf } from "./mrkdwn.js";
import { ask } from "./dialogs.js";

/** What has been entered in a scene, as {block_id: {action_id: value}}. */
export function entered(scene) {
  const state = {};
  for (const { block, element, read } of scene.entries) (state[block.block_id] ??= {})[element.action_id] = read();
  return state;
}

async function use(scene, element, block, value, face) {
  if (element.confirm && !(await ask(element.confirm, scene.names))) return false;
  face?.setAttribute("aria-busy", "true");
  const outcome = await scene.act(element, block, value, entered(scene));
  face?.removeAttribute("aria-busy");
  const went = tell(outcome, scene.app);
  face?.classList.toggle("went-wrong", !went);
  return went;
}

function button(element, block, scene) {
  const kind = element.style ? ` button-${element.style}` : "";
  const face = h("button", {
    type: "button", class: `button${kind}`, "aria-label": element.accessibility_label ?? null, "data-action": element.action_id,
    onclick: async () => {
      if (face.getAttribute("aria-busy")) return;
      if (element.url) window.open(element.url, "_blank", "noopener");
      await use(scene, element, block, null, face);
    },
  }, h("span", { class: "warning-mark", title: `${scene.app} did not answer` }, icon("warning")), textOf(element.text, scene.names));
  return face;
}

function overflow(element, block, scene) {
  return menuButton({
    label: "More actions", className: "button button-square", face: icon("more"),
    items: () => element.options.map((option) => ({
      face: textOf(option.text, scene.names),
      pick: () => {
        if (option.url) window.open(option.url, "_blank", "noopener");
        use(scene, element, block, option.value, null);
      },
    })),
  });
}

function hold(scene, block, element, read) {
  scene.entries.push({ block, element, read });
}

const changes = (scene, block) => block.type !== "input" || block.dispatch_action;

function menu(element, block, scene, options) {
  const many = element.type.startsWith("multi_");
  const kept = [scene.kept(block, element) ?? initial(element)].flat();
  const entry = (value, text) => h("option", { value, selected: kept.includes(value) }, text);
  const face = h("select", {
    multiple: many, "data-action": element.action_id, "aria-label": block.label ? null : element.placeholder?.text ?? "Choose",
    id: idOf(block, element),
    onchange: async () => {
      if (changes(scene, block)) await use(scene, element, block, read(), face);
    },
  }, many ? null : h("option", { value: "" }, element.placeholder?.text ?? "Choose an option"), options(entry));
  const read = () => (many ? [...face.selectedOptions].map((each) => each.value) : face.value || null);
  hold(scene, block, element, read);
  return face;
}

function initial(element) {
  const option = (each) => each.value;
  return element.initial_option?.value ?? element.initial_options?.map(option) ?? element.initial_user ?? element.initial_users
    ?? element.initial_channel ?? element.initial_conversation ?? element.initial_date ?? element.initial_time
    ?? element.initial_date_time ?? element.initial_value ?? null;
}

const offered = (element, names) => (entry) => element.option_groups
  ? element.option_groups.map((group) => h("optgroup", { label: group.label.text }, group.options.map((each) => entry(each.value, textOf(each.text, names)))))
  : element.options.map((each) => entry(each.value, textOf(each.text, names)));

function picker(type) {
  return (element, block, scene) => {
    const kept = scene.kept(block, element) ?? initial(element);
    const face = h("input", {
      type, "data-action": element.action_id, id: idOf(block, element), "aria-label": block.label ? null : element.placeholder?.text ?? "Choose",
      value: type === "datetime-local" && kept ? localTime(kept) : kept ?? "",
      onchange: () => changes(scene, block) && use(scene, element, block, read(), face),
    });
    const read = () => (type === "datetime-local" && face.value ? Math.floor(new Date(face.value).getTime() / 1000) : face.value || null);
    hold(scene, block, element, read);
    return face;
  };
}

function localTime(seconds) {
  const date = new Date(Number(seconds) * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function choices(type) {
  return (element, block, scene) => {
    const kept = [scene.kept(block, element) ?? initial(element)].flat();
    const name = idOf(block, element);
    const boxes = element.options.map((option) => h("input", {
      type, name, value: option.value, checked: kept.includes(option.value),
      onchange: () => changes(scene, block) && use(scene, element, block, read(), null),
    }));
    const read = () => {
      const picked = boxes.filter((box) => box.checked).map((box) => box.value);
      return type === "radio" ? picked[0] ?? null : picked;
    };
    hold(scene, block, element, read);
    return h("div", { class: "choices", "data-action": element.action_id }, element.options.map((option, index) =>
      h("label", {}, boxes[index], h("span", {}, textOf(option.text, scene.names),
        option.description ? h("span", { class: "quiet" }, textOf(option.description, scene.names)) : null))));
  };
}

function textInput(type) {
  return (element, block, scene) => {
    const face = h(element.multiline ? "textarea" : "input", {
      type: element.multiline ? null : type, rows: element.multiline ? 4 : null, "data-action": element.action_id, id: idOf(block, element),
      placeholder: element.placeholder?.text ?? null, maxlength: element.max_length ?? null, autocomplete: "off",
      step: element.is_decimal_allowed ? "any" : null, min: element.min_value ?? null, max: element.max_value ?? null,
      value: scene.kept(block, element) ?? initial(element) ?? "", autofocus: element.focus_on_load ?? false,
      onkeydown: (event) => {
        if (event.key === "Enter" && block.dispatch_action) use(scene, element, block, face.value, face);
      },
    });
    hold(scene, block, element, () => face.value || null);
    return face;
  };
}

export const idOf = (block, element) => `field-${block.block_id}-${element.action_id}`;

const image = (element, _, scene) => picture(element, scene, "thumb");

/** An image by address, or by the id of an uploaded file. */
export function picture(element, scene, className) {
  const source = element.image_url ?? element.slack_file?.url ?? `/slack/files/${element.slack_file.id}/image`;
  return h("img", { class: className, src: source, alt: element.alt_text, loading: "lazy" });
}

const people = (scene) => (entry) => scene.names.everybody().map((person) => entry(person.id, person.real_name));
const channels = (scene) => (entry) => scene.names.channels().map((channel) => entry(channel.id, `#${channel.name}`));
const fixed = (element, block, scene) => menu(element, block, scene, offered(element, scene.names));

const KINDS = {
  button, overflow, image,
  static_select: fixed, multi_static_select: fixed,
  users_select: (e, b, s) => menu(e, b, s, people(s)), multi_users_select: (e, b, s) => menu(e, b, s, people(s)),
  channels_select: (e, b, s) => menu(e, b, s, channels(s)), conversations_select: (e, b, s) => menu(e, b, s, channels(s)),
  datepicker: picker("date"), timepicker: picker("time"), datetimepicker: picker("datetime-local"),
  checkboxes: choices("checkbox"), radio_buttons: choices("radio"),
  plain_text_input: textInput("text"), email_text_input: textInput("email"), url_text_input: textInput("url"), number_input: textInput("number"),
};

/** Draw one element. */
export function draw(element, block, scene) {
  const kind = KINDS[element.type];
  return kind ? kind(element, block, scene) : h("span", { class: "unknown" }, `[${element.type}]`);
}
