// Who sits here: a name, asked once and remembered by this browser. It goes with every action.

const KEY = "wayside.operator";
let known = "";
try {
  known = localStorage.getItem(KEY) ?? "";
} catch { /* a browser that keeps nothing asks again next time */ }

export const operator = () => known;

export function introduce(name) {
  known = name.trim();
  try {
    localStorage.setItem(KEY, known);
  } catch { /* known until the page is closed */ }
}
