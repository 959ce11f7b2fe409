// Model and samples kept for the next visit, in this browser's own storage for this page (OPFS), if the user asks.
import type { DataFile, Pixels } from "litequant";

/** What is told of it before it is read. */
export interface KeptFacts {
  readonly model: string;
  readonly samples: number;
  readonly bytes: number;
}

export interface Kept {
  readonly facts: KeptFacts;
  readonly model: Blob;
  readonly samples: readonly DataFile[];
}

/** Names are not those of files in storage: they may be anything. */
interface Index {
  readonly version: 1;
  readonly model: string;
  readonly samples: readonly string[];
  readonly bytes: number;
}

const folderName = "kept";
const indexName = "index.json";
const modelName = "model";

const root = () => navigator.storage.getDirectory();

/** In place of what was kept before. What could not be written whole is not kept at all. */
export async function keep(name: string, model: Blob, samples: readonly DataFile[]): Promise<KeptFacts> {
  await forget();
  const folder = await (await root()).getDirectoryHandle(folderName, { create: true });
  try {
    await write(folder, modelName, model);
    let bytes = model.size;
    for (const [place, sample] of samples.entries()) {
      const content = await sample.read();
      await write(folder, String(place), new Blob([content as BlobPart]));
      bytes += content.byteLength;
    }
    const index: Index = { version: 1, model: name, samples: samples.map(({ path }) => path), bytes };
    await write(folder, indexName, new Blob([JSON.stringify(index)]));
    return factsOf(index);
  } catch (error) {
    await forget();
    throw error;
  }
}

/** Nothing where nothing, or something that this page did not write, is there. */
export async function keptFacts(): Promise<KeptFacts | undefined> {
  const found = await readIndex().catch(() => undefined);
  return found && factsOf(found.index);
}

/** All of it in memory: what is kept may be written anew while it is used. */
export async function readKept(): Promise<Kept> {
  const { folder, index } = await readIndex();
  const read = async (name: string) => await (await fileIn(folder, name)).arrayBuffer();
  const samples: DataFile[] = [];
  for (const [place, path] of index.samples.entries()) {
    const bytes = new Uint8Array(await read(String(place)));
    samples.push({ path, read: () => Promise.resolve(bytes) });
  }
  return { facts: factsOf(index), model: new Blob([await read(modelName)]), samples };
}

async function readIndex() {
  const folder = await (await root()).getDirectoryHandle(folderName);
  const index = JSON.parse(await (await fileIn(folder, indexName)).text()) as Index;
  if (index.version !== 1) throw new Error("this was kept by another version of the page");
  return { folder, index };
}

const fileIn = async (folder: FileSystemDirectoryHandle, name: string) =>
  await (await folder.getFileHandle(name)).getFile();

export async function forget(): Promise<void> {
  const folder = await root();
  await folder.removeEntry(folderName, { recursive: true }).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === "NotFoundError")) throw error;
  });
}

/** Pictures of the camera as files, without loss: they are opaque. */
export async function filesOf(pictures: readonly Pixels[]): Promise<readonly DataFile[]> {
  const files: DataFile[] = [];
  for (const [place, { data, width, height }] of pictures.entries()) {
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(data), width, height), 0, 0);
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    files.push({ path: `${String(place + 1).padStart(4, "0")}.png`, read: () => Promise.resolve(bytes) });
  }
  return files;
}

const factsOf = ({ model, samples, bytes }: Index): KeptFacts => ({ model, samples: samples.length, bytes });

async function write(folder: FileSystemDirectoryHandle, name: string, content: Blob): Promise<void> {
  const file = await (await folder.getFileHandle(name, { create: true })).createWritable();
  await file.write(content);
  await file.close();
}
