import { temperatureTrend } from "./steps.ts";

await temperatureTrend();
