// Times as Slack writes them, in the zone of the person's browser.

const day = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
const format = (date, options) => new Intl.DateTimeFormat(undefined, options).format(date);

function relative(date, otherwise) {
  const days = Math.round((day(date) - day(new Date())) / 86_400_000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? otherwise;
}

const TOKENS = {
  date: (d) => format(d, { year: "numeric", month: "long", day: "numeric" }),
  date_long: (d) => format(d, { weekday: "long", year: "numeric", month: "long", day: "numeric" }),
  date_short: (d) => format(d, { year: "numeric", month: "short", day: "numeric" }),
  date_num: (d) => `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, "0")}-${String(d.getDate()).padStart(2, "0")}`,
  date_slash: (d) => format(d, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date_pretty: (d) => relative(d, TOKENS.date(d)),
  date_short_pretty: (d) => relative(d, TOKENS.date_short(d)),
  date_long_pretty: (d) => relative(d, TOKENS.date_long(d)),
  time: (d) => format(d, { timeStyle: "short" }),
  time_secs: (d) => format(d, { timeStyle: "medium" }),
  ago: (d) => ago(d),
};

function ago(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const [unit, size] = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]].find(([, s]) => Math.abs(seconds) >= s) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

/** A Slack date format such as "{date_short_pretty} {time}" for a time in seconds. */
export function written(seconds, pattern) {
  const date = new Date(Number(seconds) * 1000);
  const text = pattern.replace(/\{(\w+)\}/g, (whole, name) => (TOKENS[name] ? TOKENS[name](date) : whole));
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const timeOf = (ts) => written(ts, "{time}");
export const dayOf = (ts) => written(ts, "{date_long_pretty}");
export const exactly = (ts) => format(new Date(Number(ts) * 1000), { dateStyle: "full", timeStyle: "long" });
