// What survives a reload: theme, language and recipe, never data. A browser that keeps nothing is no error.
import type { Recipe } from "litequant";
import { type Language, languages, preferredLanguage } from "./text.js";

export type Theme = "auto" | "light" | "dark";
export const themes: readonly Theme[] = ["auto", "light", "dark"];

export interface Settings {
  readonly theme: Theme;
  readonly language: Language;
  readonly recipe: Recipe;
}

const key = "litequant";
const modes: readonly string[] = ["dynamic", "int8", "int8-only", "float16", "int16x8", "int16x8-only"];

/** Anything may have written there: only what is known is taken. */
export function readSettings(): Settings {
  const kept = readKept();
  const theme = themes.find((name) => name === kept.theme) ?? "auto";
  const language = (Object.keys(languages) as Language[]).find((name) => name === kept.language) ?? preferredLanguage();
  const recipe = kept.recipe as Recipe | undefined;
  return { theme, language, recipe: recipe && modes.includes(recipe.mode) ? recipe : { mode: "int8" } };
}

function readKept(): Partial<Record<keyof Settings, unknown>> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** Nodes that were kept in float belong to one model, so they are not kept. */
export function keepSettings({ theme, language, recipe }: Settings): void {
  const { keepFloat: _float, keepInt16: _int16, ...lasting } = recipe;
  try {
    localStorage.setItem(key, JSON.stringify({ theme, language, recipe: lasting }));
  } catch {
    // Storage is full or not allowed.
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
