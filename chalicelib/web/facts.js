/** What is known of one file, as lines for a person: when, with what, where it is and since when that is sure. */

import { el } from './dom.js';
import { TEXTS, place, size, wallClock, when } from './texts.js';

const { look } = TEXTS;

/**
 * @param {object} file as the API tells it in full
 * @param {Map<string, string>} names of PCs by id
 * @returns {[string, string[]][]} each with what it is about
 */
export function factsOf(file, names) {
  const nameOf = (deviceId) => names.get(deviceId) ?? look.removedPc;
  const homes = Object.entries(file.home).sort().map(([deviceId, at]) => look.verified(nameOf(deviceId), when(at)));
  const owed = file.owedTo.map((deviceId) => look.owed(nameOf(deviceId)));
  const measures = [file.size && size(file.size), file.width && look.pixels(file.width, file.height)].filter(Boolean).join(' · ');
  return [
    [look.name, [file.name]],
    [look.captured, [`${wallClock(file.capturedAt ?? file.takenAt ?? file.createdAt)}${file.capturedFrom ? ` ${look.capturedFrom[file.capturedFrom]}` : ''}`]],
    [look.camera, [file.camera]],
    [look.place, [file.place && place(file.place)]],
    [look.measures, [measures]],
    [look.atHome, homes.length + owed.length ? [...homes, ...owed] : [look.noHome]],
    [look.inCloud, [look.cloud[file.cloudCopy ?? 'none']]],
  ].map(([name, lines]) => [name, lines.filter(Boolean)]).filter(([, lines]) => lines.length);
}

export function factList(file, names) {
  return el('dl', {}, ...factsOf(file, names).flatMap(([name, lines]) => [el('dt', {}, name), ...lines.map((line) => el('dd', {}, line))]));
}
