/** No hostile file may take longer to open or to refuse, or more memory. */
export const LIMITS = { milliseconds: 2000, kilobytes: 1 << 20 } as const;
