// What differs between Node and a page: where files come from, what decodes pictures, where the engine lives.
import type { EngineStart } from "./engine.js";
import type { DataFile, DataSource, EngineOptions, Pixels } from "./types.js";

export type FileSource = Exclude<DataSource, string | readonly Pixels[]>;

export interface Platform {
  openEngine(options: EngineOptions): Promise<EngineStart>;
  /** The bytes of a path or address, and a name for them. */
  readFile(source: string | URL): Promise<Uint8Array>;
  /** The files that a source stands for, in any order. Strings are paths where there are paths. */
  listFiles(source: FileSource): Promise<readonly DataFile[]>;
  /** RGBA as it is stored, rotated as EXIF says. */
  decodeImage(bytes: Uint8Array): Promise<Pixels>;
}
