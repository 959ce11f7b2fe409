// One conversion in Node: node node_conversion.mjs '{"file", "count", "shape", "dist"}' prints its measurement.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { convert, prepare } from "./conversion.mjs";
import { forgetPeak, memoryOf } from "./process_memory.mjs";

const given = JSON.parse(process.argv[2]);
prepare(given);
const api = await import(pathToFileURL(join(given.dist, "node.js")).href);
const emptyBytes = memoryOf("self", "VmRSS");
forgetPeak("self");
const cpu = process.cpuUsage();
const answer = await convert(api, given.file);
const { user, system } = process.cpuUsage(cpu);
const peakBytes = memoryOf("self", "VmHWM");
console.log(JSON.stringify({ ...answer, cpuSeconds: (user + system) / 1e6, emptyBytes, peakBytes }));
