/** Where each picture of a timeline lies, worked out and never measured: squares, row after row, month after month. Pure. */

export const HEAD = 48;
export const GAP = 3;
const PHONE = 600;

/** How many squares go beside each other: as many as a finger can tell apart on a phone, larger ones on a desk. */
export function columnsFor(width) {
  return Math.max(3, Math.floor((width + GAP) / ((width < PHONE ? 90 : 150) + GAP)));
}

/** The month in which a file was captured, as 2026-11, by the clock on the wall there. */
export const monthOf = (file) => file.capturedAt.slice(0, 7);

/**
 * Runs of files of the same month, in the order given.
 * @param {{capturedAt: string}[]} files
 * @returns {{month: string, first: number, count: number}[]}
 */
export function monthsOf(files) {
  const months = [];
  files.forEach((file, at) => {
    const month = monthOf(file);
    const last = months.at(-1);
    if (last?.month === month) last.count += 1;
    else months.push({ month, first: at, count: 1 });
  });
  return months;
}

/** Lay files out in a width. Rows are counted with the headings, from 0. */
export function layOut(files, width) {
  const columns = columnsFor(width);
  const side = (width + GAP) / columns - GAP;
  const sections = [];
  let top = 0;
  let row = 0;
  for (const { month, first, count } of monthsOf(files)) {
    const lines = Math.ceil(count / columns);
    const height = HEAD + lines * (side + GAP);
    sections.push({ month, first, count, top, height, row, lines });
    top += height;
    row += lines + 1;
  }
  return { columns, side, width, sections, height: top, rows: row, count: files.length };
}

/** The rows that touch a span of the height: headings and lines of squares. */
export function rowsBetween(layout, from, to) {
  const rows = [];
  for (let at = sectionAt(layout, from); at < layout.sections.length && layout.sections[at].top < to; at += 1) {
    const section = layout.sections[at];
    if (section.top + HEAD > from) rows.push({ kind: 'head', top: section.top, height: HEAD, row: section.row, section });
    const pitch = layout.side + GAP;
    const begin = Math.max(0, Math.floor((from - section.top - HEAD) / pitch));
    const end = Math.min(section.lines, Math.ceil((to - section.top - HEAD) / pitch));
    for (let line = begin; line < end; line += 1) rows.push(lineOf(layout, section, line));
  }
  return rows;
}

function lineOf(layout, section, line) {
  const first = section.first + line * layout.columns;
  const last = Math.min(first + layout.columns, section.first + section.count);
  const top = section.top + HEAD + line * (layout.side + GAP);
  return { kind: 'files', top, height: layout.side, row: section.row + 1 + line, first, last };
}

/** The line of squares in which a file lies. */
export function lineAround(layout, index) {
  const section = layout.sections[sectionOf(layout, index)];
  return lineOf(layout, section, Math.floor((index - section.first) / layout.columns));
}

/** The month at a height; the last one for all that is below. */
export function sectionAt(layout, y) {
  return lastOf(layout.sections, ({ top }) => top <= y);
}

export function sectionOf(layout, index) {
  return lastOf(layout.sections, ({ first }) => first <= index);
}

/** Where a key leads to from one file: up and down keep the column, also into the next month. */
export function step(layout, index, key, perScreen = 1) {
  const last = layout.count - 1;
  const line = lineAround(layout, index);
  const to = { ArrowLeft: index - 1, ArrowRight: index + 1, Home: line.first, End: line.last - 1, first: 0, last }[key];
  if (to !== undefined) return Math.min(last, Math.max(0, to));
  const lines = { ArrowUp: -1, ArrowDown: 1, PageUp: -perScreen, PageDown: perScreen }[key] ?? 0;
  return across(layout, index, line, lines);
}

function across(layout, index, line, lines) {
  const column = index - line.first;
  let at = index;
  for (let left = Math.abs(lines); left > 0; left -= 1) {
    const here = lineAround(layout, at);
    const beyond = lines < 0 ? here.first - 1 : here.last;
    if (beyond < 0 || beyond >= layout.count) break;
    const there = lineAround(layout, beyond);
    at = Math.min(there.first + column, there.last - 1);
  }
  return at;
}

/** How far down a thumb stands, from 0 to 1, and back. */
export function fractionAt(y, height, screen) {
  return height <= screen ? 0 : Math.min(1, Math.max(0, y / (height - screen)));
}

export const heightAt = (fraction, height, screen) => Math.max(0, height - screen) * Math.min(1, Math.max(0, fraction));

/** The years along the height, no two closer than may be read. */
export function yearsAlong(layout, least = 0.04) {
  const years = [];
  for (const { month, top } of layout.sections) {
    const year = month.slice(0, 4);
    const at = layout.height ? top / layout.height : 0;
    if (years.at(-1)?.year !== year && (!years.length || at - years.at(-1).at >= least)) years.push({ year, at });
  }
  return years;
}

function lastOf(sorted, holds) {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (holds(sorted[middle])) low = middle;
    else high = middle - 1;
  }
  return low;
}
