// Words, figures and elements. Everything a device or a person wrote enters the page as text.

export const SEVERITIES = ["critical", "major", "minor", "warning"];

/** An element with a class, attributes and children; strings become text, never markup. */
export function el(tag, className = "", attributes = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A severity's badge: its colour, its shape, and its number from 1 (gravest). */
export function badge(severity, extra = "") {
  const rank = SEVERITIES.indexOf(severity) + 1;
  return el("i", `sev ${severity} ${extra}`, { title: severity, role: "img", "aria-label": severity }, String(rank));
}

const DIGITS = { V: 1, A: 2, W: 0, kW: 2, kWh: 1, "%": 0, "°C": 1, "°": 1, mm: 0, lx: 0, mA: 0, Hz: 2, s: 0, h: 0, MB: 0, B: 0 };
const formats = new Map();

function number(value, digits) {
  if (!formats.has(digits)) {
    formats.set(digits, new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  }
  return formats.get(digits).format(value);
}

/** A value as people read it, without its unit. */
export function plain(value, unit = "") {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value !== "number") return String(value).replaceAll("_", " ");
  const digits = DIGITS[unit] ?? (Number.isInteger(value) ? 0 : 2);
  return number(value, digits === 0 && value !== 0 && Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : digits);
}

/** A point's figure with its unit as an element; a doubtful one carries a question mark. */
export function figure(device, name, className = "") {
  const point = device.points[name];
  if (point === undefined) return null;
  const unit = unitOf(device, name);
  const made = el("span", className, {}, plain(point.v, unit));
  if (point.q === "uncertain") made.classList.add("doubt");
  if (point.q) made.title = point.why ? `${point.q}: ${point.why}` : point.q;
  if (unit && typeof point.v === "number") made.append(el("span", "unit", {}, unit));
  return made;
}

/** The unit a device's card gives a point. */
export function unitOf(device, name) {
  return device.card?.points[name]?.unit ?? "";
}

/** A name as people say it: "voltage_l1" → "voltage L1". */
export function words(name) {
  return name.replaceAll("_", " ").replace(/\bl([123])\b/g, "L$1");
}

/** Names as people sort them: lamp-9 before lamp-10. */
export const { compare } = new Intl.Collator("en", { numeric: true });

/** How long ago, in the largest unit that says something. */
export function ago(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

export const hour = (t) => clock.format(t);
/** The time of day, or the date of what did not happen today. */
export const when = (t) => (day.format(t) === day.format(Date.now()) ? hour(t) : day.format(t));
export const full = (t) => moment.format(t);
