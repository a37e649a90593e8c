/** A message of Protocol Buffers as it came: its fields by number, each with all its values. */
export class Message {
  readonly #fields = new Map<number, (bigint | Buffer)[]>();

  constructor(bytes: Buffer) {
    let at = 0;
    const varint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes.readUInt8(at++);
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    const take = (length: number): Buffer => {
      if (at + length > bytes.length) throw new Error("A field ends behind the end of its message.");
      at += length;
      return bytes.subarray(at - length, at);
    };
    while (at < bytes.length) {
      const key = Number(varint());
      const wire = key & 7;
      const value =
        wire === 0
          ? varint()
          : wire === 1
            ? take(8)
            : wire === 2
              ? take(Number(varint()))
              : wire === 5
                ? take(4)
                : null;
      if (value === null) throw new Error(`There is no wire type ${wire}.`);
      this.#fields.set(key >> 3, [...(this.#fields.get(key >> 3) ?? []), value]);
    }
  }

  holds(field: number): boolean {
    return this.#fields.has(field);
  }

  messages(field: number): Message[] {
    return (this.#fields.get(field) ?? []).map((value) => new Message(value as Buffer));
  }

  bytes(field: number): Buffer {
    return (this.#fields.get(field)?.[0] as Buffer | undefined) ?? Buffer.alloc(0);
  }

  text(field: number): string {
    return this.bytes(field).toString("utf8");
  }

  integer(field: number): number {
    return Number(this.#fields.get(field)?.[0] ?? 0);
  }
}
