// The last hour, one point per second, as the server streams it.

const KEPT = 3600;
const listeners = new Set();
export const hour = { points: [], totals: {}, connected: null };

export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = () => listeners.forEach((listener) => listener(hour));

export function connect() {
  const source = new EventSource("/api/live");
  source.addEventListener("hour", (message) => {
    Object.assign(hour, JSON.parse(message.data), { connected: true });
    tell();
  });
  source.addEventListener("point", (message) => {
    const { point, totals } = JSON.parse(message.data);
    hour.points.push(point);
    if (hour.points.length > KEPT) hour.points.shift();
    hour.totals = totals;
    tell();
  });
  source.addEventListener("error", () => {
    hour.connected = false;
    tell();
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2000);
  });
}

export const last = () => hour.points[hour.points.length - 1] ?? null;

// The points of the last seconds before the newest one.
export function recent(seconds) {
  const end = last()?.at ?? 0;
  return hour.points.filter((point) => point.at > end - seconds);
}

export const sum = (points, name) => points.reduce((total, point) => total + (point[name] ?? 0), 0);
export const mean = (points, name) => (points.length ? sum(points, name) / points.length : 0);
export const newest = (points, name) => points.findLast((point) => point[name] !== null && point[name] !== undefined)?.[name] ?? null;
export const largest = (points, name) => points.reduce((most, point) => (point[name] > (most ?? -1) ? point[name] : most), null);
