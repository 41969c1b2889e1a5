/** Values that have broken readers of files before: numbers at the ends of their types, names and paths that mean more than they say. */

/** For varints, extents, axes and counts. */
export const INTEGERS: readonly bigint[] = [
  ...[0n, 1n, -1n, 2n, 3n, 5n, 7n, 16n, 64n, 127n, 128n, 255n, 1000n, 65_535n, 65_536n, -2n, -128n],
  ...[2n ** 24n, 2n ** 30n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n],
  ...[-(2n ** 31n), -(2n ** 53n), -(2n ** 63n)],
];

/** For floats, as bits of binary32. */
export const FLOATS: readonly number[] = [
  0,
  -0,
  1,
  -1,
  1e-45,
  3.4e38,
  -3.4e38,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];

/** Where weights should not be read from; `canary.bin` lies outside the model's folder, `link-*.bin` inside and points there. */
export const PATHS: readonly string[] = [
  ...['../canary.bin', 'x/../../canary.bin', './../canary.bin', '../../../../../../etc/passwd', '/etc/passwd', '//etc/passwd'],
  ...['..', '.', '', '/', '\\', '..\\canary.bin', 'C:\\canary.bin', 'C:/canary.bin', '\\\\host\\share\\canary.bin', 'file:///etc/passwd'],
  ...['%2e%2e/canary.bin', '..%2fcanary.bin', '%2e%2e%2fcanary.bin', 'weights.bin\0', '\0', '../canary.bin\0weights.bin'],
  ...['link-file.bin', 'link-folder/canary.bin', 'link-loop.bin', 'weights.bin/', 'weights.bin/x', '~/canary.bin', 'a'.repeat(5000)],
  ...['/dev/zero', '/dev/stdin', '/proc/self/environ', '\u202e../canary.bin', '．．/canary.bin', '..\n/canary.bin', '....//canary.bin'],
];

/** For names of values, nodes, operators and weights. */
export const NAMES: readonly string[] = [
  ...['', ' ', '0', '-1', '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'input', 'input~0', 'constant~0', 'a/../b', '/', '//'],
  ...['x\ny', 'x\r\ny', '\u001b[2J', '\u0000', '\ud800', 'é'.repeat(300), 'n'.repeat(100_000), '\u202e', '<script>', '%s%n'],
];

/** For numbers that stand in texts: offsets and lengths. */
export const NUMERALS: readonly string[] = [
  ...['0', '-1', '1', '4', '3', '1e3', ' 8', '0x10', '4.5', 'NaN', 'Infinity', '', '99999999999999999999'],
  ...[
    '2147483647',
    '2147483648',
    '4294967296',
    '9007199254740993',
    '9223372036854775807',
    '-9223372036854775808',
    '00000000000000000000008',
  ],
];
