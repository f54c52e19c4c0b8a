// The page: takes in the live stream, keeps what it said, and lets each part draw its share.
//
// The stream brings one snapshot and then differences of the same shape. Devices are merged point
// by point; alarms are replaced. Nothing here decides what is an alarm or what is stale: the
// console does, and the page shows it.

import { Alarms } from "./alarms.js";
import * as horn from "./horn.js";
import { introduce, operator } from "./operator.js";
import { Sheet } from "./sheet.js";
import { KINDS, mark, needsAttention, paint } from "./tiles.js";
import { Trend } from "./trend.js";
import { SEVERITIES, ago, badge, compare, el, full, hour, plain, unitOf, when, words } from "./text.js";

const SILENCE = 12_000; // ms without a word from the console before the page calls itself old
const RECENT = 100;
const LONG_AGO = 1e12; // ms: a whole number beyond it is a moment of our time

const $ = (id) => document.getElementById(id);
const devices = new Map();
const gateways = new Map();
const tiles = new Map();
const inView = new Set();
let recent = [];
let heard = 0; // when the console last spoke, by this machine's clock
let skew = 0; // the console's clock minus this machine's
let broker = true;
let leftOut = 0;
let alive = false; // the first snapshot is no news

const now = () => Date.now() + skew;
const trend = new Trend({ title: $("trend-title"), figure: $("figure"), about: $("about"), chart: $("chart"), spans: $("spans"), points: $("points") });
const alarms = new Alarms($("alarms"), {
  clock: now,
  choose: (key) => choose(devices.get(key), true),
  open: (alarm, action) => sheet.open(alarm, action),
  due: (alarm) => { if (alive) speak(alarm); },
});
const sheet = new Sheet($("sheet"), {
  ask: (key, wish) => alarms.ask(key, wish),
  explained: (alarm) => alarms.explained(alarm),
  named: () => { $("operator").value = operator(); },
  unit: ({ subject }, name) => (devices.has(subject) ? unitOf(devices.get(subject), name) : ""),
});

// The stream

function listen() {
  const stream = new EventSource("/events");
  stream.addEventListener("snapshot", (event) => { forget(); take(JSON.parse(event.data)); sift(); alive = true; });
  stream.addEventListener("difference", (event) => take(JSON.parse(event.data)));
  stream.addEventListener("pulse", (event) => hear(JSON.parse(event.data)));
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  });
}

function hear(body) {
  heard = Date.now();
  skew = body.now - heard;
  broker = body.broker;
  breathe();
}

function forget() {
  for (const known of [devices, gateways, tiles, inView]) known.clear();
  eye.disconnect();
  recent = [];
  alarms.clear();
  $("kinds").replaceChildren();
}

function take(body) {
  hear(body);
  leftOut = body.left_out;
  for (const gateway of body.gateways) gateways.set(gateway.key, gateway);
  for (const key of body.gone?.devices ?? []) dismiss(key);
  for (const key of body.gone?.alarms ?? []) { alarms.remove(key); sheet.update(key, null); }
  for (const device of body.devices) merge(device);
  for (const alarm of body.alarms) { alarms.update(alarm, now()); sheet.update(alarm.key, alarm); }
  if (body.recent.length) tell(body.recent);
  alarms.arrange(now());
  if (!trend.device && devices.size) choose(firstLook());
  summarise();
}

function merge(news) {
  const before = devices.get(news.key);
  const device = before ? { ...before, ...news, points: { ...before.points, ...news.points } } : news;
  if (!device.kind) return; // a difference for a device whose card has not come: the card will
  devices.set(news.key, device);
  show(tileOf(device), device);
  if (trend.device?.key === device.key) {
    trend.device = device;
    trend.update(device, now());
  }
}

function dismiss(key) {
  devices.delete(key);
  tiles.get(key)?.remove();
  tiles.delete(key);
}

// Devices

function show(tile, device) {
  mark(tile, device, now());
  if (inView.has(device.key)) paint(tile, device, now());
}

// Only tiles on the screen, or about to be, are drawn: a district has thousands.
const eye = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const { key } = target.dataset;
    if (isIntersecting && devices.has(key)) {
      inView.add(key);
      paint(target, devices.get(key), now());
    } else inView.delete(key);
  }
}, { rootMargin: "300px" });

function tileOf(device) {
  const known = tiles.get(device.key);
  if (known?.dataset.kind === device.kind) return known;
  known?.remove();
  const tile = el("button", "tile", { type: "button", "data-key": device.key, "data-kind": device.kind });
  const shelf = shelfOf(device.kind);
  shelf.insertBefore(tile, shelf.children[rank(device.key, shelf.children)] ?? null);
  tile.classList.toggle("chosen", device.key === trend.device?.key); // also after a reconnection
  tiles.set(device.key, tile);
  eye.observe(tile);
  return tile;
}

/** Where a key belongs among tiles that are in order. */
function rank(key, others) {
  let [low, high] = [0, others.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compare(others[middle].dataset.key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function shelfOf(kind) {
  const order = Object.keys(KINDS);
  const shown = order.includes(kind) ? kind : "other";
  let section = $("kinds").querySelector(`[data-kind="${shown}"].kind`);
  if (!section) {
    section = el("div", "kind", { "data-kind": shown }, el("h3", "", {}, KINDS[shown], el("span")), el("div", "tiles"));
    const after = [...$("kinds").children].find((other) => order.indexOf(other.dataset.kind) > order.indexOf(shown));
    $("kinds").insertBefore(section, after ?? null);
  }
  return section.querySelector(".tiles");
}

function firstLook() {
  const all = [...devices.values()];
  return all.find((device) => device.kind === "feeder") ?? all[0];
}

function choose(device, scroll = false) {
  if (!device) return;
  tiles.get(trend.device?.key)?.classList.remove("chosen");
  tiles.get(device.key)?.classList.add("chosen");
  trend.choose(device);
  if (scroll && matchMedia("(max-width: 1099px)").matches) $("trend").scrollIntoView({ behavior: "smooth" });
}

function sift() {
  const asked = $("find").value.trim().toLowerCase();
  for (const [key, tile] of tiles) {
    const device = devices.get(key);
    tile.hidden = !key.toLowerCase().includes(asked) || ($("only").checked && !needsAttention(device));
  }
  for (const section of $("kinds").children) {
    const inside = [...section.querySelectorAll(".tile")];
    section.hidden = inside.every((tile) => tile.hidden);
    const odd = inside.filter((tile) => needsAttention(devices.get(tile.dataset.key))).length;
    section.querySelector("h3 span").textContent = odd ? `${inside.length}, ${odd} needing attention` : `${inside.length}`;
  }
}

// The bar, the counts, the recent list

function summarise() {
  const { active, ordered, waiting, pending, aside, seen } = alarms.counts(now());
  $("tally").replaceChildren(...SEVERITIES.map((severity) => {
    const count = active.filter((alarm) => alarm.severity === severity).length;
    return el("li", count ? "" : "none", { title: `${severity}: ${count}` }, badge(severity), String(count));
  }));
  $("alarms-aside").textContent = [
    active.length ? `${active.length} active` : "",
    waiting ? `${waiting} to acknowledge` : "",
    ordered ? `${ordered} with a work order` : "",
  ].filter(Boolean).join(" · ");
  for (const [what, count, text] of [["pending", pending, "pending"], ["aside", aside, "set aside"]]) {
    $(`show-${what}`).hidden = !count;
    if ($(`show-${what}`).textContent !== `${count} ${text}`) $(`show-${what}`).textContent = `${count} ${text}`;
  }
  $("no-alarms").hidden = seen > 0;
  $("alarms").hidden = seen === 0;
  $("no-devices").hidden = devices.size > 0;
  const online = [...gateways.values()].filter((gateway) => gateway.online).length;
  $("gateways").textContent = `${online} of ${gateways.size} online`;
  $("gateways").classList.toggle("bad", online < gateways.size);
  const well = [...devices.values()].filter((device) => device.condition === "ok").length;
  $("devices-count").textContent = `${well} of ${devices.size} answering`;
  const sites = [...new Set([...gateways.values()].map((gateway) => gateway.site))].sort();
  $("site").textContent = sites.length > 3 ? `${sites.length} sites` : sites.join(", ");
  document.title = `${waiting ? `(${waiting}) ` : ""}${sites.length === 1 ? `${sites[0]} · ` : ""}Wayside`;
}

function tell(news) {
  recent = recent.concat(news).sort((a, b) => b.t - a.t).slice(0, RECENT);
  $("recent").replaceChildren(...recent.map((one) => {
    const extra = one.code ? (one.what === "raised" || !one.severity ? one.text : "") : figures(one.values);
    const over = one.what === "raised" ? "" : "over";
    return el("li", "", {},
      el("time", "", { title: full(one.t) }, when(one.t)),
      one.severity ? badge(one.severity, `small ${over}`) : el("span"),
      el("span", "", {}, el("b", "", {}, one.device), ` ${[words(one.code), words(one.what)].filter(Boolean).join(": ")}`,
        extra ? el("small", "", {}, extra) : null));
  }));
}

/** What an event says: its own sentence if it has one, else its figures. */
function figures(values) {
  const sentence = values.message ?? values.text;
  if (typeof sentence === "string") return values.until ? `${sentence}: over` : sentence;
  const shown = (value) => (Number.isInteger(value) && value > LONG_AGO ? when(value) : plain(value));
  return Object.entries(values).map(([name, value]) => `${words(name)} ${shown(value)}`).join(", ");
}

/** For those who do not look: an alarm is due. */
function speak(alarm) {
  horn.ring(alarm.severity, Date.now());
  $("spoken").textContent = `${alarm.severity}: ${alarm.device}, ${words(alarm.code)}. ${alarm.message}`;
}

/** Once a second, and whenever the console speaks: how old is what we show? */
function breathe() {
  const newest = Math.max(0, ...[...devices.values()].map((device) => device.t ?? 0));
  $("freshness").textContent = newest ? `${ago(now() - newest)} ago` : "–";
  $("clock").textContent = hour(Date.now());
  const deaf = heard > 0 && Date.now() - heard > SILENCE;
  document.body.classList.toggle("deaf", deaf);
  const trouble = deaf
    ? `No word from the console since ${hour(heard)}. What you see is old.`
    : !broker ? "The console has lost its broker. What you see may be old."
      : leftOut ? `This page is full: ${leftOut} messages about further devices or alarms are not shown.` : "";
  $("trouble").textContent = trouble;
  $("trouble").hidden = !trouble;
}

$("kinds").addEventListener("click", (event) => {
  const tile = event.target.closest(".tile");
  if (tile) choose(devices.get(tile.dataset.key), true);
});
alarms.show("pending", $("show-pending").getAttribute("aria-pressed") === "true"); // a demo hides nothing
$("folds").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const shown = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(shown));
  alarms.show(button.id.replace("show-", ""), shown);
  summarise();
});
$("sheet").addEventListener("close", () => alarms.focus(sheet.alarm.key));
$("sound").checked = horn.armed();
$("sound").addEventListener("change", (event) => horn.arm(event.target.checked));
for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, horn.allow);
$("operator").value = operator();
$("operator").addEventListener("change", (event) => introduce(event.target.value));
$("find").addEventListener("input", sift);
$("only").addEventListener("change", sift);
setInterval(() => {
  breathe();
  if (alarms.tick(now())) summarise();
  horn.remind(alarms.gravest(now()), Date.now());
  for (const [key, tile] of tiles) if (devices.get(key).condition !== "ok") show(tile, devices.get(key));
  trend.describe(now());
  sift();
}, 1000);
listen();
