// The stream that a streaming handler writes its response to: a request to the Runtime API whose body is the response.
//
// AWS's client gives handlers a request of Node.js, too, and shows the same part of it, so code that works with this
// stream works with AWS's. https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html

import { EventEmitter } from "node:events";

import { document, InvalidStreamingOperation } from "./errors.mjs";

const INTEGRATION_TYPE = "application/vnd.awslambda.http-integration-response";
const DELIMITER = new Uint8Array(8);
const ERROR_TYPE = "Lambda-Runtime-Function-Error-Type";
const ERROR_BODY = "Lambda-Runtime-Function-Error-Body";
const HEADERS = {
  "Content-Type": "application/octet-stream",
  "Lambda-Runtime-Function-Response-Mode": "streaming",
  "Transfer-Encoding": "chunked",
  Trailer: `${ERROR_TYPE}, ${ERROR_BODY}`,
};
const EVENTS = Object.keys(EventEmitter.prototype).filter((name) => /^[a-z]/.test(name) && name !== "domain");
const METHODS = ["cork", "destroy", "end", "uncork", "write"];
const PROPERTIES = ["destroyed", "writable", "writableCorked", "writableEnded", "writableFinished"];
PROPERTIES.push("writableHighWaterMark", "writableLength", "writableNeedDrain", "writableObjectMode");

export class HttpResponseStream {
  // Puts status, headers and cookies in front of a response. As on AWS, a response to which nothing is written has
  // none: https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/97
  static from(stream, metadata) {
    stream.setContentType(INTEGRATION_TYPE);
    const prelude = JSON.stringify(metadata);
    stream._onBeforeFirstWrite = (write) => {
      write(prelude);
      write(DELIMITER);
    };
    return stream;
  }
}

export class Response {
  // Takes `open(headers)`, which returns the request.
  constructor(open) {
    this.#request = open(HEADERS);
    this.ended = new Promise((resolve, reject) => {
      this.#request.on("error", reject);
      this.#request.on("response", (response) => response.on("error", reject).on("end", resolve).resume());
    });
    this.ended.catch(() => {}); // a handler's own error comes first
    this.stream = this.#shown();
  }

  #request;
  #isBegun = false;

  // Ends the response with an error. Returns false if it is broken off: its stream has been destroyed.
  async fail(error) {
    if (this.#request.destroyed && !this.#request.writableFinished) return false;
    if (this.#request.writableEnded) return true; // it is complete without the error
    const found = document(error);
    this.#request.addTrailers({
      [ERROR_TYPE]: headerValue(found.errorType),
      [ERROR_BODY]: Buffer.from(JSON.stringify(found)).toString("base64"),
    });
    this.#request.end();
    await this.ended.catch(() => {});
    return true;
  }

  // Returns what handlers see of the request.
  #shown() {
    const request = this.#request;
    const stream = {};
    for (const name of [...METHODS, ...EVENTS]) stream[name] = request[name].bind(request);
    for (const name of PROPERTIES) Object.defineProperty(stream, name, { get: () => request[name] });
    stream.write = (chunk, ...more) => this.#write(chunk, ...more);
    stream.setContentType = (type) => this.#setContentType(type);
    return stream;
  }

  #write(chunk, ...more) {
    const isRaw = typeof chunk === "string" || chunk instanceof Uint8Array;
    const data = isRaw ? chunk : JSON.stringify(chunk);
    if (!this.#isBegun) this.stream._onBeforeFirstWrite?.((part) => this.#request.write(part));
    const hasRoom = this.#request.write(data, ...more);
    this.#isBegun = true;
    return hasRoom;
  }

  #setContentType(type) {
    if (this.#isBegun) throw new InvalidStreamingOperation("Cannot set content-type, too late.");
    this.#request.setHeader("Content-Type", type);
  }
}

function headerValue(text) {
  return /^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text);
}
