"""One-operator and small float models, drawn anew each time, quantized in every mode and judged by TensorFlow Lite.

    LITEQUANT_SEED=7 pytest tests/python/test_operators.py       # the models of an earlier run, whose seed was printed
    LITEQUANT_OPERATORS=conv_2d,tile pytest ...                   # some of them

Every file must run in the default interpreter, with the builtin kernels alone, and with the reference kernels where these
register the operator; hold no float in the `-only` modes; give, where integer, what our own runtime gives, bit for bit
with the reference kernels; and come near the float model. A refusal, or a node left in float, must name operator and
reason; where TensorFlow's converter or ai-edge-quantizer makes an honest file of the same model, a refusal is a failure,
and so is leaving more operators in float than that file has, but for joins of very different ranges.

Known faults of the reference kernels, so no measure of ours: SUM of integers writes nothing
(../shared/accuracy.md, section 1), and LOCAL_RESPONSE_NORMALIZATION differs from the builtin kernel.
"""

import base64
import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import operator_models as models
import rivals

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "dist" / "node.js"
HERE = Path(__file__).parent
SEED = int(os.environ.get("LITEQUANT_SEED") or np.random.default_rng().integers(1 << 30))
CHOSEN = [name for name in os.environ.get("LITEQUANT_OPERATORS", "").split(",") if name]
SAMPLES = 8

pytestmark = pytest.mark.skipif(not PACKAGE.exists(), reason="needs a build of the package")

MODES = {
    "dynamic": {"mode": "dynamic"},
    "float16": {"mode": "float16"},
    "int8": {"mode": "int8"},
    "int8-only": {"mode": "int8-only"},
    "uint8": {"mode": "int8-only", "io": "uint8"},
    "int16x8": {"mode": "int16x8"},
    "int16x8-only": {"mode": "int16x8-only"},
    "weight-only": {"mode": "dynamic", "weightsOnly": True, "minimumElements": 1},
    # Our int8 file brought back to floats.
    "dequantized": None,
}
ONLY = {"int8-only", "uint8", "int16x8-only"}
RESOLVERS = ("AUTO", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "BUILTIN_REF")
# The least signal-to-noise ratio (dB) over one sample: far below what a sound file has, far above nonsense.
FLOORS = {"dynamic": 12, "float16": 30, "int8": 8, "int8-only": 8, "uint8": 8, "int16x8": 15, "int16x8-only": 15}
FLOORS |= {"weight-only": 12, "dequantized": 8}
# Not judged by distance: a small error of the input moves the result by a whole step.
JUMPS = {"ceil", "floor", "round", "sign", "floor_div", "floor_mod", "equal", "not_equal", "cast_and_back", "gathered_table"}
# Not done although others write files that come near: SCATTER_ND fills with the stored integer 0, which is the real 0 for
# zero point 0 only; int16 kernels compare stored integers whatever their scales (drawn reals are never equal anyway).
UNSOUND = {"scatter_nd", "equal", "not_equal"}
# The reference kernels' own faults.
REFERENCE_FAULTS = {"sum", "normalized_by_sum", "local_response_normalization"}


def decoded(result):
    arrays = []
    for text, kind in zip(result["outputs"], result["types"]):
        arrays.append(np.frombuffer(base64.b64decode(text), kind))
    return arrays


def real_outputs(result):
    pairs = zip(decoded(result), result["quantization"])
    return [(q.astype(np.float64) - zero) * scale if scale else q.astype(np.float64) for q, (scale, zero) in pairs]


def interpret(jobs):
    """A result per job; a job that kills its process has {"ok": False, "message": "killed the interpreter"}."""
    results = []
    while len(results) < len(jobs):
        done = subprocess.run(
            [sys.executable, HERE / "interpret_many.py"],
            input="\n".join(json.dumps(job) for job in jobs[len(results) :]),
            capture_output=True,
            text=True,
            check=False,
        )
        results += [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if len(results) < len(jobs):
            results.append({"ok": False, "message": "killed the interpreter"})
    return results


def floats_of(path):
    """Builtin operators that touch a float32 tensor, conversions aside."""
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    found = []
    for graph in model.subgraphs:
        for node in graph.operators:
            code = model.operatorCodes[node.opcodeIndex]
            kinds = [graph.tensors[i].type for i in [*node.inputs, *node.outputs] if i >= 0]
            operator = max(code.builtinCode, code.deprecatedBuiltinCode)
            conversions = (schema.BuiltinOperator.QUANTIZE, schema.BuiltinOperator.DEQUANTIZE)
            if schema.TensorType.FLOAT32 in kinds and operator not in conversions:
                found.append(operator)
    return found


def signal_to_noise(expected, found):
    """dB over all outputs; inf without any error."""
    noise = sum(float(np.sum((a - b) ** 2)) for a, b in zip(expected, found))
    signal = sum(float(np.sum(a**2)) for a in expected)
    return np.inf if noise == 0 else 10 * np.log10(max(signal, 1e-30) / noise)


class Campaign:
    """All models, all modes, judged once; the tests below look at the verdicts."""

    def __init__(self, folder):
        print(f"\nmodels of seed {SEED}")
        self.folder, self.cases, self.failures, self.left = folder, {}, [], []
        self.failed = set()
        builders = {**models.SINGLE, **models.MULTI}
        for name in CHOSEN or builders:
            self.make(name, builders[name])
        self.quantize()
        self.judge()

    def make(self, name, build):
        rng = np.random.default_rng([SEED, *name.encode()])
        function, shapes = build(rng)
        samples = models.samples_of(rng, name, shapes, SAMPLES)
        path = self.folder / f"{name}.tflite"
        path.write_bytes(models.to_tflite(function, shapes))
        files = []
        for i, sample in enumerate(samples):
            files.append([])
            for j, values in enumerate(sample):
                file = self.folder / f"{name}-{i}-{j}.npy"
                np.save(file, values)
                files[-1].append(str(file))
        self.cases[name] = {"function": function, "shapes": shapes, "samples": samples, "files": files, "path": path}

    def quantize(self):
        self.jobs = []
        for name, case in self.cases.items():
            for mode, recipe in MODES.items():
                output = self.folder / f"{name}.{mode}.tflite"
                self.jobs.append({"name": name, "mode": mode, "output": str(output), "recipe": recipe})
        request = {
            "package": str(PACKAGE),
            "jobs": [
                {
                    "model": str(self.source_of(job)),
                    "samples": self.cases[job["name"]]["files"],
                    "output": job["output"],
                    "recipe": job["recipe"],
                }
                for job in self.jobs
            ],
        }
        done = subprocess.run(
            ["node", HERE / "quantize_many.mjs"], input=json.dumps(request), capture_output=True, text=True, check=True
        )
        for job, line in zip(self.jobs, done.stdout.splitlines(), strict=True):
            job["result"] = json.loads(line)

    def source_of(self, job):
        return self.cases[job["name"]]["path"] if job["recipe"] else self.folder / f"{job['name']}.int8.tflite"

    def judge(self):
        floats = [
            {"model": str(case["path"]), "resolver": RESOLVERS[1], "inputs": case["files"][0]}
            for case in self.cases.values()
        ]
        for case, result in zip(self.cases.values(), interpret(floats)):
            case["float"] = [values.astype(np.float64) for values in decoded(result)]
        runs = [
            (job, resolver)
            for job in self.jobs
            if job["result"]["ok"]
            for resolver in RESOLVERS
        ]
        results = interpret(
            [
                {"model": job["output"], "resolver": resolver, "inputs": self.cases[job["name"]]["files"][0]}
                for job, resolver in runs
            ]
        )
        for (job, resolver), result in zip(runs, results):
            self.judge_run(job, resolver, result)
        honest = self.honest_rivals()
        for job in self.jobs:
            if not job["result"]["ok"]:
                self.judge_refusal(job, honest.get((job["name"], job["mode"]), []))
                continue
            for place in job["result"]["left"]:
                self.left.append(f"{job['name']} {job['mode']}: {place['operator']}: {place['reason']}")
                if not place["operator"] or not place["reason"]:
                    self.fail(job, "a node left in float without operator or reason")
            for rival, path in honest.get((job["name"], job["mode"]), []):
                own, theirs = floats_of(Path(job["output"])), floats_of(path)
                is_spared = any("ranges differ" in place["reason"] for place in job["result"]["left"])
                if len(theirs) < len(own) and not is_spared:
                    self.fail(job, f"leaves builtin operators {own} in float, {rival}'s file {theirs}")
            if job["mode"] in ONLY and floats_of(Path(job["output"])):
                self.fail(job, f"holds floats: builtin operators {floats_of(Path(job['output']))}")

    def fail(self, job, what):
        self.failures.append(f"{job['name']} {job['mode']}: {what}")
        self.failed.add((job["name"], job["mode"]))

    def table(self):
        """Lines: model × mode × verdict (`float`: runs with operators left in float), and the shapes drawn."""
        verdicts = {}
        for job in self.jobs:
            verdict = "ok" if not job["result"].get("left") else "float"
            if not job["result"]["ok"]:
                verdict = "refused"
            if (job["name"], job["mode"]) in self.failed:
                verdict = "FAULT"
            verdicts[job["name"], job["mode"]] = verdict
        lines = [f"{'':24}" + "".join(f"{mode:13}" for mode in MODES) + "inputs"]
        for name, case in self.cases.items():
            shapes = " ".join("x".join("?" if size is None else str(size) for size in shape) for shape in case["shapes"])
            lines.append(f"{name:24}" + "".join(f"{verdicts[name, mode]:13}" for mode in MODES) + shapes)
        return lines

    def judge_run(self, job, resolver, result):
        name, mode = job["name"], job["mode"]
        if not result["ok"]:
            if not (resolver == "BUILTIN_REF" and result.get("unregistered")):
                self.fail(job, f"{resolver}: {result['message']}")
            return
        arrays = decoded(result)
        if resolver == "BUILTIN_REF" and name in REFERENCE_FAULTS:
            return
        ratio = signal_to_noise(self.cases[name]["float"], real_outputs(result))
        if name not in JUMPS and not ratio >= FLOORS[mode]:
            self.fail(job, f"{resolver}: {ratio:.1f} dB")
        if resolver == "BUILTIN_REF" and mode in ONLY:
            if "outputs" not in job["result"]:
                self.fail(job, "our runtime does not execute it, so nothing shows that it is exact")
            for text, values in zip(job["result"].get("outputs", []), arrays):
                own = np.frombuffer(base64.b64decode(text), values.dtype)
                if not np.array_equal(own, values):
                    self.fail(job, f"our runtime differs from the reference: {own[:4]} instead of {values[:4]}")
                    break

    def judge_refusal(self, job, honest):
        result = job["result"]
        if job["mode"] == "dequantized" and "holds no quantized tensor" in result["message"]:
            return  # the int8 file is all float as well
        if result["code"] != "REFUSED" or "operator" not in result["message"]:
            self.fail(job, f"{result['code']}: {result['message']}")
            return
        if honest:
            self.fail(job, f"refused although {' and '.join(rival for rival, _ in honest)} can: {result['message']}")
        else:
            self.left.append(f"{job['name']} {job['mode']}: refused: {result['message'][:150]}")

    def is_asked_of_rivals(self, job):
        """Where we refuse, or leave operators of an integer mode in float."""
        if job["mode"] in ("uint8", "weight-only", "dequantized"):  # int8-only with another border; modes of our own
            return False
        return not job["result"]["ok"] or (job["mode"].startswith("int") and job["result"]["left"])

    def honest_rivals(self):
        """{(model, mode): [(rival, its file)]}: files that run wherever they are registered, come near the float model, and
        hold what the mode promises."""
        made = []
        for job in filter(self.is_asked_of_rivals, self.jobs):
            for rival, convert in rivals.RIVALS.items():
                path = Path(job["output"]).with_suffix(f".{rival}.tflite")
                try:
                    with contextlib.redirect_stdout(io.StringIO()):
                        path.write_bytes(convert(self.cases[job["name"]], job["mode"]))
                except Exception:  # it makes no file
                    continue
                if not (job["mode"] in ONLY and floats_of(path)):
                    made.append((job, rival, path))
        runs = interpret(
            [
                {"model": str(path), "resolver": resolver, "inputs": self.cases[job["name"]]["files"][0]}
                for job, _, path in made
                for resolver in RESOLVERS
            ]
        )
        honest = {}
        for i, (job, rival, path) in enumerate(made):
            default, builtin, reference = runs[i * len(RESOLVERS) : (i + 1) * len(RESOLVERS)]
            does_run = builtin["ok"] and all(run["ok"] or run.get("unregistered") for run in (default, reference))
            if not does_run or job["name"] in UNSOUND:
                continue
            ratio = signal_to_noise(self.cases[job["name"]]["float"], real_outputs(builtin))
            if ratio >= FLOORS[job["mode"]]:
                honest.setdefault((job["name"], job["mode"]), []).append((rival, path))
        return honest


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    return Campaign(tmp_path_factory.mktemp("operators"))


def test_every_file_is_honest(campaign):
    print("", *campaign.table(), sep="\n")
    print("\nleft in float, or refused:", *sorted(set(campaign.left)), sep="\n  ")
    print(f"{len(campaign.cases)} models, {len(campaign.jobs)} files asked for, {len(campaign.failures)} failures")
    assert not campaign.failures, f"seed {SEED}:\n  " + "\n  ".join(campaign.failures)


def test_the_probes_are_many(campaign):
    if CHOSEN:
        pytest.skip("some models only were asked for")
    assert len(models.SINGLE) >= 88
    assert len(models.MULTI) >= 25
    written = sum(job["result"]["ok"] for job in campaign.jobs)
    assert written >= 0.7 * len(campaign.jobs), written
