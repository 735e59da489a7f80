import { rainTrend } from "./steps.ts";

await rainTrend();
