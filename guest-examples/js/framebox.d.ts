/** A thin library over the interface: parameters with defaults, descriptors, plain values. */
import type { Output } from 'framebox:video/media@0.1.0';
import type { Descriptor, NamedValue, OutputKind, OutputSpec, Parameter, Size } from 'framebox:video/types@0.1.0';

interface Slider { min: number; max: number; default: number; unit?: string; help?: string }

/** A slider for integers. */
export function integer(id: string, label: string, spec: Slider & { step?: number }): Parameter;
/** A slider for real numbers. */
export function number(id: string, label: string, spec: Slider & { step: number }): Parameter;
export function toggle(id: string, label: string, start?: boolean): Parameter;
/** A selection of one of several options, an object of ids and labels; the first is the default. */
export function choice(id: string, label: string, options: Record<string, string>): Parameter;
/** A colour, `#rrggbb`. */
export function color(id: string, label: string, start: string): Parameter;
/** An additional output. */
export function output(id: string, label: string, kind?: OutputKind, unit?: string): OutputSpec;
/** The descriptor of a handler. */
export function descriptor(it: {
  title: string;
  summary: string;
  parameters?: Parameter[];
  outputs?: OutputSpec[];
  size?: Size;
  fps?: number;
}): Descriptor;
/** The arguments of `init` and `configure` as an object. */
export function values<T = Record<string, unknown>>(settings: NamedValue[]): Partial<T>;
/** Sets an output to a boolean, a number, a string or a list of numbers. */
export function put(out: Output, id: string, value: boolean | number | string | number[]): void;
/** Sets an output to an integer. */
export function putInteger(out: Output, id: string, value: number): void;
/** Red, green and blue of `#rrggbb`. */
export function rgb(color: string): [number, number, number];
