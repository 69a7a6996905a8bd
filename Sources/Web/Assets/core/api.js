// All requests of the pages. An answer that is no success becomes an `APIError` with the sentence of the server.

export class APIError extends Error {
  constructor(message, status, kind) {
    super(message);
    this.status = status;
    this.kind = kind;
  }
}

/// For what nobody waits for any more: a request that was given up is no failure.
export function unlessAborted(error) {
  if (error.name !== "AbortError") throw error;
}

async function sentence(response) {
  const text = await response.text();
  try {
    const body = JSON.parse(text);
    if (typeof body === "string") return [body, null];
    return [body.error ?? body.message ?? text, body.errorType];
  } catch {
    return [text.trim() || response.statusText, null];
  }
}

/// Sends a request; answers with the parsed JSON.
///
/// Options: `method`, `query` (names to values or arrays of them), `form`, `json`, `text`, `authorization`, `signal`.
export async function request(path, options = {}) {
  const parameters = pairs(options.query);
  const headers = { Accept: "application/json", "X-Obs-Page": "1" };
  let body;
  if (options.form) {
    body = pairs(options.form);
    headers["Content-Type"] = "application/x-www-form-urlencoded";
  } else if (options.json !== undefined) {
    body = JSON.stringify(options.json);
    headers["Content-Type"] = "application/json";
  }
  if (options.authorization) headers.Authorization = options.authorization;
  const token = csrfToken();
  if (token) headers["X-CSRF-Token"] = token;
  let response;
  try {
    response = await fetch(parameters.size > 0 ? `${path}?${parameters}` : path, {
      method: options.method ?? (body ? "POST" : "GET"),
      headers,
      body,
      signal: options.signal,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new APIError("the server does not answer; it may be restarting", 0, "network");
  }
  if (!response.ok) {
    const [message, kind] = await sentence(response);
    if (response.status === 401 && !options.authorization) dispatchEvent(new CustomEvent("obs:login"));
    throw new APIError(message, response.status, kind);
  }
  if (response.status === 204) return null;
  if (options.text) return response.text();
  const text = await response.text();
  return text === "" ? null : JSON.parse(text);
}

function pairs(values) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) parameters.append(name, one);
    }
  }
  return parameters;
}

/// What a page of ours may show and a page of another site cannot read.
function csrfToken() {
  return document.cookie.split("; ").find((pair) => pair.startsWith("obs_csrf="))?.slice(9);
}

/// Asks one of Prometheus' endpoints; answers with `data`, and with its warnings beside it.
export async function prometheus(path, query = {}, signal = undefined) {
  const isLong = JSON.stringify(query).length > 1500;
  const answer = await request(`/api/v1/${path}`, isLong ? { form: query, signal } : { query, signal });
  return {
    data: answer.data,
    warnings: answer.warnings ?? [],
    infos: answer.infos ?? [],
    stats: answer.data?.stats,
  };
}

export const askDashboard = (uid) => request(`/obs/v1/dashboards/${encodeURIComponent(uid)}`);

export const queryRange = (expr, range, step, signal) =>
  prometheus("query_range", { query: expr, start: range.from / 1000, end: range.to / 1000, step }, signal);

export const queryInstant = (expr, at, signal) =>
  prometheus("query", { query: expr, time: at / 1000 }, signal);
