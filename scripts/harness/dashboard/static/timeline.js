// One event's way as a list of steps, each with its time.

import { code, h, pairs, table, tag } from "./dom.js";
import { clock, count, milliseconds } from "./format.js";

const STATES = {
  answered: ["answered", "good"], done: ["processed", "good"], failed: ["failed", "bad"], discarded: ["given up", "bad"],
  retrying: ["retrying", "warn"], waiting: ["waiting for its batch", ""],
};

export function timeline(way, open) {
  const [word, kind] = STATES[way.state];
  const start = way.put.at;
  return h("article", { class: "card way", "data-state": way.state },
    h("div", { class: "head" }, h("h2", {}, "Event ", code(way.id ?? "without id")), tag(word, kind)),
    h("p", { class: "event-id" }, code(way.event_id)),
    h("ol", { class: "timeline" },
      step("Put", start, start, "good", pairs([["stream", way.put.stream], ["shard", way.put.shard], ["sequence number", code(way.put.sequence_number)], ["partition key", code(way.put.partition_key)]]),
        payload("Payload", way.put.data, open)),
      way.attempts.map((each, number) => attempt(each, number + 1, start)),
      way.failure ? failure(way, start) : null,
      way.answer ? step("Answer", way.answer.at, start, "good", pairs([["stream", way.answer.stream], ["place", code(way.answer.place)], ["partition key", code(way.answer.key)]]), payload("Answer", way.answer.document, true)) : null,
      !way.answer && !way.failure ? step(pending(way), null, start, kind) : null));
}

function pending(way) {
  if (way.state === "waiting") return "Waiting: the mapping has not sent it yet";
  if (way.state === "retrying") return "The mapping tries again";
  if (way.state === "discarded") return "Given up; there is no failure record";
  return "The function processed it; no answer has its id";
}

function attempt(each, number, start) {
  const kind = { succeeded: "good", failed: "bad", "not invoked": "warn" }[each.state_of_record];
  const refused = each.decisions.filter((decision) => !decision.allowed).length;
  return step(`Attempt ${number}: ${each.state_of_record}`, each.started, start, kind,
    pairs([
      ["batch", `${count(each.records, "event")}; this is number ${each.position}`],
      ["duration", each.duration_ms === null ? null : milliseconds(each.duration_ms)],
      ["cold start", each.init_ms === null ? null : milliseconds(each.init_ms)],
      ["error", [each.reason, each.error_type, each.status].filter(Boolean).join(", ")],
      ["waited before", milliseconds((each.started - start) * 1000)],
      ["version", each.version], ["request id", each.request_id ? code(each.request_id) : null],
      ["given up", each.discarded],
    ]),
    each.log?.length ? h("details", { open: each.state_of_record !== "succeeded" }, h("summary", {}, `Log, ${count(each.log.length, "line")}`),
      h("pre", { class: "log", tabindex: "0", "aria-label": "Log lines" }, each.log.map((line) => `${clock(line.at)}  ${line.text}\n`))) : null,
    each.decisions.length ? h("details", { open: refused > 0 }, h("summary", {}, `IAM, ${count(each.decisions.length, "decision")}${refused ? `, ${refused} denied` : ""}`),
      table("IAM decisions on the function's requests during this attempt", ["time", "action", "resource", "decision", "why"], each.decisions.map((decision) => [
        clock(decision.at), code(decision.action) , code(decision.resource), tag(decision.allowed ? "allowed" : decision.refused ? "denied" : "served anyway", decision.allowed ? "good" : "bad"),
        `${decision.explanation}${decision.count > 1 ? ` (${decision.count} times)` : ""}`]))) : null);
}

function failure(way, start) {
  const at = Date.parse(way.failure.at) / 1000;
  return step("Failed", at, start, "bad",
    pairs([["reason", way.failure.reason], ["kept by", way.failure.kind === "invalid" ? "the function, as an invalid event" : "the mapping, after its retries"], ["object", code(way.failure.key)]]),
    h("p", {}, h("a", { href: "#/failed" }, "All failed events, and redrive")));
}

function step(title, at, start, kind, ...content) {
  return h("li", { class: kind },
    h("div", { class: "when" }, at ? h("time", {}, clock(at)) : null, at && at !== start ? h("span", {}, `+${milliseconds(Math.max(0, (at - start) * 1000))}`) : null),
    h("div", { class: "what" }, h("h3", {}, title), content));
}

const payload = (name, text, open) => h("details", { open }, h("summary", {}, name), h("pre", { tabindex: "0", "aria-label": name }, text));
