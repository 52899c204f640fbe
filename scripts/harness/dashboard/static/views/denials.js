// What IAM refused.

import { get } from "../api.js";
import { code, empty, fill, h, load, table, tag } from "../dom.js";
import { number } from "../format.js";

export default function denials(place) {
  const list = h("div", {});
  const refresh = () => load(list, () => get("denials"), show);
  fill(place, h("div", { class: "row end" }, h("button", { type: "button", onclick: refresh }, "Refresh")), list);
  refresh();
}

function show({ mode, denials: found }) {
  if (mode === "off") return empty("Nothing is checked", "This stack was started with ", code("IAM_ENFORCEMENT=off"), ".");
  if (!found.length) return empty("Nothing was refused", "since LocalStack's start (", code(`IAM_ENFORCEMENT=${mode}`), ").");
  return table("Requests that IAM does not allow, newest first", ["last", "action", "resource", "who", "times", "why"], found.map((each) => [
    each.last.slice(11, 19), code(each.action), code(each.resource), code(each.principal), number(each.count),
    [each.refused ? tag("denied", "bad") : tag("served anyway", "warn"), " ", each.explanation]]), { shown: true });
}
