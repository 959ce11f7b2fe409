"""A model that was loaded and saved again says the same to TensorFlow Lite's own reader and interpreter.

The C++ test Corpus saves every model of ../shared that loads into the folder LITEQUANT_RESAVE_DIR; here each is compared
with its original: field by field as ai_edge_litert's object reader sees them, and by whether the interpreter takes it.
"""

import io
import os
import pathlib
import resource
import subprocess
import zipfile

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
FORMAT_TEST = ROOT / ".build/native/format_test"
SECONDS_TO_LOAD = 20


@pytest.fixture(scope="session")
def resaved(tmp_path_factory):
    if not SHARED.exists():
        pytest.skip("needs ../shared, which is not beside this checkout")
    if not FORMAT_TEST.exists():
        pytest.skip("the native format_test was not built")
    folder = tmp_path_factory.mktemp("resaved")
    environment = {**os.environ, "LITEQUANT_RESAVE_DIR": str(folder)}
    subprocess.run([str(FORMAT_TEST), "--gtest_filter=*Corpus*", "--gtest_brief=1"], env=environment, check=True)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    assert len(files) > 700
    return [(SHARED / path.relative_to(folder), path) for path in files]


def read(path):
    """The reader's objects, with what lies behind the FlatBuffer put where it usually is."""
    contents = path.read_bytes()
    model = schema.ModelT.InitFromPackedBuf(contents, 0)
    has_bytes_outside = False
    for buffer in model.buffers:
        if is_absent(buffer.data) and buffer.offset > 1 and buffer.size > 1:
            buffer.data = np.frombuffer(contents, np.uint8, buffer.size, buffer.offset)
            has_bytes_outside = True
        buffer.offset = buffer.size = 0
    for graph in model.subgraphs:
        for node in graph.operators or []:
            start, size = node.largeCustomOptionsOffset, node.largeCustomOptionsSize
            if node.customOptions is None and start > 1 and size > 1:
                node.customOptions = np.frombuffer(contents, np.uint8, size, start)
            node.largeCustomOptionsOffset = node.largeCustomOptionsSize = 0
    if has_bytes_outside:
        model.metadata = [entry for entry in model.metadata or [] if entry.name != b"buffer_location"]
    return model


def is_absent(value):
    return value is None or (hasattr(value, "__len__") and len(value) == 0)


def differences(before, after, where):
    """Fields in which two objects of the generated reader differ; absent and empty count as the same."""
    if is_absent(before) and is_absent(after):
        return
    if isinstance(before, (bytes, str)) and isinstance(after, (bytes, str)):
        if before != after:
            yield f"{where}: {before!r} became {after!r}"
    elif type(before).__name__.endswith("T") and type(before) is type(after):
        for field, value in vars(before).items():
            yield from differences(value, getattr(after, field), f"{where}.{field}")
    elif isinstance(before, (list, np.ndarray)) and isinstance(after, (list, np.ndarray)):
        if len(before) != len(after):
            yield f"{where}: {len(before)} elements became {len(after)}"
        elif isinstance(before, np.ndarray):
            if not np.array_equal(before, after, equal_nan=before.dtype.kind == "f"):
                yield f"{where}: other values"
        else:
            for i, (old, new) in enumerate(zip(before, after)):
                yield from differences(old, new, f"{where}[{i}]")
    elif type(before) is not type(after) or (before != after and not (before != before and after != after)):
        yield f"{where}: {before!r} became {after!r}"


def code_of(model, operator):
    code = model.operatorCodes[operator.opcodeIndex]
    return max(code.deprecatedBuiltinCode, code.builtinCode), code.customCode or b"", code.version


def normalise(model):
    """Takes out of the reader's objects what may be written in several ways, and gives the operators' codes."""
    codes = [code_of(model, node) for graph in model.subgraphs for node in graph.operators]
    model.operatorCodes = None
    if is_absent(model.buffers):  # the first one, which is always empty, may be left out where there is no other
        model.buffers = [schema.BufferT()]
    for graph in model.subgraphs:
        for node in graph.operators:
            node.opcodeIndex = 0
            # An operator of which all options have their defaults.
            if node.builtinOptions is None:
                node.builtinOptionsType = 0
            if node.builtinOptions2 is None:
                node.builtinOptions2Type = 0
        for tensor in graph.tensors:
            parameters = tensor.quantization
            # With one scale at most the axis says nothing.
            if parameters is not None and len(parameters.scale if parameters.scale is not None else []) <= 1:
                parameters.quantizedDimension = 0
    for signature in model.signatureDefs or []:
        signature.deprecatedTag = None
    return codes


def archive_of(path):
    contents = path.read_bytes()
    if b"PK\x05\x06" not in contents[-70000:]:
        return None
    with zipfile.ZipFile(io.BytesIO(contents)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def outcome_of(path):
    """What the interpreter says when it loads the model and plans its memory, in a process that may die of it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_TO_LOAD, SECONDS_TO_LOAD))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        said = "ok"
        try:
            interpreter = Interpreter(
                model_path=str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF
            )
            interpreter.allocate_tensors()
        except Exception as error:  # whatever it is, it is what is compared
            said = str(error)
        os.write(writer, said.encode()[:4000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        said = stream.read().decode()
    _, status = os.waitpid(child, 0)
    return f"died of signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else said


def test_reader_sees_the_same(resaved):
    found = []
    for original, path in resaved:
        before, after = read(original), read(path)
        if normalise(before) != normalise(after):
            found.append(f"{original.name}: other operator codes")
        found += [f"{original.name}: {text}" for text in differences(before, after, "model")]
    assert not found, "\n".join(found[:20])


def test_archives_unpack_to_the_same_files(resaved):
    archives = 0
    for original, path in resaved:
        before = archive_of(original)
        assert archive_of(path) == before, original
        archives += before is not None
    assert archives >= 5


def test_interpreter_says_the_same(resaved):
    found = []
    for original, path in resaved:
        if "vectors" in original.parts:
            continue  # these are run in full by the C++ tests
        before, after = outcome_of(original), outcome_of(path)
        if before != after:
            found.append(f"{original.name}: {before!r} became {after!r}")
    assert not found, "\n".join(found[:20])


def test_constants_are_aligned(resaved):
    for _, path in resaved:
        contents = path.read_bytes()
        model = schema.Model.GetRootAs(contents, 0)
        for i in range(model.BuffersLength()):
            data = model.Buffers(i)
            if data.DataLength() > 0:
                table = data._tab
                assert table.Vector(table.Offset(4)) % 16 == 0, (path, i)
