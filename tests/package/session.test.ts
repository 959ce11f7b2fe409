// What runs leave behind and what they find: states kept from run to run, shapes that follow from values.
import { createSession, load } from "litequant";
import type { InputValue, Session, Tensor } from "litequant";
import { join } from "node:path";
import { failureOf, root } from "./support";

const sessionOf = async (name: string): Promise<Session> =>
  createSession(await load(join(root, "tests/reference/vectors", `${name}.tflite`)));

describe("a session", () => {
  it("keeps states from one run to the next until it is reset", async () => {
    const session = await sessionOf("rnn_f32");
    const run = async (): Promise<unknown> =>
      Object.values(await session.run([new Float32Array(18).fill(0.5)]))[0]?.data;
    const first = await run();
    expect(await run()).not.toEqual(first);
    await session.reset();
    expect(await run()).toEqual(first);
    session.dispose();
  });

  it("gives the shape that each run found", async () => {
    const session = await sessionOf("where_f32");
    const found = async (places: readonly number[]): Promise<unknown> => {
      const values = Float32Array.from({ length: 30 }, (_, i) => (places.includes(i) ? 1 : 0));
      const [result] = Object.values(await session.run([values]));
      return [result?.shape, Array.from(result?.data ?? [], Number)];
    };
    expect(await found([1, 29])).toEqual([
      [2, 3],
      [0, 0, 1, 2, 1, 4],
    ]);
    expect(await found([])).toEqual([[0, 3], []]);
    expect(await found([10])).toEqual([
      [1, 3],
      [1, 0, 0],
    ]);
    session.dispose();
  });

  // What signatures share: tests/python/test_control_flow.py.
  it("shares variables with a session of the same model only", async () => {
    const model = await load(join(root, "tests/reference/vectors/rnn_f32.tflite"));
    const first = await createSession(model, { kernels: "reference" });
    const second = await createSession(model, { variablesOf: first });
    expect(second.inputs).toEqual(first.inputs);
    expect(await failureOf(createSession(model, { variablesOf: first, kernels: "reference" }))).toMatchObject({
      code: "BAD_ARGUMENT",
      message: expect.stringContaining("kernels") as string,
    });
    const other = await sessionOf("rnn_f32");
    expect(await failureOf(createSession(model, { variablesOf: other }))).toMatchObject({
      code: "BAD_ARGUMENT",
      message: "variablesOf is a session of another model",
    });
    const nothing = {} as unknown as Session;
    expect(await failureOf(createSession(model, { variablesOf: nothing }))).toMatchObject({
      message: "variablesOf is not a Session",
    });
    first.dispose();
    expect(await failureOf(createSession(model, { variablesOf: first }))).toMatchObject({ code: "DISPOSED" });
    expect(Object.keys(await second.run([new Float32Array(18)]))).toHaveLength(1);
    for (const held of [second, other]) held.dispose();
    model.dispose();
  });

  it("takes and gives strings", async () => {
    const session = await sessionOf("gather_nd_str_cell");
    const [port] = session.inputs;
    expect(port).toMatchObject({ type: "string", shape: [3, 4, 2] });
    const words = Array.from({ length: 24 }, (_, i) => (i === 18 ? "" : `wörd ${i} €`));
    const run = async (input: InputValue): Promise<Tensor | undefined> => Object.values(await session.run([input]))[0];
    const wanted = ["", words[19], words[6], words[7]]; // rows [2, 1] and [0, 3]
    expect(await run(words)).toMatchObject({ type: "string", shape: [2, 2], strings: wanted });
    const bytes = words.map((word) => new TextEncoder().encode(word));
    expect((await run({ strings: bytes, shape: [3, 4, 2] }))?.strings).toEqual(wanted);
    for (const [input, code] of [
      [words.slice(1), "SHAPE_MISMATCH"],
      [{ strings: words, shape: [4, 3, 2] }, "SHAPE_MISMATCH"],
      [new Uint8Array(24), "BAD_SAMPLE"],
      [words.map((_, i) => i) as unknown as string[], "BAD_SAMPLE"],
    ] as const) {
      expect(await failureOf(session.run([input]))).toMatchObject({ code });
    }
    session.dispose();
  });
});
