// Ours, as a page would use it; in the page's own thread, as the others run.
export const create = async (given) => await open(await import("/dist/web.js"), given);

/** The rest, which Node does alike. */
export async function open(api, { bytes, inputs }) {
  api.configure({ thread: "in-thread" });
  const { variant } = await api.engine();
  const session = await api.createSession(await api.load(bytes));
  const sample = Object.fromEntries(inputs.map(({ name, ...tensor }) => [name, tensor]));
  return { note: variant, run: async () => Object.values(await session.run(sample))[0].data };
}
