// The table of alarms, gravest and newest first, and the two things a person does about them.

import { SEVERITIES, ago, badge, el, full, words } from "./text.js";

const STANDING = ["unacknowledged", "acknowledged"];
const ACTIVE = [...STANDING, "returned"];
const PATIENCE = 10_000; // ms for a gateway to answer an action

export class Alarms {
  constructor(table, choose) {
    this.body = table.tBodies[0];
    this.rows = new Map(); // key → { row, alarm, since, asked }
    this.body.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      const row = event.target.closest("tr");
      if (button) this.act(row.dataset.key, button.dataset.action);
      else if (row) choose(row.dataset.device);
    });
  }

  update(alarm, now) {
    const entry = this.rows.get(alarm.key) ?? { row: el("tr", "", { "data-key": alarm.key }) };
    Object.assign(entry, { alarm, asked: null, problem: "" });
    this.rows.set(alarm.key, entry);
    this.draw(entry, now);
  }

  remove(key) {
    this.rows.get(key)?.row.remove();
    this.rows.delete(key);
  }

  clear() {
    this.rows.clear();
    this.body.replaceChildren();
  }

  /** Put the rows in order, touching only those that moved. */
  arrange() {
    const order = [...this.rows.values()].sort((a, b) => rank(a.alarm) - rank(b.alarm) || b.alarm.raised - a.alarm.raised);
    order.forEach(({ row }, at) => {
      if (this.body.children[at] !== row) this.body.insertBefore(row, this.body.children[at] ?? null);
    });
  }

  tick(now) {
    for (const entry of this.rows.values()) entry.since.textContent = ago(now - entry.alarm.raised);
  }

  all() {
    return [...this.rows.values()].map(({ alarm }) => alarm);
  }

  draw(entry, now) {
    const { alarm, row } = entry;
    row.dataset.state = alarm.state;
    row.dataset.severity = alarm.severity;
    row.dataset.device = alarm.subject;
    row.className = standing(alarm) ? "" : ACTIVE.includes(alarm.state) ? "over" : "aside-row";
    entry.since = el("time", "", { title: full(alarm.raised), datetime: new Date(alarm.raised).toISOString() }, ago(now - alarm.raised));
    const notes = [
      alarm.message ? words(alarm.code) : null,
      alarm.cause ? `because of ${alarm.cause}` : null,
      alarm.suppressed ? `explains ${alarm.suppressed} more` : null,
      alarm.work_order ? `work order ${alarm.work_order}` : null,
      alarm.until ? `until ${full(alarm.until)}` : null,
    ];
    row.replaceChildren(
      el("td", "", {}, badge(alarm.severity)),
      el("td", "who", {}, alarm.device),
      el("td", "what", {}, el("strong", "", {}, alarm.message || words(alarm.code)), el("small", "", {}, notes.filter(Boolean).join(" · "))),
      el("td", "since", {}, entry.since),
      el("td", "state", {}, told(alarm)),
      this.buttons(entry),
    );
  }

  buttons({ alarm, asked, problem }) {
    const cell = el("td");
    if (problem) cell.append(el("span", "failed", {}, problem));
    const offer = (action, label, waiting) => {
      const button = el("button", "button", { type: "button", "data-action": action }, asked === action ? waiting : label);
      button.disabled = asked !== null;
      cell.append(button);
    };
    if (alarm.state === "unacknowledged" || alarm.state === "returned") offer("acknowledge", "Acknowledge", "Acknowledging…");
    if (alarm.resettable) offer("reset", "Reset", "Resetting…");
    if (alarm.state === "shelved") offer("unshelve", "Bring back", "Bringing back…");
    if (alarm.state === "out-of-service") offer("in-service", "Back in service", "Putting back…");
    if (standing(alarm)) offer("shelve", "Shelve 1 h", "Shelving…");
    return cell;
  }

  async act(key, action) {
    const entry = this.rows.get(key);
    Object.assign(entry, { asked: action, problem: "" });
    this.draw(entry, Date.now());
    let problem = "No answer from the gateway.";
    try {
      const address = `/api/alarms/${key.split("/").map(encodeURIComponent).join("/")}/action`;
      const answer = await fetch(address, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ action }),
      });
      if (answer.ok) await new Promise((done) => setTimeout(done, PATIENCE));
      else problem = (await answer.json()).problem;
    } catch {
      problem = "The console cannot be reached.";
    }
    if (entry.asked !== action) return; // the alarm has changed since: that was the answer
    Object.assign(entry, { asked: null, problem });
    this.draw(entry, Date.now());
  }
}

/** Whether its condition is there, and nobody set it aside. */
export const standing = (alarm) => STANDING.includes(alarm.state) && alarm.cleared === null;

/** Gravest first; those whose condition is over after those that stand, those set aside last. */
function rank(alarm) {
  const group = standing(alarm) ? 0 : ACTIVE.includes(alarm.state) ? 1 : 2;
  return group * SEVERITIES.length + SEVERITIES.indexOf(alarm.severity);
}

function told(alarm) {
  if (alarm.resettable) return "over, to be reset";
  const state = alarm.state.replaceAll("-", " ");
  return alarm.state === "acknowledged" && alarm.acknowledged ? `acknowledged by ${alarm.acknowledged.by}` : state;
}
