// Numbers and times as people read them.

const few = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
export const number = (value) => (value === null || value === undefined ? "–" : few.format(value));

// Four digits, for figures that may be of any size.
export const digits = (value) => (typeof value === "number" ? value.toPrecision(4) : "–");

// A fraction as a percentage; with its sign where that matters.
export function percent(value, signed = false) {
  if (value === null || value === undefined) return "–";
  const text = `${(value * 100).toFixed(Math.abs(value) < 0.1 ? 2 : 1)} %`;
  return signed && value > 0 ? `+${text}` : text;
}

export function rate(value) {
  if (!value) return "0";
  return value < 10 ? value.toFixed(1) : few.format(Math.round(value));
}

export function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 10) return `${value.toFixed(1)} ms`;
  if (value < 1000) return `${Math.round(value)} ms`;
  return value < 120_000 ? `${(value / 1000).toFixed(1)} s` : `${Math.round(value / 60_000)} min`;
}

export function clock(seconds) {
  const at = new Date(seconds * 1000);
  const two = (part) => String(part).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

export const count = (n, one, many = `${one}s`) => `${few.format(n)} ${n === 1 ? one : many}`;
