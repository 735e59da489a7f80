import { cleanDays } from "./steps.ts";

await cleanDays();
