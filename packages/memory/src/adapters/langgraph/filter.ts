import type { Json } from "../../history/item.ts";
import { isEqual, toJson } from "../original.ts";

const OPERATORS: Readonly<Record<string, (value: Json, operand: Json) => boolean>> = {
  $eq: isEqual,
  $ne: (value, operand) => !isEqual(value, operand),
  $gt: (value, operand) => Number(value) > Number(operand),
  $gte: (value, operand) => Number(value) >= Number(operand),
  $lt: (value, operand) => Number(value) < Number(operand),
  $lte: (value, operand) => Number(value) <= Number(operand),
};

/**
 * True if each field of the filter is as it says: a value, or operators such as `{ $gt: 3 }`.
 * @throws TypeError for an operator that there is not
 */
export function matchesFilter(value: Record<string, unknown>, filter: Record<string, unknown>): boolean {
  return Object.entries(filter).every(([field, wanted]) => {
    const actual = toJson(value[field] ?? null);
    const operators = operatorsOf(wanted);
    if (operators === undefined) return isEqual(actual, toJson(wanted ?? null));
    return operators.every(([name, operand]) => {
      const compare = OPERATORS[name];
      if (compare === undefined) throw new TypeError(`A filter has no operator ${name}`);
      return compare(actual, toJson(operand ?? null));
    });
  });
}

function operatorsOf(wanted: unknown): [string, unknown][] | undefined {
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) return undefined;
  const entries = Object.entries(wanted);
  return entries.length > 0 && entries.every(([name]) => name.startsWith("$")) ? entries : undefined;
}
