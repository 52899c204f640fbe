// Faults: switch one on, watch the pipeline, switch it off.

import { get, post } from "../api.js";
import { fill, h, load, problem } from "../dom.js";
import { count } from "../format.js";

const REFRESH_MS = 2000;

export default function faults(place) {
  const message = h("div", { role: "status" }), list = h("ul", { class: "cards faults" }), note = h("div", {});
  let timer = 0, ended = false;

  async function turn(fault, button) {
    button.disabled = true;
    try {
      show(await post("faults", { name: fault.name, on: !fault.on }));
      fill(message, h("p", { class: "unseen" }, `${fault.name} is ${fault.on ? "off" : "on"}`));
    } catch (error) {
      fill(message, problem(error));
      button.disabled = false;
    }
  }

  function show(found) {
    const focused = document.activeElement?.dataset?.fault;
    fill(list, found.map((fault) => h("li", { class: `card ${fault.on ? "on" : ""}` },
      h("div", { class: "head" }, h("h2", {}, fault.name), h("button", { type: "button", role: "switch", "aria-checked": String(fault.on), "aria-label": fault.name, "data-fault": fault.name, onclick: (click) => turn(fault, click.currentTarget) }, h("span", { "aria-hidden": "true" }, fault.on ? "on" : "off"))),
      h("p", {}, fault.about), fault.on ? h("p", { class: "hint" }, `struck ${count(fault.struck, "time")}`) : null)));
    if (focused) list.querySelector(`[data-fault="${focused}"]`)?.focus();
    const on = found.filter((fault) => fault.on);
    fill(note, on.length ? h("p", { class: "notice" }, h("strong", {}, `${count(on.length, "fault")} on.`), " Send events and watch ", h("a", { href: "#/pipeline" }, "the pipeline"), ".") : null);
    return list;
  }

  async function refresh() {
    if (ended) return;
    try {
      show(await get("faults"));
    } catch (error) {
      fill(note, problem(error));
    }
    timer = setTimeout(refresh, REFRESH_MS);
  }

  const first = h("div", {});
  fill(place, h("p", { class: "hint" }, "A fault stays on until you switch it off. Events that fail longer than the mapping retries go to the failed events."), message, note, first);
  load(first, () => get("faults"), show).then(() => { timer = setTimeout(refresh, REFRESH_MS); });
  return () => { ended = true; clearTimeout(timer); };
}
