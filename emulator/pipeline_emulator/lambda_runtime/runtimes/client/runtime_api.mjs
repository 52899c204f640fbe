// The Lambda Runtime API. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

import http from "node:http";

import { document, JsonStringifyError, xrayCause } from "./errors.mjs";

const PREFIX = "/2018-06-01/runtime";

export class RuntimeApi {
  #host;
  #port;
  // Connections that wait for nothing do not keep the event loop busy, so a function's own work can end.
  #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  #streams; // connections of their own: an error can be reported beside an open response

  constructor(address) {
    [this.#host, this.#port] = address.split(":");
  }

  // Waits for the next event; returns its headers and its body as text.
  async next() {
    return this.#request("GET", `${PREFIX}/invocation/next`);
  }

  async invocationResponse(id, answer) {
    await this.#request("POST", `${PREFIX}/invocation/${id}/response`, stringify(answer));
  }

  // Returns an open request, whose body is the response. Its buffer has room for `highWaterMark` bytes.
  openResponse(id, headers, highWaterMark) {
    this.#streams ??= new http.Agent({ keepAlive: true, highWaterMark });
    const path = `${PREFIX}/invocation/${id}/response`;
    return http.request({ method: "POST", path, headers, host: this.#host, port: this.#port, agent: this.#streams });
  }

  async invocationError(id, error) {
    await this.#postError(`${PREFIX}/invocation/${id}/error`, error);
  }

  async initError(error) {
    await this.#postError(`${PREFIX}/init/error`, error);
  }

  async #postError(path, error) {
    const found = document(error);
    await this.#request("POST", path, JSON.stringify(found), {
      "Lambda-Runtime-Function-Error-Type": encodeURI(found.errorType),
      "Lambda-Runtime-Function-XRay-Error-Cause": xrayCause(error),
    });
  }

  #request(method, path, body, headers = {}) {
    const bytes = body === undefined ? undefined : Buffer.from(body);
    if (bytes) headers = { "Content-Type": "application/json", "Content-Length": bytes.length, ...headers };
    const options = { method, path, headers, host: this.#host, port: this.#port, agent: this.#agent };
    return new Promise((resolve, reject) => {
      const request = http.request(options, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }));
      });
      request.on("error", reject);
      request.end(bytes);
    });
  }
}

function stringify(answer) {
  try {
    return JSON.stringify(answer === undefined ? null : answer) ?? "null";
  } catch {
    throw new JsonStringifyError();
  }
}
