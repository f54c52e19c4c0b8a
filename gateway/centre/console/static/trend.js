// One device's curve: its history from the store, going on live, and all its points beside it.

import { MAIN_POINT, spoken } from "./tiles.js";
import { el, figure, full, plain, unitOf, words } from "./text.js";

const SPANS = { "15 min": 900, "1 h": 3600, "6 h": 21600, "24 h": 86400, "7 d": 604800 };
const GAP = 30; // seconds without a value before the curve breaks, or five times the usual step
const LONGEST = 20_000; // values kept on the page

export class Trend {
  constructor(places) {
    this.at = places; // { title, figure, about, chart, spans, points }
    this.span = "15 min";
    this.device = null;
    this.point = null;
    this.t = [];
    this.v = [];
    this.asked = 0;
    this.under = null;
    for (const name of Object.keys(SPANS)) this.at.spans.append(el("button", "chip", { type: "button" }, name));
    this.at.spans.addEventListener("click", (event) => event.target.closest("button") && this.choose(this.device, this.point, event.target.textContent));
    this.at.points.addEventListener("click", (event) => {
      const chip = event.target.closest("button");
      if (chip) this.choose(this.device, chip.dataset.point, this.span);
    });
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(this.at.chart);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** Show a device, from its history on. */
  async choose(device, point = null, span = this.span) {
    if (!device) return;
    this.device = device;
    this.span = span;
    this.point = point ?? firstPoint(device);
    this.t = [];
    this.v = [];
    this.update(device, Date.now());
    this.draw();
    if (this.point) await this.load();
  }

  /** The chosen device has changed: its figures, and one more value for the curve. */
  update(device, now) {
    if (!this.point) this.point = firstPoint(device);
    const point = device.points[this.point];
    const value = typeof point?.v === "boolean" ? Number(point.v) : point?.v;
    const t = (device.t ?? 0) / 1000;
    if (typeof value === "number" && t > (this.t.at(-1) ?? 0)) {
      this.t.push(t);
      this.v.push(value);
      if (this.t.length > LONGEST) [this.t, this.v] = [this.t.slice(LONGEST / 2), this.v.slice(LONGEST / 2)];
      this.show();
    }
    this.describe(now);
  }

  describe(now) {
    const { device, at } = this;
    if (!device) return;
    at.title.textContent = device.id;
    const { under } = this;
    if (under) {
      const unit = unitOf(device, this.point);
      at.figure.replaceChildren(plain(under.value, unit), el("span", "unit", {}, unit));
    } else at.figure.replaceChildren(this.point ? figure(device, this.point) ?? "–" : "");
    const about = under ? [full(under.t)] : [this.point && words(this.point), device.card?.profile, spoken(device, now), device.why];
    at.about.textContent = about.filter(Boolean).join(" · ");
    for (const chip of at.spans.children) chip.setAttribute("aria-pressed", chip.textContent === this.span);
    at.points.replaceChildren(...Object.entries(device.points).map(([name, point]) => {
      const chip = el("button", "chip", { type: "button", "data-point": name, "aria-pressed": name === this.point },
        el("span", "", {}, words(name)), figure(device, name));
      chip.disabled = typeof point.v !== "number" && typeof point.v !== "boolean";
      return chip;
    }));
  }

  async load() {
    const turn = ++this.asked;
    const { device, point } = this;
    const to = Date.now();
    const address = `/api/devices/${device.key.split("/").map(encodeURIComponent).join("/")}/series`;
    const query = new URLSearchParams({ point, from: to - SPANS[this.span] * 1000, to: to + 60_000 });
    const answer = await fetch(`${address}?${query}`).catch(() => null);
    if (turn !== this.asked || !answer?.ok) return;
    const past = await answer.json();
    if (turn !== this.asked) return;
    const [t, v] = [past.t.map((ms) => ms / 1000), past.v];
    const newer = this.t.findIndex((one) => one > (t.at(-1) ?? 0));
    this.t = newer < 0 ? t : t.concat(this.t.slice(newer));
    this.v = newer < 0 ? v : v.concat(this.v.slice(newer));
    this.show();
  }

  /** Build the chart anew: another point, another theme. */
  draw() {
    this.plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const unit = this.device && this.point ? unitOf(this.device, this.point) : "";
    const axis = { stroke: colour("faint"), font: "11px Inter, sans-serif", grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
    this.plot = new uPlot({
      ...this.size(),
      legend: { show: false },
      cursor: { y: false, points: { size: 7 } },
      scales: { x: { range: () => this.window() }, y: { range: (_, low, high) => room(low, high, unit) } },
      axes: [
        { ...axis, space: 64, size: 28, values: (_, ticks, _axis, _space, step) => ticks.map((tick) => this.tick(tick, step)) },
        { ...axis, size: 56, values: (_, ticks) => ticks.map((tick) => `${plain(tick)} ${unit}`) },
      ],
      series: [{}, { stroke: colour("accent"), width: 1.5, fill: `${colour("accent")}18`, points: { show: false }, spanGaps: false }],
      hooks: { setCursor: [(plot) => this.hover(plot)] },
    }, this.broken(), this.at.chart);
  }

  show() {
    this.plot?.setData(this.broken());
  }

  /** The values with a hole wherever none came for long. */
  broken() {
    const usual = this.t.length > 2 ? (this.t.at(-1) - this.t[0]) / (this.t.length - 1) : 0;
    const longest = Math.max(GAP, 5 * usual);
    const t = [], v = [];
    this.t.forEach((at, n) => {
      if (n && at - this.t[n - 1] > longest) { t.push(at - 0.001); v.push(null); }
      t.push(at);
      v.push(this.v[n]);
    });
    return [t, v];
  }

  /** The time span; a history that is shorter fills the width, down to two minutes. */
  window() {
    const end = Math.max(Date.now() / 1000, this.t.at(-1) ?? 0);
    const known = Math.max(120, end - (this.t[0] ?? 0));
    return [end - Math.min(known, SPANS[this.span]), end];
  }

  size() {
    return { width: Math.max(200, this.at.chart.clientWidth), height: this.at.chart.clientHeight };
  }

  tick(seconds, step) {
    const time = { hour: "2-digit", minute: "2-digit" };
    const options = SPANS[this.span] > 86400 ? { weekday: "short", hour: "2-digit" } : step < 60 ? { ...time, second: "2-digit" } : time;
    return new Intl.DateTimeFormat("en-GB", options).format(seconds * 1000);
  }

  /** While the pointer is on the curve, the figure is the one under it. */
  hover(plot) {
    const at = plot.cursor.idx ?? null;
    const value = at === null ? null : plot.data[1][at];
    this.under = value === null ? null : { value, t: plot.data[0][at] * 1000 };
    this.describe(Date.now());
  }
}

function firstPoint(device) {
  const isNumber = (name) => typeof device.points[name]?.v === "number";
  const main = MAIN_POINT[device.kind];
  return isNumber(main) ? main : Object.keys(device.points).find(isNumber) ?? null;
}

/** A range that does not blow noise up to drama: at least 5 % of the value, percent from 0 to 100. */
function room(low, high, unit) {
  if (unit === "%") return [0, 100];
  if (low === null || high === null) return [0, 1];
  const least = Math.max(Math.abs(high) * 0.05, 1e-6);
  const pad = Math.max((high - low) * 0.1, (least - (high - low)) / 2);
  const bottom = low - pad;
  return [low >= 0 && bottom < 0 ? 0 : bottom, high + pad];
}
