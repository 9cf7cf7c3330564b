/** Puts bytes where a link says. XMLHttpRequest, because fetch cannot tell how much has gone out. */

// The browser sets these itself, to what we signed, and complains when asked to.
const ITS_OWN = new Set(['content-length', 'host']);
const SILENT_MS = 60_000;

/** Raised when S3 did not take the bytes; `status` is 0 when nothing was answered at all. */
export class PutError extends Error {
  constructor(status) {
    super(`S3 answered ${status}`);
    this.status = status;
  }
}

/**
 * @param {{url: string, method: string, headers: Record<string, string>}} link
 * @param {Blob} blob
 * @param {(sent: number) => void} told
 * @param {AbortSignal} signal
 */
export function put(link, blob, told, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let watch = 0;
    const heard = () => {
      clearTimeout(watch);
      watch = setTimeout(() => request.abort(), SILENT_MS);
    };
    const end = (settle, value) => {
      clearTimeout(watch);
      signal.removeEventListener('abort', stop);
      settle(value);
    };
    const stop = () => request.abort();
    request.open(link.method, link.url);
    for (const [name, value] of Object.entries(link.headers)) {
      if (!ITS_OWN.has(name.toLowerCase())) request.setRequestHeader(name, value);
    }
    request.upload.addEventListener('progress', (event) => {
      heard();
      told(event.loaded);
    });
    // 412: the object is there already, so an earlier try arrived whose answer was lost.
    const taken = () => (request.status >= 200 && request.status < 300) || request.status === 412;
    request.addEventListener('load', () => (taken() ? end(resolve) : end(reject, new PutError(request.status))));
    request.addEventListener('error', () => end(reject, new PutError(0)));
    request.addEventListener('abort', () => end(reject, new PutError(0)));
    signal.addEventListener('abort', stop);
    heard();
    // A slice carries its own type, which is not signed for a part.
    request.send(link.headers['Content-Type'] ? blob : blob.slice(0, blob.size, ''));
  });
}
