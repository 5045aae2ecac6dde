/** What makes a handler shorter: parameters with defaults, descriptors, plain values. */
import type { Output } from 'framebox:video/media@0.1.0';
import type { Descriptor, NamedValue, OutputKind, OutputSpec, Parameter, Size } from 'framebox:video/types@0.1.0';

interface Slider { min: number; max: number; default: number; unit?: string; help?: string }

/** A slider over whole numbers. */
export function integer(id: string, label: string, spec: Slider & { step?: number }): Parameter;
/** A slider over real numbers. */
export function number(id: string, label: string, spec: Slider & { step: number }): Parameter;
export function toggle(id: string, label: string, start?: boolean): Parameter;
/** One of several options, given as an object of ids and labels; the first one is the default. */
export function choice(id: string, label: string, options: Record<string, string>): Parameter;
/** A colour, `#rrggbb`. */
export function color(id: string, label: string, start: string): Parameter;
/** A value beside the picture. */
export function output(id: string, label: string, kind?: OutputKind, unit?: string): OutputSpec;
/** What a handler says of itself. */
export function descriptor(it: {
  title: string;
  summary: string;
  parameters?: Parameter[];
  outputs?: OutputSpec[];
  size?: Size;
  fps?: number;
}): Descriptor;
/** Parameters, as `init` and `configure` get them, as an object. */
export function values<T = Record<string, unknown>>(settings: NamedValue[]): Partial<T>;
/** Puts a boolean, a number, a text or a list of numbers. */
export function put(out: Output, id: string, value: boolean | number | string | number[]): void;
/** The same for a whole number. */
export function putInteger(out: Output, id: string, value: number): void;
/** Red, green and blue of `#rrggbb`. */
export function rgb(color: string): [number, number, number];
