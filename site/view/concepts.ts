/** The concepts of dissection in words. */
import type { Unit } from '../store/load-atlases.ts';

/** Network Dissection's threshold: a direction above it is a detector (Bau et al. 2017). */
export const DETECTOR_IOU = 0.04;

/** `grating-45-8` → `grating 45°, 8 px`; `colour-red` → `colour red`; `line-arc-135-14` → `line arc 135 14`. */
export function conceptName(id: string): string {
  const [, angle, wavelength] = /^grating-(\d+)-(\d+)$/.exec(id) ?? [];
  if (angle !== undefined) return `grating ${angle}°, ${wavelength} px`;
  const [, number, unit] = /^grating-(\d+)(px)?$/.exec(id) ?? [];
  if (number !== undefined) return unit ? `grating ${number} px` : `grating ${number}°`;
  return id.replaceAll('-', ' ');
}

/** `, detects colour red`, for the alternative text of a unit that detects its best concept; empty for one that does not. */
export function detected({ concept, measures: { dissection } }: Pick<Unit, 'concept' | 'measures'>): string {
  return concept !== undefined && (dissection ?? 0) > DETECTOR_IOU ? `, detects ${conceptName(concept)}` : '';
}
