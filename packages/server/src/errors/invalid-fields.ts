import { AppError } from "./app-error.ts";

/** What a schema found wrong. */
export interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Of a union: the issues of each alternative. */
  readonly errors?: readonly (readonly Issue[])[] | undefined;
}

/** @param whole the name of what is wrong where no field is */
export function invalidFields(issues: readonly Issue[], whole: string): AppError {
  const errors = issues.map(innermost).map(({ path, message }) => ({
    field: path.join(".") || whole,
    message,
  }));
  const message = errors.map(({ field, message: wrong }) => `${field}: ${wrong}`).join("; ");
  return new AppError("invalid_request", message, { errors });
}

/** What is wrong inside a value that has the kind of one of a union's alternatives, such as a list with a bad entry. */
function innermost({ path, message, errors }: Issue): Issue {
  const inside = errors?.flat().find((issue) => issue.path.length > 0);
  return inside === undefined ? { path, message } : innermost({ ...inside, path: [...path, ...inside.path] });
}
