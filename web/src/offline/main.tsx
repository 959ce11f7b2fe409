// The page in one file, from disk.
import { render } from "preact";
import { App } from "../components/App.js";
import { Workbench } from "../workbench.js";
import { useOwnEngine } from "./engine.js";

async function start(): Promise<void> {
  await useOwnEngine();
  const workbench = new Workbench();
  await workbench.start();
  const root = document.getElementById("app");
  if (root) render(<App workbench={workbench} />, root);
}

void start();
