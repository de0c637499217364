// SPDX-License-Identifier: MIT
/**
 * Small PNGs: pages have few colours, so a palette does.
 */

import { deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MOST_COLOURS = 256;

/**
 * @param {Buffer} bytes
 * @returns {number} CRC-32 as in RFC 2083, 15
 */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/**
 * @param {string} type four letters
 * @param {Buffer} data
 * @returns {Buffer}
 */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/**
 * @param {number} one 0xRRGGBB
 * @param {number} other
 * @returns {number} how far apart they are
 */
function distance(one, other) {
  const channels = [16, 8, 0].map((shift) => ((one >> shift) & 0xff) - ((other >> shift) & 0xff));
  return channels.reduce((sum, off) => sum + off * off, 0);
}

/**
 * Keeps the colours that occur most; every other becomes the nearest of them.
 * @param {Uint32Array} pixels
 * @returns {{ palette: number[], index: Map<number, number> }}
 */
function choosePalette(pixels) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const colours = [...counts.keys()].sort((one, other) => Number(counts.get(other)) - Number(counts.get(one)));
  const palette = colours.slice(0, MOST_COLOURS);
  const nearest = (/** @type {number} */ colour) =>
    palette.reduce((best, other, at) => (distance(other, colour) < distance(palette[best], colour) ? at : best), 0);
  return { palette, index: new Map(colours.map((colour, at) => [colour, at < MOST_COLOURS ? at : nearest(colour)])) };
}

/**
 * @param {number} width
 * @param {number} height
 * @param {Buffer} rgba
 * @returns {Buffer}
 */
export function encodePng(width, height, rgba) {
  const pixels = Uint32Array.from({ length: width * height }, (_, at) => rgba.readUInt32BE(4 * at) >>> 8);
  const { palette, index } = choosePalette(pixels);
  const rows = Buffer.alloc((width + 1) * height);
  pixels.forEach((colour, at) => {
    rows[at + Math.floor(at / width) + 1] = index.get(colour) ?? 0;
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const colours = Buffer.from(palette.flatMap((rgb) => [rgb >> 16, (rgb >> 8) & 0xff, rgb & 0xff]));
  const data = chunk("IDAT", deflateSync(rows, { level: 9 }));
  return Buffer.concat([SIGNATURE, chunk("IHDR", header), chunk("PLTE", colours), data, chunk("IEND", Buffer.alloc(0))]);
}
