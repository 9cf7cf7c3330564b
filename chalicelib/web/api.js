/** The API, as a signed-in person uses it. Knows its address and its errors; nothing of what is shown. */

// A little longer than the API may take itself: a line that swallows everything must not hold us for ever.
const SILENT_MS = 35_000;
export const BASE = new URL('../', import.meta.url);

/** Raised for every answer that is no success; `code` is the API's own, `status` 0 when there was no answer. */
export class ApiError extends Error {
  constructor(status, code, message, details, seconds) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details ?? {};
    this.retryAfter = seconds;
  }

  /** Whether the same again may well be answered. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export class Api {
  /** @param {import('./session.js').Session} session */
  constructor(session) {
    this.session = session;
  }

  get(path) {
    return this.#ask('GET', path);
  }

  post(path, body = {}) {
    return this.#ask('POST', path, body);
  }

  patch(path, body) {
    return this.#ask('PATCH', path, body);
  }

  delete(path, body) {
    return this.#ask('DELETE', path, body);
  }

  async #ask(method, path, body) {
    try {
      return await call(method, path, body, await this.session.token());
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return call(method, path, body, await this.session.freshToken());
    }
  }
}

/** Call the API as whoever holds the token, or as nobody. */
export async function call(method, path, body, token) {
  const headers = { Accept: 'application/json' };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const asked = { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: 'no-store', credentials: 'omit' };
  let answer;
  try {
    answer = await fetch(new URL(path, BASE), { ...asked, signal: AbortSignal.timeout(SILENT_MS) });
  } catch {
    throw new ApiError(0, 'UnreachableError', 'no answer');
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  const seconds = Number(answer.headers.get('Retry-After')) || 0;
  throw new ApiError(answer.status, told.Code ?? 'Error', told.Message ?? told.message ?? '', told.Details, seconds);
}
