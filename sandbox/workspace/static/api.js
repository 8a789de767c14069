// The control API of the workspace, and the words for what can go wrong between a person and the app.

import { toast } from "./dom.js";

async function asked(path, options) {
  const response = await fetch(path, options);
  return { status: response.status, body: await response.json() };
}

export async function get(path, query = {}) {
  const { status, body } = await asked(`${path}?${new URLSearchParams(query)}`);
  if (status !== 200) throw new Error(`${path}: ${status}`);
  return body;
}

/** Send an act and answer its outcome, {ok, error, errors}. A lost connection is an outcome too. */
export async function post(path, body = {}) {
  try {
    const answer = await asked(path, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    });
    return answer.body;
  } catch {
    return { ok: false, error: "unreachable", errors: {} };
  }
}

/** Whether the simulated systems are there, and what can be broken in them. */
export async function scenarios() {
  try {
    const { status, body } = await asked("/world/scenarios");
    return status === 200 ? body : null;
  } catch {
    return null;
  }
}

const WORDS = {
  operation_timeout: (app) => `${app} did not answer within 3 seconds. It may still have happened: look before you try again.`,
  dispatch_failed: (app) => `${app} could not be reached, or answered with an error. Nothing is repeated for you.`,
  not_connected: (app) => `${app} is not connected.`,
  workspace_down: () => "Slack is away just now; nothing was sent.",
  unreachable: () => "The workspace itself does not answer. Is it still running?",
  unknown_command: () => "There is no such command here.",
};

/** Tell the person when an act did not go well; answers whether it did. */
export function tell(outcome, app) {
  if (outcome.ok || outcome.error === "errors" || outcome.error === "incomplete") return outcome.ok;
  const say = WORDS[outcome.error];
  toast(say ? say(app) : outcome.error, { kind: "warning" });
  return false;
}
