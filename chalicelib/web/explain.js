/** What a person is told of an error. */

import { ApiError } from './api.js';
import { TEXTS } from './texts.js';

/** @param {unknown} error */
export function explain(error) {
  if (!(error instanceof ApiError)) return TEXTS.unexpected;
  if (error.status === 0) return TEXTS.unreachable;
  return TEXTS.errors[error.code] ?? TEXTS.unexpected;
}
