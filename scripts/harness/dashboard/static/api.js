// Requests to the page's own server. What changes something carries the token of the server's start.

const token = document.querySelector('meta[name="pipeline-token"]').content;

export class Problem extends Error {
  constructor(cause, nextStep) {
    super(cause);
    this.cause = cause;
    this.nextStep = nextStep;
  }
}

async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(`/api/${path}`, options);
  } catch {
    throw new Problem("The page's server does not answer.", "pipeline dashboard");
  }
  const body = await response.json().catch(() => null);
  if (response.ok) return body;
  throw new Problem(body?.cause ?? `The page's server answers ${response.status}.`, body?.next_step ?? "pipeline dashboard");
}

export const get = (path) => ask(path);

export const post = (path, body) => ask(path, {
  method: "POST",
  headers: { "content-type": "application/json", "x-pipeline-token": token },
  body: JSON.stringify(body),
});
