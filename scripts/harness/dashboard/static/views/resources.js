// What Terraform made, and what the emulator does with each attribute.

import { get } from "../api.js";
import { code, empty, fill, h, load, table, tag } from "../dom.js";
import { count } from "../format.js";

const KINDS = { enforced: "good", emulated: "", ignored: "bad" };

export default function resources(place) {
  const list = h("div", {});
  const filter = h("input", { id: "filter", type: "search", autocomplete: "off", oninput: () => {
    list.querySelectorAll("details[data-words]").forEach((each) => { each.hidden = !each.dataset.words.includes(filter.value.toLowerCase()); });
  } });
  fill(place,
    h("p", { class: "hint" }, tag("enforced", "good"), " a probe has seen the effect that AWS documents. ", tag("emulated"), " it is stored and read back. ", tag("ignored", "bad"),
      " it has no effect here. Attributes without a mark were not measured."),
    h("div", { class: "row" }, h("label", { for: "filter" }, "Resources with"), filter), list);
  load(list, () => get("resources"), show);
}

function show(answer) {
  if (!answer.length) return empty("Nothing", "Terraform's state is empty.");
  return answer.map((each) => {
    const marks = each.attributes.filter((attribute) => attribute.class);
    const details = h("details", { class: "card", "data-words": `${each.address} ${each.arn ?? ""}`.toLowerCase() },
      h("summary", {}, h("span", { class: "address" }, each.address), h("span", { class: "hint" }, marks.length ? `${count(marks.filter((one) => one.class.startsWith("enforced")).length, "attribute")} of ${marks.length} enforced` : "")),
      each.arn ? h("p", { class: "event-id" }, code(each.arn)) : null);
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length < 4 && !details.querySelector("table")) {
        details.append(table(`Attributes of ${each.address}`, ["attribute", "value", "here", "what was seen"], each.attributes.map((attribute) => [
          attribute.name, attribute.value === null ? tag("hidden", "warn") : code(attribute.value), attribute.class ? tag(attribute.class, KINDS[attribute.class] ?? "") : "", attribute.seen])));
      }
    });
    return details;
  });
}
