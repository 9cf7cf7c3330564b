/**
 * Draws a QR code (ISO 18004) of up to 180 bytes, error correction M: what an authenticator app scans. Here, so that the
 * secret in it goes to nobody who draws codes for others. Pure.
 */

// By version, from 1: check bytes a block, blocks, bytes in all.
const CHECKS = [10, 16, 26, 18, 24, 16, 18, 22, 22];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5];
const BYTES = [26, 44, 70, 100, 134, 172, 196, 242, 292];
const TIMING = 6;

/**
 * @param {string} text
 * @returns {boolean[][]} rows of modules, true where dark; the light margin of four is the caller's
 */
export function qr(text) {
  const bytes = [...new TextEncoder().encode(text)];
  const version = 1 + BYTES.findIndex((all, at) => all - CHECKS[at] * BLOCKS[at] >= bytes.length + 2);
  if (version === 0) throw new RangeError(`${bytes.length} bytes are too many`);
  const { dark, fixed } = frame(version);
  place(dark, fixed, withChecks(version, bytes));
  const tried = [0, 1, 2, 3, 4, 5, 6, 7].map((mask) => masked(dark, fixed, mask));
  return tried.reduce((best, one) => (penalty(one) < penalty(best) ? one : best));
}

/** The bytes as they are spread over the code: those of all blocks in turn, then their checks. */
function withChecks(version, bytes) {
  const [checks, count, all] = [CHECKS[version - 1], BLOCKS[version - 1], BYTES[version - 1]];
  const room = all - checks * count;
  const bits = [0, 1, 0, 0, ...bitsOf(bytes.length, 8), ...bytes.flatMap((byte) => bitsOf(byte, 8)), 0, 0, 0, 0];
  const told = Array.from({ length: bits.length / 8 }, (_, at) => parseInt(bits.slice(at * 8, at * 8 + 8).join(''), 2));
  for (let pad = 0xec; told.length < room; pad ^= 0xec ^ 0x11) told.push(pad);
  const short = Math.floor(room / count);
  const longer = room % count;
  let at = 0;
  const blocks = Array.from({ length: count }, (_, number) => told.slice(at, (at += short + (number >= count - longer ? 1 : 0))));
  const proofs = blocks.map((block) => remainder(block, checks));
  const woven = [];
  for (let column = 0; column <= short; column += 1) woven.push(...blocks.filter((block) => column < block.length).map((block) => block[column]));
  for (let column = 0; column < checks; column += 1) woven.push(...proofs.map((proof) => proof[column]));
  return woven;
}

/** Reed and Solomon's check bytes, over the field of 256 with the polynomial 0x11d. */
function remainder(block, checks) {
  let divisor = [1];
  for (let root = 1, at = 0; at < checks; at += 1, root = times(root, 2)) {
    const longer = [...divisor, 0];
    divisor.forEach((factor, index) => { longer[index + 1] ^= times(factor, root); });
    divisor = longer;
  }
  const left = new Array(checks).fill(0);
  for (const byte of block) {
    const factor = byte ^ left.shift();
    left.push(0);
    for (let at = 0; at < checks; at += 1) left[at] ^= times(divisor[at + 1], factor);
  }
  return left;
}

function times(one, other) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >>> 7) * 0x11d);
    if ((other >>> bit) & 1) product ^= one;
  }
  return product;
}

/** What is the same in every code of a version: where nothing of the text may be. */
function frame(version) {
  const side = version * 4 + 17;
  const dark = Array.from({ length: side }, () => new Array(side).fill(false));
  const fixed = Array.from({ length: side }, () => new Array(side).fill(false));
  const set = (x, y, on) => {
    if (x < 0 || y < 0 || x >= side || y >= side) return;
    dark[y][x] = on;
    fixed[y][x] = true;
  };
  const square = (x, y, reach, rings) => {
    for (let down = -reach; down <= reach; down += 1) {
      for (let right = -reach; right <= reach; right += 1) set(x + right, y + down, rings.includes(Math.max(Math.abs(right), Math.abs(down))));
    }
  };
  for (let at = 0; at < side; at += 1) {
    set(TIMING, at, at % 2 === 0);
    set(at, TIMING, at % 2 === 0);
  }
  for (const [x, y] of [[3, 3], [side - 4, 3], [3, side - 4]]) square(x, y, 4, [0, 1, 3]);
  const centres = centresOf(version);
  for (const x of centres) for (const y of centres) if (!isCorner(x, y, side)) square(x, y, 2, [0, 2]);
  for (const [x, y] of formatPlaces(side).flat()) set(x, y, false);
  set(8, side - 8, true);
  if (version >= 7) tellVersion(version, side, set);
  return { dark, fixed };
}

function centresOf(version) {
  if (version === 1) return [];
  const last = version * 4 + 10;
  return version < 7 ? [TIMING, last] : [TIMING, (TIMING + last) / 2, last];
}

function isCorner(x, y, side) {
  const ends = [TIMING, side - 7];
  return ends.includes(x) && ends.includes(y) && !(x === ends[1] && y === ends[1]);
}

function tellVersion(version, side, set) {
  const bits = (version << 12) | proofOf(version, 12, 0x1f25);
  for (let at = 0; at < 18; at += 1) {
    const [near, far, on] = [Math.floor(at / 3), side - 11 + (at % 3), ((bits >>> at) & 1) === 1];
    set(far, near, on);
    set(near, far, on);
  }
}

/** Where the 15 bits of the format stand, twice, from the lowest. */
function formatPlaces(side) {
  const [first, second] = [[], []];
  for (let at = 0; at < 15; at += 1) {
    const near = at < 6 ? at : at < 8 ? at + 1 : 14 - at;
    first.push(at < 8 ? [8, near] : [at === 8 ? 7 : near, 8]);
    second.push(at < 8 ? [side - 1 - at, 8] : [8, side - 15 + at]);
  }
  return [first, second];
}

/** Write the bytes in columns of two, up and down from the right, around what is fixed. */
function place(dark, fixed, bytes) {
  const side = dark.length;
  const bits = bytes.flatMap((byte) => bitsOf(byte, 8));
  let next = 0;
  for (let right = side - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === TIMING) right -= 1;
    for (let step = 0; step < side; step += 1) {
      const y = up ? side - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (!fixed[y][x]) dark[y][x] = bits[next++] === 1;
      }
    }
  }
}

const MASKS = [
  (x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2, (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

function masked(dark, fixed, mask) {
  const made = dark.map((row, y) => row.map((on, x) => (fixed[y][x] ? on : on !== (MASKS[mask](x, y) === 0))));
  // Error correction M is 00, so the format is the mask alone.
  const bits = ((mask << 10) | proofOf(mask, 10, 0x537)) ^ 0x5412;
  for (const places of formatPlaces(dark.length)) places.forEach(([x, y], at) => { made[y][x] = ((bits >>> at) & 1) === 1; });
  return made;
}

/** How hard it is to read: long runs, blocks of one colour, more dark than light or less. */
function penalty(made) {
  const columns = made.map((_, x) => made.map((row) => row[x]));
  let told = 0;
  for (const line of [...made, ...columns]) {
    for (const run of line.map(Number).join('').match(/0{5,}|1{5,}/g) ?? []) told += run.length - 2;
  }
  for (let y = 1; y < made.length; y += 1) {
    for (let x = 1; x < made.length; x += 1) {
      if (made[y][x] === made[y - 1][x] && made[y][x] === made[y][x - 1] && made[y][x] === made[y - 1][x - 1]) told += 3;
    }
  }
  const share = made.flat().filter(Boolean).length / made.length ** 2;
  return told + Math.floor(Math.abs(share - 0.5) * 20) * 10;
}

/** The remainder that proves a value, as long as its generator asks. */
function proofOf(value, length, generator) {
  let left = value;
  for (let at = 0; at < length; at += 1) left = (left << 1) ^ ((left >>> (length - 1)) * generator);
  return left;
}

function bitsOf(value, length) {
  return Array.from({ length }, (_, at) => (value >>> (length - 1 - at)) & 1);
}
