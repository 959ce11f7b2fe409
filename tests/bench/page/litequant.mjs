// Ours, as a page would use it; in the page's own thread, as the others run.
/* global performance */
export async function create({ bytes, input, shape, type, options = {} }) {
  const begin = performance.now();
  const api = await import("/dist/web.js");
  return await open(api, { bytes, input, shape, type, options }, begin);
}

/** The rest, which Node does alike. */
export async function open(api, { bytes, input, shape, type, options = {} }, begin) {
  api.configure({ thread: "in-thread", ...options });
  const { variant } = await api.engine();
  const initMs = performance.now() - begin;
  const session = await api.createSession(await api.load(bytes));
  const loadMs = performance.now() - begin - initMs;
  const [port] = session.inputs;
  const sample = { [port.name]: { type, shape, data: input } };
  const run = async () => Object.values(await session.run(sample))[0].data;
  return { initMs, loadMs, run, note: variant };
}
