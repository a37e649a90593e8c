import { inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    thorough?: true;
  }
}

/** Whether this is `npm run test:NAME`, not `npm test`. */
const isThorough: boolean = inject("thorough") ?? false;

/** How often to try something: a few times in `npm test`, many times in `npm run test:NAME`. */
export const times = (few: number, many: number): number => (isThorough ? many : few);
