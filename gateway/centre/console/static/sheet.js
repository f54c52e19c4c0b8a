// The sheet of one alarm: what is known of it, everything that can be done about it, what people
// did, and what it explains. It opens over the page, takes the keyboard with it, and closes by Esc.

import { ACTIONS, PERIODS, deedsSince, periods, told } from "./actions.js";
import { introduce, operator } from "./operator.js";
import { ago, badge, el, full, hour, plain, when, words } from "./text.js";

const EARLIER = 30 * 86_400_000; // ms before an alarm in which what people did is of interest
const MOST = 200; // children listed

export class Sheet {
  /** `ask(key, wish)` sends, `explained(alarm)` lists its children, `unit(alarm, name)` a figure's unit. */
  constructor(root, { ask, explained, named, unit }) {
    this.root = root;
    this.part = (part) => root.querySelector(`[data-part="${part}"]`);
    this.ask = ask;
    this.explained = explained;
    this.named = named;
    this.unit = unit;
    this.part("choices").addEventListener("change", () => this.choose());
    this.part("form").addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.part("close").addEventListener("click", () => root.close());
  }

  open(alarm, action) {
    Object.assign(this, { alarm, earlier: [], forgetful: false });
    this.part("text").value = "";
    this.part("by").value = operator();
    this.part("problem").textContent = "";
    this.draw(action ?? alarm.offered[0]);
    this.root.showModal();
    const [first] = operator() ? this.part("choices").querySelectorAll("input:checked") : [this.part("by")];
    first?.focus();
    this.recall(alarm);
  }

  /** The alarm is another by now, or over (null). */
  update(key, alarm) {
    if (!this.root.open || this.alarm.key !== key) return;
    const chosen = this.chosen;
    this.alarm = alarm ?? { ...this.alarm, offered: [] };
    this.draw(chosen);
    if (!alarm) this.part("problem").textContent = "This alarm is over.";
  }

  get chosen() {
    return this.part("choices").querySelector("input:checked")?.value;
  }

  async recall(alarm) {
    const earlier = await deedsSince(alarm.key, Math.max(0, Math.round(alarm.raised - EARLIER)));
    if (this.alarm.key !== alarm.key) return;
    Object.assign(this, { earlier: earlier ?? [], forgetful: earlier === null });
    this.deeds();
  }

  draw(chosen) {
    const { alarm } = this;
    this.part("title").replaceChildren(badge(alarm.severity), ` ${alarm.device} · ${words(alarm.code)}`);
    this.part("message").textContent = alarm.message;
    this.part("facts").replaceChildren(...facts(alarm, this.unit).flatMap(([term, said]) => [el("dt", "", {}, term), el("dd", "", {}, said)]));
    this.choices(alarm.offered.includes(chosen) ? chosen : alarm.offered[0]);
    this.deeds();
    const children = this.explained(alarm);
    this.part("explains").hidden = !children.length;
    this.part("children").replaceChildren(...children.slice(0, MOST).map((one) => el("li", "", {}, el("b", "", {}, one.device), ` ${one.message || words(one.code)} `, el("small", "", {}, when(one.raised)))));
    this.part("more").textContent = alarm.suppressed > Math.min(children.length, MOST) ? `${alarm.suppressed} in all` : "";
  }

  choices(chosen) {
    const { alarm } = this;
    const choice = (action) => {
      const box = el("input", "", { type: "radio", name: "action", value: action });
      box.checked = action === chosen;
      return el("label", "choice", {}, box, ACTIONS[action].label);
    };
    const held = this.part("choices").contains(document.activeElement);
    this.part("choices").replaceChildren(el("legend", "unseen", {}, "What to do"), ...alarm.offered.map(choice));
    if (held) this.part("choices").querySelector("input:checked")?.focus();
    this.part("ask").hidden = !alarm.offered.length;
    const period = this.part("period").value || "1h";
    const offered = periods(alarm.severity);
    this.part("period").replaceChildren(...offered.map((value) => el("option", "", { value }, PERIODS[value])));
    this.part("period").value = offered.includes(period) ? period : "1h";
    this.choose();
  }

  /** Show what the chosen action asks for. */
  choose() {
    const { label, asks, lasts } = ACTIONS[this.chosen] ?? { label: "" };
    const text = this.part("text");
    this.part("reason").textContent = asks ?? "";
    text.closest("label").hidden = !asks;
    text.required = Boolean(asks);
    this.part("period").closest("label").hidden = !lasts;
    this.part("do").textContent = label;
  }

  async submit() {
    const { asks, lasts } = ACTIONS[this.chosen];
    introduce(this.part("by").value);
    this.named();
    const wish = { action: this.chosen, by: operator() };
    if (asks) wish.text = this.part("text").value.trim();
    if (lasts) wish.for = this.part("period").value;
    const { key } = this.alarm;
    this.part("do").disabled = true;
    const problem = await this.ask(key, wish);
    this.part("do").disabled = false;
    this.part("problem").textContent = problem;
    if (!problem && this.alarm.key === key) this.root.close();
  }

  deeds() {
    const same = (a, b) => a.t === b.t && a.action === b.action && a.by === b.by;
    const later = this.alarm.deeds.filter((one) => !this.earlier.some((other) => same(one, other)));
    const all = [...this.earlier, ...later].sort((a, b) => b.t - a.t);
    this.part("deeds").replaceChildren(...all.map((deed) => el("li", "", {}, el("time", "", { title: full(deed.t) }, when(deed.t)), ` ${told(deed, hour)}`)));
    this.part("nothing").textContent = this.forgetful
      ? "What was done earlier cannot be read now."
      : all.length ? "" : "Nothing so far.";
  }
}

function facts(alarm, unit) {
  const { since, ...values } = alarm.values;
  const raised = `${full(alarm.raised)} (${ago(Date.now() - alarm.raised)} ago)`;
  return [
    ["Raised", raised],
    typeof since === "number" && since < alarm.raised ? ["Seen since", full(since)] : null,
    alarm.cleared ? ["Over since", full(alarm.cleared)] : null,
    alarm.acknowledged ? ["Acknowledged", `${full(alarm.acknowledged.at)} by ${alarm.acknowledged.by}`] : null,
    alarm.until ? ["Shelved until", full(alarm.until)] : null,
    alarm.work_order ? ["Work order", alarm.work_order] : null,
    alarm.cause ? ["Because of", alarm.cause] : null,
    ...Object.entries(values).map(([name, value]) => [words(name), `${plain(value, unit(alarm, name))} ${unit(alarm, name)}`.trim()]),
  ].filter(Boolean);
}
