/** What a cell may call: profiles, comparisons of engines, searches for what is not finite. */
export { type CompareEnginesOptions, compareEngines, EngineComparison } from "./compare-engines.ts";
export { NanReport, whereIsNaN } from "./find-nan.ts";
export { machinePeaks, type Peaks } from "./peaks.ts";
export { Profile, type ProfileOptions, profileOfTraces } from "./profile.ts";
