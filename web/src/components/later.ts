// The part of the page that is fetched when there is a model, or something is kept.
export { AdvancedRecipe } from "./AdvancedRecipe.js";
export { CameraButton } from "./Camera.js";
export { CompareStep } from "./CompareStep.js";
export { DownloadStep } from "./DownloadStep.js";
export { KeepPanel } from "./KeepPanel.js";
export { KeptOffer } from "./KeptOffer.js";
export { ModelDetails } from "./ModelDetails.js";
export { SampleFacts } from "./SampleFacts.js";
