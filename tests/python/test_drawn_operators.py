"""Single operators, drawn anew each time, beside TensorFlow Lite's reference kernels: stored integers bit for bit, floats
within 1e-5 of the largest magnitude of the results, or 1e-6 of that of the operands, whose sums may cancel; with our
optimized kernels and with our reference.

    LITEQUANT_SEED=7 pytest tests/python/test_drawn_operators.py     # the cases of an earlier run, whose seed was printed
    LITEQUANT_DRAWN=conv_2d_i8,add_i16 LITEQUANT_CASES=500 ...        # of some families, so many in all

Where LiteRT's newer reference kernels give our results and TensorFlow's do not, it is printed and no failure (LEAKY_RELU
with a negative slope rounds its ties otherwise since).

What a family draws is in drawn_layers.py, drawn_values.py, drawn_movement.py, drawn_shapes.py, drawn_recurrent.py and, of
the cells that none of those has, drawn_cells.py. What TensorFlow Lite refuses is no
case; what it runs and we do not is a failure.
"""

import base64
import faulthandler
import json
import os
import pickle
import struct
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import interpreter as litert

import drawn_movement  # noqa: F401, registers its families
import drawn_recurrent  # noqa: F401
import drawn_shapes  # noqa: F401
import drawn_values  # noqa: F401
from drawn_cells import test_claimed_cells_are_drawn_or_excused  # noqa: F401, after all others
from drawing import Draw
from drawn_layers import FAMILIES
from exact_reference import unregistered_version, with_lower_version
from one_operator import RESOLVER, TYPES, stored_bytes, tf

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "dist" / "node.js"
SEED = int(os.environ.get("LITEQUANT_SEED") or np.random.default_rng().integers(1 << 30))
CHOSEN = [name for name in os.environ.get("LITEQUANT_DRAWN", "").split(",") if name]
COUNT = int(os.environ.get("LITEQUANT_CASES", 6000))
TOLERANCE = 1e-5

pytestmark = pytest.mark.skipif(not PACKAGE.exists(), reason="needs a build of the package")

# The reference kernels' own faults: these are compared with TensorFlow Lite's optimized kernels. SUM of integers writes
# nothing; LOCAL_RESPONSE_NORMALIZATION differs from the builtin kernel.
BY_OPTIMIZED = {"sum_i8", "sum_u8", "sum_i16"}
# Steps that a result may be off. The table of GELU in 16 bits is made of tanh or erfc, which C libraries round differently
# in the last bit of a float; where that decides to which of two neighbours an entry is rounded, so do the results.
STEPS = {"gelu_i16": 1}


def interpret(content, runs, resolver, kind=tf.lite.Interpreter):
    """The results of all runs, one after another."""
    interpreter = kind(model_content=content, experimental_op_resolver_type=resolver, num_threads=1)
    interpreter.allocate_tensors()
    results = []
    for values in runs:
        for detail, value in zip(interpreter.get_input_details(), values):
            interpreter.set_tensor(detail["index"], value)
        interpreter.invoke()
        results += [interpreter.get_tensor(detail["index"]).copy() for detail in interpreter.get_output_details()]
    return results


def reference(job):
    """(which kernels, results) or (None, why there are none). What the reference kernels are registered for in lower
    versions only runs in those: a version says what may be in a file, and the kernel is one for all."""
    resolvers = [("optimized", RESOLVER.BUILTIN_WITHOUT_DEFAULT_DELEGATES)]
    if job["family"] not in BY_OPTIMIZED:
        resolvers.insert(0, ("reference", RESOLVER.BUILTIN_REF))
    for name, resolver in resolvers:
        content = job["model"]
        while True:
            try:
                return name, interpret(content, job["runs"], resolver)
            except (RuntimeError, ValueError) as error:
                message = str(error).strip()
            missing = unregistered_version(message)
            if not missing:
                break
            content = with_lower_version(content, *missing)
        if "Didn't find op" not in message:
            break
    return None, message.splitlines()[-1] if message else "refused"


def by_tensorflow(jobs):
    """A result each, made in processes of their own: some inputs end TensorFlow Lite's."""
    results = []
    while len(results) < len(jobs):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            faulthandler.disable()
            with os.fdopen(writer, "wb") as pipe:
                for job in jobs[len(results) :]:
                    data = pickle.dumps(reference(job))
                    pipe.write(struct.pack("<q", len(data)) + data)
                    pipe.flush()
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            while len(head := pipe.read(8)) == 8:
                results.append(pickle.loads(pipe.read(struct.unpack("<q", head)[0])))
        os.waitpid(child, 0)
        if len(results) < len(jobs):
            results.append((None, "ended the interpreter"))
    return results


def by_litert(job):
    """What LiteRT's reference kernels give, or None."""
    try:
        return interpret(job["model"], job["runs"], litert.OpResolverType.BUILTIN_REF, litert.Interpreter)
    except (RuntimeError, ValueError):
        return None


def input_of(value):
    if value.dtype == object:
        strings = [base64.b64encode(text).decode() for text in value.ravel()]
        return {"type": "string", "shape": value.shape, "strings": strings}
    return {"type": value.dtype.name, "shape": value.shape, "data": base64.b64encode(value.tobytes()).decode()}


def by_us(jobs, kernels):
    lines = [json.dumps({"package": str(PACKAGE)})]
    for job in jobs:
        runs = [[input_of(value) for value in values] for values in job["runs"]]
        model = base64.b64encode(job["model"]).decode()
        lines.append(json.dumps({"model": model, "runs": runs, "kernels": kernels}))
    done = subprocess.run(
        ["node", HERE / "run_cases.mjs"], input="\n".join(lines) + "\n", capture_output=True, text=True, check=True
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(jobs), done.stderr
    return results


def largest_of(values):
    """The largest finite magnitude of floats; 0 of anything else."""
    if values.dtype.kind != "f":
        return 0.0
    with np.errstate(invalid="ignore"):
        return float(np.abs(values[np.isfinite(values)]).max(initial=0))


def difference(found, wanted, operands, steps=0):
    """What is wrong with a result, or None."""
    slack = TOLERANCE / 10 * max(map(largest_of, operands), default=0.0)
    for own, values in zip(found, wanted, strict=True):
        kind = "string" if values.dtype == object else values.dtype.name
        if own["type"] != kind:
            return f"{own['type']} instead of {kind}"
        if own["shape"] != list(values.shape):
            return f"the shape {own['shape']} instead of {list(values.shape)}"
        if kind == "string":
            if base64.b64decode(own["data"]) != stored_bytes("str", values):
                return "other strings"
            continue
        got = np.frombuffer(base64.b64decode(own["data"]), values.dtype).reshape(values.shape)
        if kind == "bfloat16":
            got, values = got.astype(np.float32), values.astype(np.float32)
        if values.dtype.kind != "f":
            wrong = got != values if steps == 0 else np.abs(got.astype(np.int64) - values) > steps
        else:
            with np.errstate(invalid="ignore"):
                near = np.abs(got.astype(np.float64) - values) <= max(TOLERANCE * largest_of(values), slack, 1e-35)
            wrong = ~(near | (got == values) | (np.isnan(got) & np.isnan(values)))
        if wrong.any():
            place = tuple(int(i) for i in np.argwhere(wrong)[0])
            return f"{int(wrong.sum())} of {values.size} differ, first at {place}: {got[place]} instead of {values[place]}"
    return None


def drawn_jobs():
    chosen = {name: entry for name, entry in FAMILIES.items() if not CHOSEN or name in CHOSEN}
    names = [name for name, (_, weight) in chosen.items() for _ in range(weight)]
    jobs = []
    for number in range(COUNT):
        name = names[number % len(names)]
        d = Draw(SEED, number)
        case = chosen[name][0](d)
        tensors = case.run_time_inputs()
        sets = case.sets or [[d.values(tensor) for tensor in tensors] for _ in range(4 if case.stream else 1)]
        runs = [[np.asarray(value, TYPES[t.dtype][0]) for t, value in zip(tensors, values)] for values in sets]
        jobs.append({"family": name, "number": number, "model": case.build(), "runs": runs})
    return jobs


def test_drawn_operators():
    print(f"\nLITEQUANT_SEED={SEED}")
    jobs = drawn_jobs()
    answers = by_tensorflow(jobs)
    run, refused, failures, mended = Counter(), {}, [], []
    ours = [by_us(jobs, kernels) for kernels in ("optimized", "reference")]
    for job, (kernels, wanted), *own in zip(jobs, answers, *ours, strict=True):
        if kernels is None:
            refused.setdefault(f"{job['family']}: {wanted[:150]}", []).append(job["number"])
            continue
        run[job["family"]] += 1
        operands = [value for values in job["runs"] for value in values]
        for which, result in zip(("optimized", "reference"), own):
            problem = result.get("message") or difference(result["outputs"], wanted, operands, STEPS.get(job["family"], 0))
            if not problem:
                continue
            place = f"{job['family']}, case {job['number']}, our {which} kernels: {problem}"
            newer = by_litert(job) if "outputs" in result else None
            if newer and not difference(result["outputs"], newer, operands):
                mended.append(place)
            else:
                failures.append(place)
            break
    for reason, numbers in sorted(refused.items()):
        print(f"  TensorFlow Lite does not run {len(numbers)}, first {numbers[0]}, of {reason}")
    for place in mended:
        print(f"  LiteRT gives what we do, TensorFlow does not: {place}")
    print(f"{len(jobs)} cases of {len(run)} families, {sum(run.values())} run by TensorFlow Lite, {len(failures)} failures")
    assert not failures, f"LITEQUANT_SEED={SEED}:\n  " + "\n  ".join(failures)
    assert sum(run.values()) >= 0.8 * len(jobs)
    if not CHOSEN and COUNT >= 2000:  # a family that TensorFlow Lite never runs shows nothing
        assert set(FAMILIES) == set(run), set(FAMILIES) - set(run)
