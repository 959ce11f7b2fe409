// Class labels: from names of sub-folders, or from a file.
import { refuse } from "../errors.js";
import { linesOf } from "../model.js";
import type { StoredArray } from "./arrays.js";
import { toArray } from "../tensors.js";

/** Order of strings by code point, the same on every platform and in every language. */
export function byCodePoint(a: string, b: string): number {
  const left = Array.from(a);
  const right = Array.from(b);
  const shared = Math.min(left.length, right.length);
  for (let i = 0; i < shared; i++) {
    const difference = (left[i]?.codePointAt(0) ?? 0) - (right[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export interface FolderLabels {
  readonly labels?: readonly number[];
  readonly warning?: string;
}

/**
 * Class of each file from the name of its folder: among the class names, else a number, else by the order of all
 * folders' names. Nothing where a file lies in no folder.
 */
export function labelsOfFolders(paths: readonly string[], classNames: readonly string[] | undefined): FolderLabels {
  const folders = paths.map((path) => path.split("/").at(-2));
  const names = [...new Set(folders)];
  if (!names.every((name): name is string => name !== undefined) || names.length === 0) return {};
  const isNumbers = names.every((name) => /^\d{1,9}$/.test(name));
  if (classNames && names.some((name) => classNames.includes(name))) {
    const missing = names.find((name) => !classNames.includes(name));
    if (missing !== undefined) {
      return { warning: `the folder '${missing}' is no class of the model, so folders are not taken as labels` };
    }
    return { labels: folders.map((name) => classNames.indexOf(name as string)) };
  }
  if (isNumbers) return { labels: folders.map(Number) };
  if (classNames) {
    return { warning: `the folder '${names[0]}' is no class of the model, so folders are not taken as labels` };
  }
  if (names.length < 2) return {};
  const sorted = names.sort(byCodePoint);
  return { labels: folders.map((name) => sorted.indexOf(name as string)) };
}

/** Labels of a text file: one per line, a class index or a class name. */
export function labelsOfText(text: string, classNames: readonly string[] | undefined, name: string): number[] {
  return linesOf(text).map((line, index) => labelOf(line.trim(), classNames, `${name}, line ${index + 1}`));
}

/** Labels of JSON: a list of indices or names, or an object with such a list as `labels`. */
export function labelsOfJson(text: string, classNames: readonly string[] | undefined, name: string): number[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("BAD_SAMPLE", `${name} is not JSON`);
  }
  const list = Array.isArray(value) ? value : (value as { labels?: unknown } | null)?.labels;
  if (!Array.isArray(list)) return refuse("BAD_SAMPLE", `${name} holds no list of labels`);
  return list.map((item, index) => labelOf(String(item), classNames, `${name}, label ${index}`));
}

export function labelsOfArray({ type, shape, bytes }: StoredArray, name: string): number[] {
  const isInteger = /^u?int\d+$/.test(type);
  if (!isInteger || shape.length !== 1) return refuse("BAD_SAMPLE", `${name} is not one list of integers`);
  return Array.from(toArray(type, bytes) as ArrayLike<number | bigint>, Number);
}

function labelOf(word: string, classNames: readonly string[] | undefined, where: string): number {
  if (/^\d{1,9}$/.test(word) && !classNames?.includes(word)) return Number(word);
  const index = classNames?.indexOf(word) ?? -1;
  if (index >= 0) return index;
  return refuse("BAD_SAMPLE", `${where}: '${word}' is neither a class index nor a class name of the model`);
}
