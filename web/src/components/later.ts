// The part of the page that is fetched when there is a model.
export { CompareStep } from "./CompareStep.js";
export { DownloadStep } from "./DownloadStep.js";
export { ModelDetails } from "./ModelDetails.js";
