// Failed events: why, what was in them, and back on the source stream.

import { get, post } from "../api.js";
import { code, empty, fill, h, load, problem, table, tag } from "../dom.js";
import { count } from "../format.js";
import { last, listen } from "../live.js";

export default function failed(place) {
  const message = h("div", { role: "status" });
  const list = h("div", {});
  let number = last()?.failed;

  const refresh = () => load(list, () => get("failed"), (answer) => show(answer, redrive));

  async function redrive(keys, button) {
    button.disabled = true;
    fill(message, h("p", { class: "loading" }, "Putting them back …"));
    try {
      const done = await post("failed/redrive", { keys });
      fill(message, h("p", { class: "notice good" }, `${count(done.events, "event")} put back on the source stream`,
        done.again ? `; ${done.again} had been put back before` : "", done.unreadable ? `; ${count(done.unreadable, "object")} left, which cannot be read` : "", "."));
    } catch (error) {
      fill(message, problem(error));
    }
    await refresh();
  }

  fill(place, message, list);
  refresh();
  return listen(() => {
    const now = last()?.failed;
    if (now !== number && now !== null) { number = now; refresh(); }
  });
}

function show(answer, redrive) {
  if (answer.bucket === null) return empty("This pipeline keeps no failed events", "Name the bucket of the mapping's on-failure destination in ", code("outputs.failed_events"), " of pipeline.toml.");
  const broken = answer.unreadable.map((each) => h("p", { class: "notice bad" }, code(each.key), ` cannot be read as a failed event: ${each.problem}`));
  if (!answer.total) return [broken, empty("No failed events", "What the function finds invalid, and what the mapping gives up after its retries, appears here.")];
  return [broken,
    h("div", { class: "bar" }, h("p", {}, `${count(answer.total, "event")} in `, code(answer.bucket)),
      h("button", { type: "button", class: "primary", onclick: (click) => redrive(null, click.target) }, "Redrive all")),
    table("Reasons", ["reason", "kept by", "events"], answer.reasons.map((each) => [each.reason, kind(each), String(each.events)]), { shown: true }),
    h("h2", {}, answer.events.length < answer.total ? `The newest ${answer.events.length}` : "Each of them"),
    h("ul", { class: "cards" }, answer.events.map((event) => h("li", { class: "card" },
      h("div", { class: "head" }, h("h3", {}, event.reason), tag(kind(event), "warn")),
      h("p", { class: "event-id" }, h("a", { href: `#/event/${encodeURIComponent(event.event_id)}` }, "its way"), " ", code(event.event_id)),
      h("p", { class: "hint" }, `${event.failed_at}`, event.redrives ? `; put back ${count(event.redrives, "time")} before` : ""),
      h("details", {}, h("summary", {}, "Payload"), h("pre", { tabindex: "0", "aria-label": "Payload" }, event.data)),
      h("div", { class: "row end" }, h("button", { type: "button", "aria-label": `Redrive ${event.event_id}`, onclick: (click) => redrive([event.key], click.target) }, event.kind === "invalid" ? "Redrive" : "Redrive its batch")))))];
}

const kind = (event) => (event.kind === "invalid" ? "invalid" : "discarded");
