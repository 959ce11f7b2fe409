import { render } from "preact";
import { App } from "./components/App.js";
import { Workbench } from "./workbench.js";

const root = document.getElementById("app");
if (root) {
  const workbench = new Workbench();
  void workbench.start().then(() => render(<App workbench={workbench} />, root));
}

/** Kept for use without a network; where that is not allowed, the page works all the same. */
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  addEventListener("load", () => void navigator.serviceWorker.register("sw.js").catch(() => undefined));
}
