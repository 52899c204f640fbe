// Builds elements. Text is always text: nothing that an event or a log contains can become markup.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  add(element, children);
  return element;
}

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

let ids = 0;
export const fresh = (name) => `${name}-${++ids}`;

// A table that a screen reader can name; wide ones scroll on their own, and by keyboard.
export function table(caption, heads, rows, more = {}) {
  return h("div", { class: `scroll ${more.class ?? ""}`, tabindex: "0", role: "region", "aria-label": caption },
    h("table", {},
      h("caption", { class: more.shown ? "" : "unseen" }, caption),
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, cell)))))));
}

export function pairs(rows) {
  return h("dl", { class: "pairs" }, rows
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

// A bar beside its number, which says the same to those who do not see it.
export function bar(share, kind = "blue") {
  const element = h("span", { class: `share ${kind}`, "aria-hidden": "true" }, h("span", {}));
  element.firstChild.style.width = `${Math.round(Math.max(0, Math.min(1, share)) * 100)}%`;
  return element;
}

export const code = (text) => h("code", {}, text);
export const empty = (title, ...text) => h("div", { class: "empty" }, h("p", { class: "title" }, title), h("p", {}, ...text));
export const tag = (text, kind = "") => h("span", { class: `tag ${kind}` }, text);

export function problem(error) {
  return h("div", { class: "notice bad", role: "alert" },
    h("p", {}, h("strong", {}, error.cause ?? String(error))),
    error.nextStep ? h("p", {}, "Next: ", code(error.nextStep)) : null);
}

// Loads something into a place: says so while it loads, and shows what went wrong.
export async function load(place, ask, show) {
  if (!place.hasChildNodes()) fill(place, h("p", { class: "loading", role: "status" }, "Loading …"));
  place.setAttribute("aria-busy", "true");
  try {
    const answer = await ask();
    fill(place, show(answer));
  } catch (error) {
    fill(place, problem(error));
  }
  place.removeAttribute("aria-busy");
}
