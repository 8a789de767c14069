// The page: what is shown, what changes, and who looks at it.

import { get, post, tell } from "./api.js";
import { composer } from "./composer.js";
import { h, icon, released } from "./dom.js";
import { show } from "./messages.js";
import { showHome, showViews } from "./modal.js";
import { drawPlaces, drawScenarios, drawSwitcher } from "./sidebar.js";

const $ = (id) => document.getElementById(id);
const known = await get("/control/workspace");
const people = new Map(known.people.map((person) => [person.id, person]));
const STRANGER = (id) => ({ id, real_name: id === "USLACKBOT" ? "Slackbot" : id, name: id, title: "", is_bot: false });

const world = {
  app: known.app,
  me: new URLSearchParams(location.search).get("as") ?? sessionStorage.getItem("me") ?? "U0ANA",
  channels: [], everyChannel: [], unread: new Map(), place: "", thread: null,
  names: {
    record: (id) => people.get(id) ?? STRANGER(id),
    person: (id) => (people.get(id) ?? STRANGER(id)).real_name,
    channel: (id) => world.everyChannel.find((each) => each.id === id)?.name ?? id,
    group: (id) => known.usergroups.find((each) => each.id === id)?.handle ?? id,
    isMe: (id) => id === world.me,
    everybody: ({ withApp = false, withClosed = false } = {}) => known.people.filter((each) => (withApp || !each.is_bot) && (withClosed || !each.deleted)),
    channels: () => world.channels.filter((each) => !each.im_with),
  },
  act: async (path, body) => tell(await post(path, { user: world.me, ...body }), known.app.name),
  // As in Slack, nobody is told when the app misses an event: it is sent again.
  say: async (path, body) => {
    const outcome = await post(path, { user: world.me, ...body });
    return outcome.ts || outcome.ok ? true : tell(outcome, known.app.name);
  },
  openThread: (ts) => { location.hash = `#/${world.place}/${ts}`; },
  become: async (id) => {
    world.me = id;
    sessionStorage.setItem("me", id);
    world.unread.clear();
    drawSwitcher(world);
    await refreshChannels();
    await navigate();
  },
};

const channelBox = composer(world, () => ({ channel: world.place }));
const threadBox = composer(world, () => ({ channel: world.place, thread_ts: world.thread }));
$("composer").append(channelBox.form);
$("thread-composer").append(threadBox.form);
$("open-sidebar").append(icon("menu"));
$("close-thread").append(icon("close"));

async function refreshChannels() {
  world.everyChannel = await get("/control/channels");
  world.channels = world.everyChannel.filter((each) => each.members.includes(world.me));
  drawPlaces(world);
}

async function refresh() {
  if (world.place === "home") return showHome($("timeline"), world);
  const [channel, me] = [world.place, world.me];
  const messages = await get("/control/messages", { channel, user: me });
  await released();
  if (channel !== world.place || me !== world.me) return; // somebody moved on meanwhile
  const broadcast = messages.flatMap((root) => root.replies.filter((reply) => reply.broadcast));
  const listed = [...messages, ...broadcast].sort((a, b) => a.ts - b.ts);
  if (listed.length) show($("timeline"), listed, world);
  else $("timeline").replaceChildren(h("p", { class: "empty quiet" }, "Nothing here yet. Break something, or write the first message."));
  showThread(messages.find((root) => root.ts === world.thread));
}

function showThread(root) {
  const thread = $("thread");
  thread.hidden = !root;
  $("frame").classList.toggle("has-thread", Boolean(root));
  if (root) show($("thread-messages"), [root, ...root.replies], world, { inThread: true });
}

async function navigate() {
  const [, place = "", ts = null, reply = null] = location.hash.split("/");
  const open = (place === "home" && world.app.events.includes("app_home_opened")) || world.channels.some((each) => each.id === place);
  if (!open) {
    location.replace(`#/${world.channels[0]?.id ?? "home"}`);
    return;
  }
  if (place !== world.place || world.shownTo !== world.me) {
    $("timeline").replaceChildren();
    $("thread-messages").replaceChildren();
  }
  if (ts !== world.thread) $("thread-messages").replaceChildren();
  Object.assign(world, { place, thread: ts, shownTo: world.me });
  world.unread.delete(place);
  setSidebar(false);
  drawPlaces(world);
  describe();
  if (place === "home") {
    showThread(null);
    await post("/control/home", { user: world.me });
  }
  await Promise.all([refresh(), showViews(world)]);
  const spot = reply ?? ts;
  if (spot) document.querySelector(`[data-ts="${CSS.escape(spot)}"]`)?.scrollIntoView({ block: "nearest" });
}

function describe() {
  const channel = world.channels.find((each) => each.id === world.place);
  const home = world.place === "home";
  const name = home || channel.im_with ? world.app.name : `#${channel.name}`;
  $("title").textContent = home ? `${name} – Home` : name;
  $("topic").textContent = home ? "What the app shows to you alone" : channel.im_with ? "Direct messages" : `${channel.topic} · ${channel.members.length} members${channel.bot_is_member ? "" : ` · ${world.app.name} is not here`}`;
  $("thread-place").textContent = name;
  $("composer").hidden = home;
  channelBox.describe(`Message ${name}, or / for a command`);
  threadBox.describe("Reply…");
  document.title = `${name} – Billing`;
}

function setSidebar(open) {
  $("frame").classList.toggle("has-sidebar", open);
  $("shade").hidden = !open;
  $("open-sidebar").setAttribute("aria-expanded", String(open));
}

// Changes come in bursts: ask once for all of a burst, and never twice at a time.
const due = new Set();
let busy = false;
const TASKS = {
  messages: refresh, views: () => showViews(world), channels: refreshChannels, places: () => drawPlaces(world), scenarios: drawScenarios,
};

async function settle() {
  if (busy) return;
  busy = true;
  try {
    while (due.size) {
      const [task] = due;
      due.delete(task);
      await TASKS[task]();
    }
  } finally {
    busy = false;
  }
}

function need(task) {
  due.add(task);
  setTimeout(settle, 30);
}

function changed(change) {
  if (change.kind === "message") {
    if (change.channel === world.place) need("messages");
    else if (world.channels.some((each) => each.id === change.channel)) {
      world.unread.set(change.channel, (world.unread.get(change.channel) ?? 0) + 1);
      need("places");
    }
  } else if (change.kind === "view" && change.user === world.me) need("views");
  else if (change.kind === "home" && change.user === world.me && world.place === "home") need("messages");
  else if (change.kind === "channels") need("channels");
  else if (change.kind === "reset") location.reload();
}

function listen() {
  const stream = new EventSource("/control/stream");
  stream.onmessage = (event) => changed(JSON.parse(event.data));
  stream.onopen = () => {
    $("connection").textContent = "";
    document.body.dataset.hears = "";
    for (const task of ["channels", "messages", "views"]) need(task); // whatever was missed while away
  };
  stream.onerror = () => {
    $("connection").textContent = "Connecting…";
    delete document.body.dataset.hears;
  };
}

$("close-thread").addEventListener("click", () => { location.hash = `#/${world.place}`; });
$("open-sidebar").addEventListener("click", () => setSidebar(!$("frame").classList.contains("has-sidebar")));
$("shade").addEventListener("click", () => setSidebar(false));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    if ($("frame").classList.contains("has-sidebar")) setSidebar(false);
    else if (world.thread) location.hash = `#/${world.place}`;
  }
});
addEventListener("hashchange", navigate);

drawSwitcher(world);
await refreshChannels();
await navigate();
listen();
await drawScenarios();
setInterval(() => { if (!document.hidden && !$("breaking").hidden) need("scenarios"); }, 5000);
