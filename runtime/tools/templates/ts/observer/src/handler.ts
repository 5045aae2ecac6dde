// Looks at the video and tells how bright it is.
import type { Frame, Output } from 'framebox:video/media@0.1.0';
import type { Descriptor, NamedValue } from 'framebox:video/types@0.1.0';
import { brightness } from './effect.js';
import { descriptor, integer, output, putInteger, values } from './framebox.js';

let intervalMs = 500;
let dueUs = 0; // when the next value is

// A session begins, with every parameter; or somebody moved a slider.
function configure(settings: NamedValue[]): void {
  intervalMs = Number(values<{ interval: number }>(settings).interval ?? intervalMs);
}

export const lifecycle = {
  // What the page shows: a slider and a gauge.
  describe: (): Descriptor =>
    descriptor({
      title: '{{name}}',
      summary: 'How bright it is',
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
    // Whole numbers of 64 bits come as BigInt.
    const nowUs = Number(input.info().ptsUs);
    if (nowUs < dueUs) return;
    dueUs = nowUs + intervalMs * 1000;
    // A small copy tells as much as the whole, and costs a fraction.
    const gray = input.sample('gray8', undefined, { width: 64, height: 36 });
    putInteger(out, 'brightness', brightness(gray));
  },
};
