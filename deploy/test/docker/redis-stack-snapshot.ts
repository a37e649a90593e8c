/** The letters that the name of a module's type is made of, each by its place in six bits. */
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/**
 * The beginning of a snapshot as the original's Redis Stack wrote it: the search module's part, which a plain Redis
 * cannot read. (Redis' RDB format: opcode 250 a field about the file, 247 a module's data, 255 the end.)
 */
export function redisStackSnapshot(): Buffer {
  const version = 1n;
  const id = [..."ft_index0"].reduce((bits, letter) => (bits << 6n) | BigInt(LETTERS.indexOf(letter)), 0n);
  const type = Buffer.alloc(9);
  // 0x81: a length of 64 bits follows.
  type[0] = 0x81;
  type.writeBigUInt64BE((id << 10n) | version, 1);
  return Buffer.concat([
    Buffer.from("REDIS0010"),
    Buffer.from([250, 9]),
    Buffer.from("redis-ver"),
    Buffer.from([5]),
    Buffer.from("7.4.0"),
    Buffer.from([247]),
    type,
    // The type's data: when it is loaded (a number, 2), nothing, its end.
    Buffer.from([2, 2, 0]),
    Buffer.from([255]),
    // No checksum.
    Buffer.alloc(8),
  ]);
}
