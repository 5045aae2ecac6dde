// Reports the brightness of the video.
import type { Frame, Output } from 'framebox:video/media@0.1.0';
import type { Descriptor, NamedValue } from 'framebox:video/types@0.1.0';
import { brightness } from './effect.js';
import { descriptor, integer, output, putInteger, values } from './framebox.js';

let intervalMs = 500;
let dueUs = 0; // time of the next value

// Called with every parameter when a session starts, and with those that change.
function configure(settings: NamedValue[]): void {
  intervalMs = Number(values<{ interval: number }>(settings).interval ?? intervalMs);
}

export const lifecycle = {
  // Describes the handler to the page: a slider and a gauge.
  describe: (): Descriptor =>
    descriptor({
      title: '{{name}}',
      summary: 'Reports the brightness of the video',
      parameters: [integer('interval', 'Interval', { min: 100, max: 5000, step: 100, default: 500, unit: 'ms' })],
      outputs: [output('brightness', 'Brightness', 'gauge')],
    }),
  init: configure,
  configure,
  close(): void {},
};

export const observe = {
  // Called for each frame.
  consume(input: Frame, out: Output): void {
    // 64-bit integers are BigInt.
    const nowUs = Number(input.info().ptsUs);
    if (nowUs < dueUs) return;
    dueUs = nowUs + intervalMs * 1000;
    // A small copy is enough, and costs a fraction of the whole picture.
    const gray = input.sample('gray8', undefined, { width: 64, height: 36 });
    putInteger(out, 'brightness', brightness(gray));
  },
};
