// What each kind of device shows of itself: a tile that tells its state at a glance.

import { ago, badge, el, figure, plain, unitOf, words } from "./text.js";

/** Sections in the order an operations centre looks at them. */
export const KINDS = {
  signal: "Traffic signals",
  feeder: "Feeder pillars",
  lamp: "Street lamps",
  bin: "Waste bins",
  other: "Other devices",
  gateway: "Gateways",
};

/** The point a device's curve shows first. */
export const MAIN_POINT = {
  lamp: "power", feeder: "power", signal: "cycle_time", bin: "fill_level", gateway: "queue_records",
};

// Which of a head's three lights an aspect lights, and whether they flash.
const ASPECTS = {
  dark: "", red: "red", red_yellow: "red yellow", green: "green", yellow: "yellow",
  green_flash: "green flash", yellow_flash: "yellow flash", red_flash: "red flash",
};

/** Tell a tile how its device is; cheap enough for thousands that nobody looks at. */
export function mark(tile, device, now) {
  tile.dataset.condition = device.condition;
  tile.setAttribute("aria-label", [device.id, device.alarm ?? "", spoken(device, now)].join(" "));
  if (device.alarm) tile.dataset.severity = device.alarm;
  else delete tile.dataset.severity;
}

/** Draw what is inside a tile. */
export function paint(tile, device, now) {
  const narrow = device.kind === "lamp"; // says in its body what the others say in their head
  const said = device.condition === "ok" ? null : el("em", "", {}, spoken(device, now));
  const corner = el("span", "mark", {}, narrow ? null : said);
  if (device.alarm) corner.append(badge(device.alarm, "small"));
  const name = el("span", "name", {}, narrow ? glyph(device) : null, el("b", "", {}, device.id), corner);
  const body = said && narrow ? [said] : (BODIES[device.kind] ?? general)(device);
  tile.replaceChildren(name, ...body.filter(Boolean));
}

/** A device's condition in words, and for how long. */
export function spoken(device, now) {
  if (device.condition === "ok") return "";
  const since = device.t ?? device.silent_since;
  if (device.condition === "waiting" || !since) return device.condition;
  return `${device.condition} ${ago(now - since)}`;
}

/** Whether a person should look at it. */
export function needsAttention(device) {
  return device.alarm !== null || device.condition === "silent" || device.condition === "stale";
}

const value = (device, name) => device.points[name]?.v;

function glyph(device) {
  const power = value(device, "power");
  const rated = device.card?.ratings?.rated_power ?? 100;
  const lit = power === undefined ? value(device, "switch_state") : power > 5;
  const made = el("i", lit ? "glyph lit" : "glyph");
  if (lit && power !== undefined) made.style.setProperty("--level", Math.min(1, Math.max(0.25, power / rated)).toFixed(2));
  return made;
}

const BODIES = {
  lamp: (device) => [el("span", "values", {}, figure(device, "power", "lead"), figure(device, "voltage"))],

  feeder(device) {
    const legend = (text, kind = "") => el("span", `legend ${kind}`, {}, text);
    const phase = (point) => [1, 2, 3].map((n) => figure(device, `${point}_l${n}`) ?? el("span", "", {}, "–"));
    const contactor = value(device, "contactor_state");
    const notes = [
      contactor === undefined ? null : `contactor ${contactor ? "on" : "off"}`,
      value(device, "door_open") ? "door open" : null,
      value(device, "on_battery") ? "on battery" : null,
    ];
    return [
      el("span", "values", {}, total(device), figure(device, "energy")),
      el("span", "phases", {},
        legend(""), legend("L1"), legend("L2"), legend("L3"),
        legend("Voltage", "row"), ...phase("voltage"), legend("Current", "row"), ...phase("current")),
      el("span", "note", {}, notes.filter(Boolean).join(" · ")),
    ];
  },

  signal(device) {
    const groups = Object.keys(device.points).filter((name) => /^group_\d+$/.test(name));
    groups.sort((a, b) => a.slice(6) - b.slice(6));
    const cycle = value(device, "cycle_time");
    const notes = [
      plain(value(device, "mode")),
      value(device, "plan") === undefined ? null : `plan ${value(device, "plan")}`,
      cycle === undefined ? null : `cycle ${plain(cycle, "s")} s`,
      value(device, "preempt") ? "pre-empted" : null,
      value(device, "door_open") ? "door open" : null,
      value(device, "on_battery") ? "on battery" : null,
    ];
    return [
      el("span", "heads", {}, ...groups.map((name) => head(device, name))),
      el("span", "note", {}, notes.filter(Boolean).join(" · ")),
    ];
  },

  bin(device) {
    const level = el("span", "level", {}, el("i"));
    const fill = value(device, "fill_level");
    if (typeof fill === "number") level.style.setProperty("--level", Math.min(100, Math.max(0, fill)));
    const lid = value(device, "lid_open") ? el("span", "note", {}, "lid open") : null;
    return [el("span", "values", {}, figure(device, "fill_level", "lead"), figure(device, "temperature"), lid), level];
  },

  gateway: (device) => [labelled(device, { queue_records: "queued", cpu_temperature: "CPU", load: "load", rss: "memory", disk_free: "disk free" })],
};

function general(device) {
  const names = Object.keys(device.points).filter((name) => typeof value(device, name) === "number").slice(0, 4);
  return [labelled(device, Object.fromEntries(names.map((name) => [name, words(name)])))];
}

function labelled(device, labels) {
  const known = Object.entries(labels).filter(([name]) => device.points[name]);
  return el("span", "values", {}, ...known.map(([name, label]) => el("span", "", {}, el("span", "note", {}, `${label} `), figure(device, name))));
}

function total(device) {
  const power = value(device, "power");
  if (typeof power !== "number" || unitOf(device, "power") !== "W") return figure(device, "power", "lead");
  return el("span", "lead", {}, plain(power / 1000, "kW"), el("span", "unit", {}, "kW"));
}

function head(device, name) {
  const aspect = value(device, name);
  const lit = (ASPECTS[aspect] ?? "").split(" ");
  const flash = lit.includes("flash") ? " flash" : "";
  const lamps = ["red", "yellow", "green"].map((colour) => el("i", lit.includes(colour) ? colour + flash : ""));
  const number = name.slice(6);
  const label = `group ${number}: ${plain(aspect)}`;
  return el("figure", "", { title: label, role: "img", "aria-label": label }, el("div", "lamps", {}, ...lamps), number);
}
