// The few emoji that operations messages use, by Slack's names.

export const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", rotating_light: "🚨", fire: "🔥", eyes: "👀",
  bell: "🔔", no_bell: "🔕", mag: "🔍", hourglass: "⌛", hourglass_flowing_sand: "⏳", stopwatch: "⏱️", clock1: "🕐",
  lock: "🔒", unlock: "🔓", key: "🔑", memo: "📝", clipboard: "📋", bar_chart: "📊", chart_with_upwards_trend: "📈",
  chart_with_downwards_trend: "📉", moneybag: "💰", credit_card: "💳", email: "📧", envelope: "✉️", link: "🔗",
  arrow_right: "➡️", arrows_counterclockwise: "🔄", repeat: "🔁", rewind: "⏪", leftwards_arrow_with_hook: "↩️",
  octagonal_sign: "🛑", no_entry: "⛔", no_entry_sign: "🚫", construction: "🚧", information_source: "ℹ️", question: "❓",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵",
  white_circle: "⚪", black_circle: "⚫", thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", tada: "🎉", rocket: "🚀",
  robot_face: "🤖", wave: "👋", bulb: "💡", zap: "⚡", pushpin: "📌", speech_balloon: "💬", heavy_minus_sign: "➖",
  grey_question: "❔", raised_hand: "✋", ballot_box_with_check: "☑️", zzz: "💤", gear: "⚙️",
};

export const emoji = (name) => EMOJI[name] ?? `:${name}:`;
