/** A JSON object whose fields are not known. */
export type Fields<Value = unknown> = { readonly [name: string]: Value };

/** @template Value what is known of the fields' values: `Json` for parsed JSON */
export const isFields = <Value = unknown>(value: unknown): value is Fields<Value> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
