import { render } from "preact";
import { App } from "./components/App.js";
import { Workbench } from "./workbench.js";

const root = document.getElementById("app");
if (root) {
  const workbench = new Workbench();
  void workbench.start().then(() => render(<App workbench={workbench} />, root));
}
