import { type Theme, themes } from "../settings.js";
import { type Language, languages, text } from "../text.js";
import type { Workbench } from "../workbench.js";
import { BytesSent } from "./BytesSent.js";
import icon from "../icon.svg?raw";

const iconAddress = `data:image/svg+xml,${encodeURIComponent(icon)}`;

export function Header({ workbench }: { workbench: Workbench }) {
  const { theme, language } = workbench.state.settings;
  return (
    <header class="masthead">
      <img src={iconAddress} alt="" width="40" height="40" />
      <div class="masthead-title">
        <h1>litequant</h1>
        <p>{text("app.lead")}</p>
      </div>
      <div class="masthead-tools">
        <BytesSent />
        <select
          class="small"
          aria-label={text("app.theme")}
          value={theme}
          onChange={(event) => void workbench.useSettings({ theme: event.currentTarget.value as Theme })}
        >
          {themes.map((name) => (
            <option key={name} value={name}>
              {text(`theme.${name}`)}
            </option>
          ))}
        </select>
        <select
          class="small"
          aria-label={text("app.language")}
          value={language}
          onChange={(event) => void workbench.useSettings({ language: event.currentTarget.value as Language })}
        >
          {Object.entries(languages).map(([name, title]) => (
            <option key={name} value={name} lang={name}>
              {title}
            </option>
          ))}
        </select>
      </div>
    </header>
  );
}
