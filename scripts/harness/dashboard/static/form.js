// The form for one event, made from the pipeline's sample; or its JSON.

import { fill, fresh, h } from "./dom.js";

export function form(stack, send) {
  const samples = stack.samples?.length ? stack.samples : [{}];
  let sample = samples[0], event = {}, raw = false;
  const fields = h("div", { class: "fields" });
  const text = h("textarea", { id: "raw", rows: "10", spellcheck: "false", "aria-describedby": "raw-hint" });
  const body = h("div", {});
  const buttons = ["Form", "JSON"].map((name) => h("button", { type: "button", "aria-pressed": String(name === "Form"), onclick: () => show(name === "JSON") }, name));

  function show(asJson) {
    if (asJson && !raw) text.value = JSON.stringify(event, null, 2);
    if (!asJson && raw) event = parsed(text.value) ?? event;
    raw = asJson;
    buttons.forEach((button, number) => button.setAttribute("aria-pressed", String((number === 1) === raw)));
    if (raw) fill(body, h("label", { for: "raw" }, "Event"), text, h("p", { class: "hint", id: "raw-hint" }, "It is sent as it is here, valid or not."));
    else fill(body, fill(fields, inputs(event, [], event)));
  }

  function startOver() {
    event = withNewId(structuredClone(sample), stack.id_in);
    raw = false;
    show(false);
  }

  startOver();
  return h("form", { class: "card", "aria-labelledby": "send-title", onsubmit: async (submit) => {
    submit.preventDefault();
    await send(raw ? text.value : JSON.stringify(event));
    event = withNewId(event, stack.id_in);
    if (!raw) show(false);
  } },
    h("div", { class: "head" }, h("h2", { id: "send-title" }, "Send an event"), h("div", { class: "choice", role: "group", "aria-label": "How to write it" }, buttons)),
    samples.length > 1 ? h("div", { class: "field" }, h("label", { for: "sample" }, "Sample"), h("select", { id: "sample", onchange: (change) => { sample = samples[change.target.value]; startOver(); } },
      samples.map((_, number) => h("option", { value: String(number) }, `${number + 1} of ${samples.length}`)))) : null,
    body,
    h("div", { class: "row end" },
      h("button", { type: "button", class: "plain", onclick: startOver }, "Start over"),
      h("button", { type: "submit", class: "primary" }, "Send")));
}

function parsed(text) {
  try {
    const found = JSON.parse(text);
    return found && typeof found === "object" && !Array.isArray(found) ? found : null;
  } catch {
    return null;
  }
}

function inputs(value, path, root) {
  return Object.entries(value).map(([name, inner]) => {
    const here = [...path, name];
    if (inner && typeof inner === "object" && !Array.isArray(inner)) {
      return h("fieldset", {}, h("legend", {}, name), inputs(inner, here, root));
    }
    const id = fresh("field");
    return h("div", { class: "field" }, h("label", { for: id }, name), input(id, inner, (changed) => put(root, here, changed)));
  });
}

function put(root, path, value) {
  const place = path.slice(0, -1).reduce((inner, key) => inner[key], root);
  place[path.at(-1)] = value;
}

function input(id, value, changed) {
  if (typeof value === "boolean") return h("input", { id, type: "checkbox", checked: value, onchange: (change) => changed(change.target.checked) });
  if (typeof value === "number") return h("input", { id, type: "number", step: "any", value: String(value), onchange: (change) => changed(Number(change.target.value)) });
  if (typeof value === "string") return h("input", { id, type: "text", value, onchange: (change) => changed(change.target.value) });
  return h("input", { id, type: "text", value: JSON.stringify(value), onchange: (change) => {
    try { changed(JSON.parse(change.target.value)); } catch { changed(change.target.value); }
  } });
}

// An id of its own for each event, where the id is at a plain path; of the sample's type.
function withNewId(event, idIn) {
  const keys = (idIn ?? "").split(".");
  if (!keys.every((key) => /^\w+$/.test(key))) return event;
  const copy = structuredClone(event);
  const place = keys.slice(0, -1).reduce((inner, key) => inner?.[key], copy);
  if (!place || !(keys.at(-1) in place)) return event;
  place[keys.at(-1)] = typeof place[keys.at(-1)] === "number" ? Date.now() : `page-${Date.now().toString(36)}`;
  return copy;
}
