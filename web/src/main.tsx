import { render } from "preact";
import { App } from "./components/App.js";
import { Workbench } from "./workbench.js";

const root = document.getElementById("app");
if (root) render(<App workbench={new Workbench()} />, root);
