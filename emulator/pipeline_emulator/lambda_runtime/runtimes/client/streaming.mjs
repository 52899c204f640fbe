// Handlers that stream their response: how a function marks one, and how it is called.
// https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html

import { logError } from "./console.mjs";
import { MalformedStreamingHandler } from "./errors.mjs";
import { HttpResponseStream, Response } from "./response_stream.mjs";

// Wrappers of handlers copy these marks, or set them.
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const RESPONSE = "response";

// Provides the global `awslambda` of AWS's runtimes. Call it before the function is loaded.
export function install() {
  globalThis.awslambda = { streamifyResponse, HttpResponseStream };
}

export function isStreaming(handler) {
  const mark = handler[STREAMING];
  if (mark === undefined || mark === null || mark === false) return false;
  if (mark === RESPONSE) return true;
  throw new MalformedStreamingHandler("Only response streaming is supported.");
}

// Calls a handler with the stream of its response, and resolves when the response is complete.
export async function respond(api, id, handler, event, context) {
  const response = new Response((headers) => api.openResponse(id, headers, highWaterMark(handler)));
  try {
    const returned = handler(JSON.parse(event), response.stream, context);
    if (typeof returned?.then !== "function") throw new Error("Streaming does not support non-async handlers.");
    if ((await returned) !== undefined) console.warn("Streaming handlers ignore return values.");
    await response.ended;
  } catch (error) {
    logError("Invoke Error", error);
    if (!(await response.fail(error))) await api.invocationError(id, error); // refused if a part was sent
  }
}

function highWaterMark(handler) {
  const bytes = Number.parseInt(handler[HIGH_WATER_MARK], 10);
  return Number.isNaN(bytes) ? undefined : bytes;
}

function streamifyResponse(handler, options) {
  handler[STREAMING] = RESPONSE;
  if (typeof options?.highWaterMark === "number") handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
  return handler;
}
