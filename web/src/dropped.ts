// Files out of a drop, folders included, with their paths.
import type { DataFile } from "litequant";

/** What was dropped or chosen: models apart from everything else. */
export interface Chosen {
  readonly models: readonly File[];
  readonly data: readonly DataFile[];
}

const isModel = (name: string) => /\.(tflite|lite)$/i.test(name);
const isHidden = (path: string) => path.split("/").some((part) => part.startsWith("."));

function dataFile(path: string, file: File): DataFile {
  return { path, read: async () => new Uint8Array(await file.arrayBuffer()) };
}

function sort(files: readonly { readonly path: string; readonly file: File }[]): Chosen {
  return {
    models: files.filter(({ path }) => isModel(path)).map(({ file }) => file),
    data: files.filter(({ path }) => !isModel(path) && !isHidden(path)).map(({ path, file }) => dataFile(path, file)),
  };
}

/** Of an <input type="file">. The first part of a chosen folder's paths is the folder itself. */
export function chosenFiles(list: FileList): Chosen {
  const path = (file: File) => file.webkitRelativePath.split("/").slice(1).join("/") || file.name;
  return sort([...list].map((file) => ({ path: path(file), file })));
}

export async function droppedFiles(transfer: DataTransfer): Promise<Chosen> {
  // Entries must be taken before the first await: the list is emptied when the event ends.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  // Files that lie on no disk (out of a mail, a clipboard, a script) have no entries.
  if (entries.length === 0) return chosenFiles(transfer.files);
  const found: { path: string; file: File }[] = [];
  // A single folder is the data set itself; of several, each is a class.
  const first = entries[0];
  const single = entries.length === 1 && first?.isDirectory ? first : undefined;
  const waiting = entries.map((entry) => ({ entry, path: entry === single ? "" : entry.name }));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { entry, path } = next;
    if (entry.isFile) {
      found.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
    } else {
      for (const child of await entriesOf(entry as FileSystemDirectoryEntry)) {
        waiting.push({ entry: child, path: path ? `${path}/${child.name}` : child.name });
      }
    }
  }
  return sort(found);
}

const fileOf = (entry: FileSystemFileEntry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject));

async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
