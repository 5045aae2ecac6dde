/**
 * A camera whose every picture carries its number, and a reader of that number.
 *
 * The picture pans and waves over a noisy scene, so that it costs about what a camera's costs. The number is drawn as large black and
 * white cells in a band at the top, once from the left and once mirrored from the right: it is the same after a mirror, and
 * it survives heavy compression and a smaller picture.
 */
const Camera = (() => {
  const [COLUMNS, ROWS] = [16, 2];
  const [BLACK, WHITE] = [32, 220];
  /** Height of a row of cells, of the picture's height. */
  const ROW = 1 / 12;
  /** Scenes that differ in their noise. */
  const SCENES = 8;
  /** How far the picture pans and waves together, px. */
  const MARGIN = 128;
  /** How far it waves to either side, and the length of a wave, px. No block of the picture moves as a whole. */
  const [SWING, WAVE] = [12, 110];
  /** Pictures after which numbers begin again. */
  const NUMBERS = 4096;

  let seed = 1;
  const random = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };

  /** Adds smooth noise to a plane: random values on a grid, interpolated. */
  function addSmooth(values, width, height, cell, weight) {
    const columns = Math.ceil(width / cell) + 2;
    const grid = new Float32Array(columns * (Math.ceil(height / cell) + 2));
    for (let at = 0; at < grid.length; at += 1) grid[at] = (random() - 0.5) * weight;
    const eased = new Float32Array(cell);
    for (let at = 0; at < cell; at += 1) eased[at] = (at / cell) ** 2 * (3 - (2 * at) / cell);
    for (let y = 0, to = 0; y < height; y += 1) {
      const v = eased[y % cell];
      for (let x = 0, at = Math.floor(y / cell) * columns; x < width; at += 1) {
        const left = grid[at] + (grid[at + columns] - grid[at]) * v;
        const step = grid[at + 1] + (grid[at + columns + 1] - grid[at + 1]) * v - left;
        for (let part = 0; part < cell && x < width; part += 1, x += 1, to += 1) values[to] += left + step * eased[part];
      }
    }
  }

  /** A plane of a scene: octaves of noise, as those of natural pictures. */
  function plane(width, height, middle, contrast) {
    const values = new Float32Array(width * height).fill(middle);
    const octaves = [[96, 1], [40, 0.6], [16, 0.35], [7, 0.2], [3, 0.1]];
    for (const [cell, weight] of octaves) addSmooth(values, width, height, cell, weight * contrast);
    return values;
  }

  const GRAIN = new Float32Array(1 << 16);
  for (let at = 0; at < GRAIN.length; at += 1) GRAIN[at] = random() - 0.5;

  /** A plane with noise. */
  function noisy(values, width, noise) {
    const result = new Uint8ClampedArray(values.length);
    for (let begin = 0; begin < values.length; begin += width) {
      const grain = Math.floor(random() * (GRAIN.length - width));
      for (let x = 0; x < width; x += 1) result[begin + x] = values[begin + x] + GRAIN[grain + x] * noise;
    }
    return result;
  }

  /** Scenes with a margin: Y, U and V of each. */
  function scenes(width, height, noise) {
    const [w, h] = [width + MARGIN, height + MARGIN];
    const [y, u, v] = [plane(w, h, 120, 150), plane(w / 2, h / 2, 128, 60), plane(w / 2, h / 2, 128, 60)];
    const scene = () => [noisy(y, w, noise), noisy(u, w / 2, noise / 4), noisy(v, w / 2, noise / 4)];
    return Array.from({ length: SCENES }, scene);
  }

  const check = (number) => (number ^ (number >> 4) ^ (number >> 8) ^ 0b1010) & 0b1111;

  /** Copies a plane's part; each row has its own horizontal offset. */
  function copy(from, fromWidth, offset, y, to, at, width, height) {
    for (let row = 0; row < height; row += 1) {
      const begin = (y + row) * fromWidth + offset(row);
      to.set(from.subarray(begin, begin + width), at + row * width);
    }
  }

  class Camera {
    /** When each picture was handed to the track, by its number. */
    sentAt = new Float64Array(NUMBERS);
    sent = 0;
    #stopped = false;

    constructor({ width, height, fps, noise }) {
      Object.assign(this, { width, height, fps });
      this.scenes = scenes(width, height, noise);
      this.buffer = new Uint8Array((width * height * 3) / 2);
      this.track = new MediaStreamTrackGenerator({ kind: 'video' });
      this.writer = this.track.writable.getWriter();
    }

    start() {
      const begin = performance.now();
      let due = 0;
      const next = () => {
        if (this.#stopped) return;
        this.#write();
        const interval = 1000 / this.fps;
        // A picture for which there was no time is left out.
        due = Math.max(due + 1, Math.floor((performance.now() - begin) / interval));
        setTimeout(next, begin + due * interval - performance.now());
      };
      next();
    }

    stop() {
      this.#stopped = true;
    }

    #write() {
      const { width, height, buffer } = this;
      const number = this.sent % NUMBERS;
      const [y, u, v] = this.scenes[this.sent % SCENES];
      const pan = this.sent / this.fps;
      const reach = MARGIN / 2 - SWING - 2;
      const at = (speed) => Math.round((Math.sin(pan * speed) * reach + MARGIN / 2) / 2);
      const [dx, dy] = [at(0.9), at(0.7)];
      // In chroma's pixels, so that luma's rows fit it.
      const wave = (row) => dx + Math.round((SWING / 2) * Math.sin((row * 4 * Math.PI) / WAVE + pan * 5));
      const [w, h, size] = [width / 2, height / 2, width * height];
      copy(y, width + MARGIN, (row) => 2 * wave(row >> 1), dy * 2, buffer, 0, width, height);
      copy(u, w + MARGIN / 2, wave, dy, buffer, size, w, h);
      copy(v, w + MARGIN / 2, wave, dy, buffer, size + size / 4, w, h);
      this.#draw(number);
      const frame = new VideoFrame(buffer, {
        format: 'I420',
        codedWidth: width,
        codedHeight: height,
        timestamp: Math.round(performance.now() * 1000),
      });
      this.sent += 1;
      this.sentAt[number] = performance.now();
      this.writer.write(frame).catch(() => this.stop());
    }

    #draw(number) {
      const { width, height, buffer } = this;
      const bits = (number << 4) | check(number);
      const row = Math.round(height * ROW);
      for (let line = 0; line < ROWS; line += 1) {
        for (let column = 0; column < COLUMNS; column += 1) {
          const bit = line * 8 + Math.min(column, COLUMNS - 1 - column);
          const colour = (bits >> (15 - bit)) & 1 ? WHITE : BLACK;
          const [begin, end] = [column, column + 1].map((edge) => Math.round((edge * width) / COLUMNS));
          for (let y = line * row; y < (line + 1) * row; y += 1) buffer.fill(colour, y * width + begin, y * width + end);
        }
      }
      for (const plane of [width * height, (width * height * 5) / 4]) {
        buffer.fill(128, plane, plane + (width / 2) * row);
      }
    }

    /** Time from the track to `at` of the picture with this number, ms. */
    latency(number, at) {
      return at - this.sentAt[number];
    }
  }

  let bytes = new Uint8Array(0);

  /** Returns the number in a picture; null when it cannot be read. */
  async function read(frame) {
    const { width, height, x, y } = frame.visibleRect;
    const row = height * ROW;
    const rect = { x, y, width: width & ~1, height: Math.ceil(row * ROWS / 2) * 2 };
    const size = frame.allocationSize({ rect });
    if (bytes.length < size) bytes = new Uint8Array(size);
    const [{ offset, stride }] = await frame.copyTo(bytes, { rect });
    if (!frame.format.startsWith('I420') && frame.format !== 'NV12') return null;
    const cell = (line, column) => {
      let [sum, count] = [0, 0];
      // The middle of the cell: its edges are blurred.
      for (let py = Math.floor((line + 0.3) * row); py <= (line + 0.7) * row; py += 1) {
        const [begin, end] = [0.3, 0.7].map((part) => ((column + part) * width) / COLUMNS);
        for (let px = Math.floor(begin); px <= end; px += 1) {
          sum += bytes[offset + py * stride + px];
          count += 1;
        }
      }
      return sum / count;
    };
    let bits = 0;
    for (let bit = 0; bit < 16; bit += 1) {
      const [line, column] = [bit >> 3, bit & 7];
      const both = cell(line, column) + cell(line, COLUMNS - 1 - column);
      bits = (bits << 1) | (both > BLACK + WHITE ? 1 : 0);
    }
    const number = bits >> 4;
    return check(number) === (bits & 0b1111) ? number : null;
  }

  return { Camera, read, NUMBERS };
})();
