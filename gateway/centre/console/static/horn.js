// The horn: tones when a critical or major alarm is due, and again until somebody takes notice.
//
// Off until a person turns it on; this browser remembers that. Browsers let a page sound only after
// a press of a key or a finger, so after a reload the horn waits for the first one.

const KEY = "wayside.sound";
const AGAIN = 20_000; // ms between two reminders
const TONES = { critical: [880, 660, 880, 660], major: [660, 660] };
const LENGTH = 0.18; // s

let wanted = false;
let context = null;
let last = 0;
try {
  wanted = localStorage.getItem(KEY) === "on";
} catch { /* silent until turned on */ }

export const armed = () => wanted;

/** Turn it on or off; a sound says that it is on. */
export function arm(on) {
  wanted = on;
  try {
    localStorage.setItem(KEY, on ? "on" : "off");
  } catch { /* for this visit only */ }
  if (on) allow();
  if (on) play([660]);
}

/** A person has touched the page: from now on it may sound. */
export function allow() {
  if (!wanted) return;
  context ??= new AudioContext();
  context.resume();
}

/** An alarm of this severity is due. */
export function ring(severity, now) {
  if (!TONES[severity]) return;
  last = now;
  play(TONES[severity]);
}

/** The gravest that nobody has taken notice of, if any: a reminder now and then. */
export function remind(severity, now) {
  if (now - last >= AGAIN) ring(severity, now);
}

function play(tones) {
  if (!wanted || !context) return;
  tones.forEach((pitch, place) => {
    const tone = context.createOscillator();
    const loud = context.createGain();
    const begin = context.currentTime + place * LENGTH;
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0.2, begin);
    loud.gain.exponentialRampToValueAtTime(0.001, begin + LENGTH);
    tone.connect(loud).connect(context.destination);
    tone.start(begin);
    tone.stop(begin + LENGTH);
  });
}
