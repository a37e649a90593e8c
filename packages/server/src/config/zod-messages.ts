import type { z } from "zod";

/** What is wrong with a value, after its name, where its schema has no words of its own for it. */
export const zodMessage: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return issue.expected === "int" ? "must be a whole number" : `must be ${withArticle(issue.expected)}`;
    case "too_small":
      return issue.inclusive
        ? extent("at least", issue.minimum, issue)
        : `must be more than ${issue.minimum}`;
    case "too_big":
      return extent("at most", issue.maximum, issue);
    case "invalid_value":
      return `must be ${new Intl.ListFormat("en", { type: "disjunction" }).format(issue.values.map(String))}`;
    default:
      return undefined;
  }
};

function extent(bound: string, limit: number | bigint, { origin }: { readonly origin: string }): string {
  const unit = { string: "characters", array: "entries" }[origin];
  if (unit === undefined) return `must be ${bound} ${limit}`;
  return bound === "at least" && limit === 1 ? "must not be empty" : `must have ${bound} ${limit} ${unit}`;
}

const withArticle = (type: string): string => `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;
