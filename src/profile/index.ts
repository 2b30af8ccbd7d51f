/** What a cell may call: profiles, comparisons of engines and of runs, benchmarks, exports. */
export { Benchmark, type BenchmarkOptions, benchmark } from "./benchmark.ts";
export { CodeProfile, profile, startProfile } from "./code-profile.ts";
export { type CompareEnginesOptions, compareEngines, EngineComparison } from "./compare-engines.ts";
export { type ComparePipelinesOptions, comparePipelines, PipelineComparison } from "./compare-pipelines.ts";
export { compareProfiles, ProfileComparison } from "./compare-profiles.ts";
export { Exploration, type ExploreOptions, explore } from "./explore.ts";
export { chromeTrace, speedscope, traceCsv } from "./export.ts";
export { NanReport, whereIsNaN } from "./find-nan.ts";
export { ortProfile } from "./ort-file.ts";
export { machinePeaks, type Peaks } from "./peaks.ts";
export { Profile, type ProfileOptions, profileOfTraces } from "./profile.ts";
export { type OperatorChange, WhatIf, type WhatIfOptions } from "./what-if.ts";
