// Packs once before all tests. LITEQUANT_PACKED is the folder in which `import "litequant"` finds the package.
import { pack } from "../.scripts/pack.mjs";

export default async function setup() {
  process.env.LITEQUANT_PACKED = await pack();
}
