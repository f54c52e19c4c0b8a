// What a person can do with an alarm, in words, and the way it goes to the gateway.
//
// Which of them an alarm allows is for the console to say (`offered`); those that ask for nothing
// are a single press, the others have a reason, and a shelf its time.

export const ACTIONS = {
  acknowledge: { label: "Acknowledge", doing: "Acknowledging…", done: "acknowledged it" },
  reset: { label: "Reset", doing: "Resetting…", done: "reset it" },
  unshelve: { label: "Bring back", doing: "Bringing back…", done: "brought it back" },
  "in-service": { label: "Back in service", doing: "Putting back…", done: "put it back in service" },
  shelve: { label: "Shelve", doing: "Shelving…", done: "shelved it", asks: "Reason", lasts: true },
  "out-of-service": { label: "Out of service", doing: "Taking out…", done: "took it out of service", asks: "Reason" },
  "work-order": { label: "Work order", doing: "Writing…", done: "ordered work", asks: "Number of the work order" },
  comment: { label: "Comment", doing: "Writing…", done: "commented", asks: "Comment" },
};

/** How long a shelf may last; a critical alarm comes back after an hour (contracts). */
export const PERIODS = { "15m": "15 minutes", "30m": "30 minutes", "1h": "1 hour", "2h": "2 hours", "4h": "4 hours", "8h": "8 hours", "12h": "12 hours" };
export const periods = (severity) => Object.keys(PERIODS).slice(0, severity === "critical" ? 3 : undefined);

export const quick = (alarm) => alarm.offered.filter((action) => !ACTIONS[action].asks);

const path = (key) => `/api/alarms/${key.split("/").map(encodeURIComponent).join("/")}`;

/** Send a wish; what went wrong on the way, or nothing. The alarm itself changes when it is done. */
export async function send(key, wish) {
  try {
    const answer = await fetch(`${path(key)}/action`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(wish),
    });
    return answer.ok ? "" : (await answer.json()).problem;
  } catch {
    return "The console cannot be reached.";
  }
}

/** What people did with an alarm since a moment, or null if the history cannot be read. */
export async function deedsSince(key, from) {
  try {
    const answer = await fetch(`${path(key)}/actions?from=${from}`);
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

/** "ana shelved it until 22:04: waiting for a driver" */
export function told(deed, hour) {
  const { label, done } = ACTIONS[deed.action] ?? { label: deed.action || "something", done: deed.action };
  const why = deed.reason ? `, ${deed.reason}` : "";
  const what = deed.done ? done : `asked for “${label}”: not done${why}`;
  const until = deed.until ? ` until ${hour(deed.until)}` : "";
  return `${deed.by || "somebody"} ${what}${until}${deed.text ? `: ${deed.text}` : ""}`;
}
