import { summary } from "./steps.ts";

// deno-lint-ignore no-console
console.log(await summary());
