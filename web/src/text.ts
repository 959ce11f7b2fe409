// Words of the page in the reader's language: one flat file each in web/strings. What the engine says stays English.
import en from "../strings/en.json";

export type TextKey = keyof typeof en;
/** "samples" where there are "samples.one" and "samples.other". */
export type CountKey = { [K in TextKey]: K extends `${infer Stem}.other` ? Stem : never }[TextKey];
export type Values = Readonly<Record<string, string | number>>;

const loaders = {
  en: () => Promise.resolve({ default: en }),
  de: () => import("../strings/de.json"),
  "zh-CN": () => import("../strings/zh-CN.json"),
} satisfies Record<string, () => Promise<{ default: Record<TextKey, string> }>>;
export type Language = keyof typeof loaders;

export const languages: Readonly<Record<Language, string>> = { en: "English", de: "Deutsch", "zh-CN": "简体中文" };

let strings: Readonly<Record<TextKey, string>> = en;
let language: Language = "en";

export const currentLanguage = (): Language => language;

/** The words are there when this resolves; what was drawn before must be drawn again. */
export async function useLanguage(wanted: Language): Promise<void> {
  strings = (await loaders[wanted]()).default;
  language = wanted;
  document.documentElement.lang = wanted;
}

/** The reader's own language where the page speaks it. */
export function preferredLanguage(): Language {
  for (const tag of navigator.languages) {
    const stem = tag.toLowerCase().split("-")[0];
    if (stem === "zh") return "zh-CN";
    if (stem === "en" || stem === "de") return stem;
  }
  return "en";
}

export function text(key: TextKey, values: Values = {}): string {
  return strings[key].replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return typeof value === "number" ? value.toLocaleString(language) : (value ?? whole);
  });
}

/** With the form that the language uses for this number, which stands in the text as {count}. */
export function countText(stem: CountKey, count: number, values: Values = {}): string {
  const form = new Intl.PluralRules(language).select(count) === "one" ? "one" : "other";
  return text(`${stem}.${form}` as TextKey, { count, ...values });
}
