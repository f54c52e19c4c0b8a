// The table of alarms: what needs a person, gravest and newest first; then what is in hand or over.
//
// Folded away, each behind a button that says how many: alarms that something may still explain
// (`announced` is when they are due), what was shelved, suppressed or taken out of service, and
// below its parent what that explains. A press on a button keeps the keyboard's place, however
// often the rows change.

import { ACTIONS, quick, send, told } from "./actions.js";
import { operator } from "./operator.js";
import { SEVERITIES, ago, badge, compare, el, full, hour, when, words } from "./text.js";

const STANDING = ["unacknowledged", "acknowledged"];
const ACTIVE = [...STANDING, "returned"];
const PATIENCE = 10_000; // ms for a gateway to answer an action

/** Whether its condition is there, and nobody set it aside. */
export const standing = (alarm) => STANDING.includes(alarm.state) && alarm.cleared === null;

const pending = (alarm, now) => standing(alarm) && alarm.announced > now;
const name = (alarm) => [alarm.site, alarm.gateway, alarm.device, alarm.code].join("/");
const parent = (alarm) => (alarm.state === "suppressed" && alarm.cause ? [alarm.site, alarm.gateway, alarm.cause].join("/") : null);

export class Alarms {
  /** `choose` shows a device, `open` the sheet of an alarm, `due` hears of what is announced. */
  constructor(table, { clock, choose, open, due }) {
    this.body = table.tBodies[0];
    this.rows = new Map(); // key → { row, alarm, since, asked, problem, pending }
    this.names = new Map(); // site/gateway/device/code → key
    this.shown = { pending: false, aside: false };
    this.unfolded = new Set(); // names of parents whose children are shown
    this.told = new Map(); // key → when it was raised, of those that were announced
    this.clock = clock;
    this.open = open;
    this.due = due;
    this.body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      const action = event.target.closest("button")?.dataset.action;
      if (action) this.press(row.dataset.key, action);
      else if (row) choose(row.dataset.device);
    });
  }

  update(alarm, now) {
    const entry = this.rows.get(alarm.key) ?? { row: el("tr", "", { "data-key": alarm.key }) };
    const deed = alarm.deeds.at(-1);
    const refused = entry.asked && deed?.action === entry.asked && !deed.done;
    const problem = refused ? `The gateway did not do it${deed.reason ? `: ${deed.reason}` : ""}.` : "";
    Object.assign(entry, { alarm, problem, asked: null });
    this.rows.set(alarm.key, entry);
    this.names.set(name(alarm), alarm.key);
    this.draw(entry, now);
  }

  remove(key) {
    const entry = this.rows.get(key);
    if (!entry) return;
    entry.row.remove();
    this.rows.delete(key);
    this.told.delete(key);
    this.names.delete(name(entry.alarm));
  }

  clear() {
    this.rows.clear();
    this.names.clear();
    this.body.replaceChildren();
  }

  show(what, shown) {
    this.shown[what] = shown;
    this.arrange(this.clock());
  }

  /** Put the rows that are to be seen in order, touching only those that moved. */
  arrange(now) {
    const held = document.activeElement;
    const order = this.order(now);
    const seen = new Set(order.map(({ row }) => row));
    for (const row of [...this.body.children]) if (!seen.has(row)) row.remove();
    order.forEach(({ row }, at) => {
      if (this.body.children[at] !== row) this.body.insertBefore(row, this.body.children[at] ?? null);
    });
    if (held !== document.activeElement && held?.isConnected) held.focus();
    for (const entry of this.rows.values()) this.announce(entry, now);
  }

  order(now) {
    const children = new Map();
    const top = [];
    for (const entry of this.rows.values()) {
      const above = parent(entry.alarm);
      if (this.names.has(above)) {
        if (!children.has(above)) children.set(above, []);
        children.get(above).push(entry);
      } else if (this.isShown(entry.alarm, now)) top.push(entry);
    }
    const inOrder = (entries) => entries.sort((a, b) => rank(a.alarm, now) - rank(b.alarm, now) || b.alarm.raised - a.alarm.raised || compare(a.alarm.device, b.alarm.device));
    const withChildren = (entry, depth) => {
      const mine = name(entry.alarm);
      entry.row.dataset.depth = depth;
      const below = this.unfolded.has(mine) ? inOrder(children.get(mine) ?? []) : [];
      return [entry, ...below.flatMap((child) => withChildren(child, depth + 1))];
    };
    return inOrder(top).flatMap((entry) => withChildren(entry, 0));
  }

  isShown(alarm, now) {
    if (!ACTIVE.includes(alarm.state)) return this.shown.aside;
    return !pending(alarm, now) || this.shown.pending;
  }

  /** Tell once of each alarm that has become due. */
  announce({ alarm }, now) {
    if (alarm.state !== "unacknowledged" || pending(alarm, now) || this.told.get(alarm.key) === alarm.raised) return;
    this.told.set(alarm.key, alarm.raised);
    this.due(alarm);
  }

  /** How many there are of each sort. */
  counts(now) {
    const all = [...this.rows.values()].map(({ alarm }) => alarm);
    const due = all.filter((alarm) => ACTIVE.includes(alarm.state) && !pending(alarm, now));
    return {
      active: due.filter((alarm) => standing(alarm) && !alarm.work_order),
      ordered: due.filter((alarm) => standing(alarm) && alarm.work_order).length,
      waiting: due.filter(({ state }) => state === "unacknowledged" || state === "returned").length,
      pending: all.filter((alarm) => pending(alarm, now)).length,
      aside: all.filter((alarm) => !ACTIVE.includes(alarm.state) && !this.names.has(parent(alarm))).length,
      seen: this.body.children.length,
    };
  }

  /** The gravest severity that nobody has taken notice of. */
  gravest(now) {
    const waiting = [...this.rows.values()].map(({ alarm }) => alarm).filter((one) => one.state === "unacknowledged" && !pending(one, now));
    return SEVERITIES.find((severity) => waiting.some((one) => one.severity === severity));
  }

  /** What an alarm explains, as far as the console has been told. */
  explained(alarm) {
    return [...this.rows.values()].map((entry) => entry.alarm).filter((one) => parent(one) === name(alarm));
  }

  /** A second later: ages, and what has become due; whether anything has. */
  tick(now) {
    let due = false;
    for (const entry of this.rows.values()) {
      entry.since.textContent = ago(now - entry.alarm.raised);
      due ||= entry.pending && !pending(entry.alarm, now);
    }
    if (!due) return false;
    for (const entry of this.rows.values()) if (entry.pending) this.draw(entry, now);
    this.arrange(now);
    return true;
  }

  draw(entry, now) {
    const { alarm, row } = entry;
    const held = row.contains(document.activeElement) ? document.activeElement.dataset.action : null;
    entry.pending = pending(alarm, now);
    row.dataset.state = alarm.state;
    row.dataset.severity = alarm.severity;
    row.dataset.device = alarm.subject;
    row.className = !ACTIVE.includes(alarm.state) ? "aside-row" : standing(alarm) ? (entry.pending ? "pending-row" : "") : "over";
    entry.since = el("time", "", { title: full(alarm.raised), datetime: new Date(alarm.raised).toISOString() }, ago(now - alarm.raised));
    row.replaceChildren(
      el("td", "", {}, badge(alarm.severity)),
      el("td", "who", {}, el("button", "link", { type: "button", "data-action": "show" }, alarm.device)),
      el("td", "what", {}, el("strong", "", {}, alarm.message || words(alarm.code)), el("small", "", {}, notes(alarm).join(" · ")), this.fold(alarm)),
      el("td", "since", {}, entry.since),
      el("td", "state", {}, entry.pending ? "pending" : condition(alarm)),
      this.buttons(entry),
    );
    if (held) (row.querySelector(`[data-action="${held}"]:enabled`) ?? row.querySelector('[data-action="more"]')).focus();
  }

  /** The button that shows what an alarm explains. */
  fold(alarm) {
    if (!alarm.suppressed) return null;
    const unfolded = this.unfolded.has(name(alarm));
    return el("button", "link fold", { type: "button", "data-action": "fold", "aria-expanded": String(unfolded) }, `explains ${alarm.suppressed} more`);
  }

  buttons({ alarm, asked, problem }) {
    const cell = el("td");
    if (problem) cell.append(el("span", "failed", { role: "alert" }, problem));
    for (const action of quick(alarm)) {
      const { label, doing } = ACTIONS[action];
      const button = el("button", "button", { type: "button", "data-action": action }, asked === action ? doing : label);
      button.disabled = Boolean(asked);
      cell.append(button);
    }
    const more = asked && !quick(alarm).includes(asked) ? ACTIONS[asked].doing : "More…";
    cell.append(el("button", "button", { type: "button", "data-action": "more", "aria-haspopup": "dialog", "aria-label": `More about ${alarm.device}, ${words(alarm.code)}` }, more));
    return cell;
  }

  /** Give the keyboard back to an alarm, after its sheet. */
  focus(key) {
    this.rows.get(key)?.row.querySelector('[data-action="more"]').focus();
  }

  press(key, action) {
    const { alarm, row } = this.rows.get(key);
    if (action === "show") row.click();
    else if (action === "fold") this.unfold(alarm);
    else if (action === "more" || !operator()) this.open(alarm, action === "more" ? null : action);
    else this.ask(key, { action, by: operator() });
  }

  unfold(alarm) {
    const mine = name(alarm);
    if (!this.unfolded.delete(mine)) this.unfolded.add(mine);
    this.draw(this.rows.get(alarm.key), this.clock());
    this.arrange(this.clock());
  }

  /** Ask a gateway for something; what went wrong on the way, or nothing. */
  async ask(key, wish) {
    const entry = this.rows.get(key);
    if (!entry) return "This alarm is over.";
    const settle = (problem) => {
      if (entry.asked !== wish.action) return; // the alarm has changed since: that was the answer
      Object.assign(entry, { asked: null, problem });
      this.draw(entry, this.clock());
    };
    Object.assign(entry, { asked: wish.action, problem: "" });
    this.draw(entry, this.clock());
    const problem = await send(key, wish);
    if (problem) settle(problem);
    else setTimeout(settle, PATIENCE, "No answer from the gateway.");
    return problem;
  }
}

/** Gravest first; what is in hand or over after what stands, pending below, set aside last. */
function rank(alarm, now) {
  const group = !ACTIVE.includes(alarm.state) ? 3 : pending(alarm, now) ? 2 : standing(alarm) && !alarm.work_order ? 0 : 1;
  return group * SEVERITIES.length + SEVERITIES.indexOf(alarm.severity);
}

function notes(alarm) {
  const deed = alarm.deeds.findLast((one) => one.done && (one.text || one.until));
  const seen = alarm.values.since;
  return [
    alarm.message ? words(alarm.code) : null,
    typeof seen === "number" && seen < alarm.raised ? `seen since ${when(seen)}` : null,
    alarm.cause ? `because of ${alarm.cause}` : null,
    alarm.work_order ? `work order ${alarm.work_order}` : null,
    alarm.until ? `until ${full(alarm.until)}` : null,
    deed ? `${when(deed.t)} ${told(deed, hour)}` : null,
  ].filter(Boolean);
}

function condition(alarm) {
  if (alarm.resettable) return "over, to be reset";
  if (alarm.state === "acknowledged" && alarm.acknowledged) return `acknowledged by ${alarm.acknowledged.by}`;
  if (alarm.state === "returned") return "over, not acknowledged";
  return alarm.state.replaceAll("-", " ");
}
