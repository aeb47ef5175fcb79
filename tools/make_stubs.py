"""Writes the .pyi beside every compiled module of which Python sees something, from its .pyx and .pxd.

    python tools/make_stubs.py [MODULE.pyx...]      write them, of these modules or all
    python tools/make_stubs.py --check              exit 1 when they are not what would be written

What a signature says in C is said in Python's words: u32 is int, bint is bool, an extension class is itself. What C
leaves open, the source says: annotations of arguments and results, and for an attribute that is a container a comment
that begins with its type, `# list[str]: ...`. A function without `return` returns None. What nothing tells is a fault.
"""

from __future__ import annotations

import ast
import builtins
import pathlib
import re
import sys
from collections.abc import Iterable, Iterator

from Cython.Compiler import ExprNodes, Nodes
from Cython.Compiler.Errors import init_thread
from Cython.Compiler.Main import Context, FileSourceDescriptor
from Cython.Compiler.Options import CompilationOptions, default_options
from Cython.Compiler.Symtab import ModuleScope
from Cython.Compiler.Visitor import TreeVisitor

ROOT = pathlib.Path(__file__).resolve().parent.parent
FAST = ROOT / "netwatch" / "_fast"
WIDTH = 118
NOTE = "# Written by tools/make_stubs.py. Change the .pyx, not this.\n"
INTEGERS = re.compile(r"char|short|int|long|size_t|ssize_t|Py_ssize_t|[ui](8|16|32|64)|u?int(8|16|32|64)_t|Py_UCS4")
PLAIN = {"bint": "bool", "float": "float", "double": "float", "str": "str", "bytes": "bytes", "bytearray": "bytearray",
         "unicode": "str", "void": "None", "dict": "Record",
         "memoryview": "Buffer"}
OPEN = ("object", "list", "tuple", "set", "frozenset", "type")    # of these C says too little
HIDDEN = ("__cinit__", "__dealloc__", "__reduce_cython__", "__setstate_cython__")
RESULTS = {"__init__": "None", "__len__": "int", "__repr__": "str", "__str__": "str", "__bool__": "bool",
           "__hash__": "int", "__contains__": "bool"}
ARGUMENTS = {"__eq__": "object", "__contains__": "object", "__exit__": "object",
             "describe": "Iterable[tuple[int, bytes]]"}     # facts, see look/protocol.pxd
ABSTRACT = ("Buffer", "Callable", "Collection", "Container", "Generator", "Hashable", "Iterable", "Iterator",
            "Mapping", "MutableMapping", "Sequence", "Set")
TYPING = ("Any", "ClassVar", "NamedTuple", "Protocol", "Self")
OURS = {"array": "array", "Record": "netwatch.model.record", "Unpacker": "netwatch.capture.unpack",
        "Regex": "netwatch.filter.regex", "Names": "netwatch.names.addon", "Addon": "netwatch.model.contract",
        "Where": "netwatch.model.contract", "GroupKey": "netwatch.model.group",
        "Program": "netwatch._fast.view.program"}
LITERALS = {ExprNodes.IntNode: "int", ExprNodes.FloatNode: "float", ExprNodes.UnicodeNode: "str",
            ExprNodes.BytesNode: "bytes", ExprNodes.BoolNode: "bool"}


class Unknown(Exception):
    """What the source does not say."""


class Returns(TreeVisitor):
    """Whether a function gives anything back."""

    def __init__(self, function: Nodes.Node) -> None:
        super().__init__()
        self.found = False
        self.visitchildren(function)

    def visit_Node(self, node: Nodes.Node) -> None:
        self.visitchildren(node)

    def visit_ReturnStatNode(self, node: Nodes.Node) -> None:
        self.found |= node.value is not None

    def visit_YieldExprNode(self, node: Nodes.Node) -> None:
        self.found = True

    def visit_FuncDefNode(self, node: Nodes.Node) -> None:
        """Another function's returns are not ours."""

    def visit_LambdaNode(self, node: Nodes.Node) -> None:
        """Nor a lambda's."""


class Stub:
    """The .pyi of one module; `faults` are what its source leaves open."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        self.faults: list[str] = []
        self.lines = {path.suffix: path.read_text().splitlines() for path in (path, path.with_suffix(".pxd"))
                      if path.exists()}
        self.attributes: dict[str, list[str]] = {}     # of a class, declared in the .pxd
        self.imported: dict[str, str] = {}             # name: module
        self.passed_on: list[str] = []                 # by a door behind which all else stands
        self.local: set[str] = set()
        tree = parse(path)
        declared = parse(path.with_suffix(".pxd")) if ".pxd" in self.lines else None
        for each in filter(None, (declared, tree)):
            self._note_imports(each)
        if declared is not None:
            self._note_attributes(declared)
        self.body = list(self._members(tree.body, "")) or self.passed_on

    def text(self) -> str:
        """Empty when Python sees nothing of the module, or when there are faults."""
        if not self.body or self.faults:
            return ""
        body = "\n".join(self.body).strip("\n") + "\n"
        imports = self._imports(body)
        return NOTE + imports + ("\n" if imports else "") + body

    def _imports(self, body: str) -> str:
        names = {node.id for node in ast.walk(ast.parse(body))
                 if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        wanted: dict[str, list[str]] = {}
        for name in sorted(names - self.local - set(dir(builtins))):
            module = ("collections.abc" if name in ABSTRACT else "typing" if name in TYPING
                      else OURS.get(name) or self.imported.get(name))
            if module is None:
                self.faults.append(f"{self.path.relative_to(ROOT)}: the type {name} is not known here")
            else:
                wanted.setdefault(module, []).append(name)
        ours = [module for module in sorted(wanted) if module.startswith("netwatch.")]
        blocks = [[f"from {module} import {', '.join(wanted[module])}\n" for module in part]
                  for part in (sorted(wanted.keys() - set(ours)), ours)]
        return "\n".join("".join(block) for block in blocks if block)

    def _note_imports(self, tree: Nodes.Node) -> None:
        for node in statements(tree.body):
            if isinstance(node, Nodes.FromCImportStatNode):
                for _, name, alias in (each[:3] for each in node.imported_names):
                    self.imported[alias or name] = node.module_name
            elif isinstance(node, Nodes.FromImportStatNode):
                for name, _ in node.items:
                    self.imported[name] = node.module.module_name.value

    def _note_attributes(self, tree: Nodes.Node) -> None:
        for node in statements(tree.body):
            if isinstance(node, Nodes.CClassDefNode) and node.body is not None:
                self.local.add(node.class_name)
                self.attributes[node.class_name] = list(self._members(node.body, node.class_name, ".pxd"))

    def _members(self, body: Nodes.Node, of: str, suffix: str = ".pyx") -> Iterator[str]:
        for node in statements(body):
            try:
                yield from self._member(node, of, suffix)
            except Unknown as unknown:
                self.faults.append(f"{self.path.with_suffix(suffix).relative_to(ROOT)}:{node.pos[1]}: {unknown}")

    def _member(self, node: Nodes.Node, of: str, suffix: str) -> Iterator[str]:
        if isinstance(node, Nodes.DefNode):
            yield from self._function(node, node.name, node.args, node.return_type_annotation, of)
        elif isinstance(node, Nodes.CFuncDefNode) and node.overridable and suffix == ".pyx":
            yield from self._cpdef(node, of)
        elif isinstance(node, Nodes.CClassDefNode | Nodes.PyClassDefNode) and suffix == ".pyx":
            yield from self._class(node)
        elif isinstance(node, Nodes.CVarDefNode) and node.visibility in ("readonly", "public") and of:
            yield from self._variables(node, suffix)
        elif isinstance(node, Nodes.FromImportStatNode) and self.path.parent == FAST:
            module = node.module.module_name.value
            self.passed_on += (f"from {module} import {name} as {name}" for name, _ in node.items)
        elif isinstance(node, Nodes.SingleAssignmentNode):
            yield from self._constant(node)
        elif isinstance(node, Nodes.CascadedAssignmentNode) and not of:
            raise Unknown("one constant an assignment")

    def _class(self, node: Nodes.Node) -> Iterator[str]:
        name = node.class_name if isinstance(node, Nodes.CClassDefNode) else node.name
        self.local.add(name)
        bases = ", ".join(base.name for base in (node.bases.args if node.bases else ()))
        inside = self.attributes.get(name, []) + list(self._members(node.body, name))
        made = {each.name: each for each in statements(node.body) if isinstance(each, Nodes.DefNode)}
        if "__cinit__" in made and "__init__" not in made:
            each = made["__cinit__"]
            inside += self._function(each, "__init__", each.args, None, name)
        self._refuse_hidden_types(node, name, inside)
        yield f"\nclass {name}{f'({bases})' if bases else ''}:" + ("" if inside else " ...")
        yield from (f"    {line}" for line in inside)

    def _refuse_hidden_types(self, node: Nodes.Node, name: str, inside: list[str]) -> None:
        """A member that is called like a type hides it from the annotations of its class."""
        tree = ast.parse(f"class {name}:\n" + "\n".join(f"    {line}" for line in inside or ["pass"])).body[0]
        members = {each.name if isinstance(each, ast.FunctionDef) else getattr(each.target, "id", "")
                   for each in tree.body if isinstance(each, ast.FunctionDef | ast.AnnAssign)}
        used = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
        for hidden in sorted(members & used & set(dir(builtins)) - {"property", "staticmethod", "classmethod"}):
            raise Unknown(f"{name}.{hidden} hides the type {hidden}: call it otherwise")

    def _variables(self, node: Nodes.Node, suffix: str) -> Iterator[str]:
        said = commented(self.lines[suffix][node.pos[1] - 1])
        for declarator in node.declarators:
            kind = c_type(node.base_type, declarator)
            if kind in OPEN and said is None:
                raise Unknown(f"{declarator.name} is a {kind} of what? say `# {kind}[...]: ` behind it")
            kind = said or kind
            yield f"{declarator.name}: {kind}" if node.visibility == "public" else \
                f"@property\ndef {declarator.name}(self) -> {kind}: ...".replace("\n", "\n    ")

    def _constant(self, node: Nodes.Node) -> Iterator[str]:
        if not isinstance(node.lhs, ExprNodes.NameNode) or node.lhs.name.startswith("_"):
            return
        if node.lhs.annotation is not None:
            kind = str(node.lhs.annotation.string.value)
        else:
            kind = constant_type(node.rhs)
            if kind is None:      # who needs it annotates it
                return
        self.local.add(node.lhs.name)
        yield f"{node.lhs.name}: {kind}"

    def _cpdef(self, node: Nodes.Node, of: str) -> Iterator[str]:
        declarator = node.declarator
        result = c_type(node.base_type, declarator.base)
        if result in OPEN:
            raise Unknown(f"{declarator.base.name} returns a {result} of what? make it def, with ->")
        yield from self._function(node, declarator.base.name, declarator.args, None, of, result)

    def _function(self, node: Nodes.Node, name: str, args: list[Nodes.Node], says: Nodes.Node | None, of: str,
                  result: str = "") -> Iterator[str]:
        if name in HIDDEN or (name.startswith("_") and not name.startswith("__")):
            return
        decorators = [each.decorator.name for each in node.decorators or ()
                      if isinstance(each.decorator, ExprNodes.NameNode)]
        bound = bool(of) and "staticmethod" not in decorators
        words = [self._argument(name, arg, bound and k == 0) for k, arg in enumerate(args)]
        named = next((k for k, arg in enumerate(args) if arg.kw_only), len(args))
        star, double = getattr(node, "star_arg", None), getattr(node, "starstar_arg", None)
        if star is not None:
            words.insert(named, f"*{star.name}: {annotated(star) or ARGUMENTS.get(name) or 'object'}")
        elif named < len(args):
            words.insert(named, "*")
        if double is not None:
            words.append(f"**{double.name}: {annotated(double) or 'object'}")
        result = result or (str(says.string.value) if says is not None else RESULTS.get(name, ""))
        result = PLAIN.get(result, result)
        if not result:
            if Returns(node).found:
                raise Unknown(f"{name}() returns something: say what, with ->")
            result = "None"
        if result in OPEN and not (result == "object" and says is not None):
            raise Unknown(f"{name}() returns a {result} of what?")
        lead = "    " if of else ""
        if not of:
            yield ""
        for decorator in decorators:
            if decorator in ("property", "staticmethod", "classmethod"):
                yield f"@{decorator}"
        line = f"def {name}({', '.join(words)}) -> {result}: ..."
        if len(line) > WIDTH - 2 * bool(of):
            line = f"def {name}(\n    {lead}" + f",\n    {lead}".join(words) + f",\n{lead}) -> {result}: ..."
        yield line

    def _argument(self, function: str, arg: Nodes.Node, bound: bool) -> str:
        name = arg.declarator.name or arg.base_type.name
        if bound:
            return name
        kind = annotated(arg) or (c_type(arg.base_type, arg.declarator) if arg.declarator.name else "object")
        default = " = ..." if arg.default is not None else ""
        if kind == "object" and not annotated(arg):
            kind = ARGUMENTS.get(function) or constant_type(arg.default) or "object"
        if kind in OPEN and not (kind == "object" and annotated(arg)) and function not in ARGUMENTS:
            raise Unknown(f"{function}(): {name} is a {kind} of what? annotate it")
        if not annotated(arg) and isinstance(arg.default, ExprNodes.NoneNode):
            kind += " | None"
        return f"{name}: {kind}{default}"


def annotated(arg: Nodes.Node) -> str:
    said = str(arg.annotation.string.value) if arg.annotation is not None else ""
    return PLAIN.get(said, said)


def commented(line: str) -> str | None:
    """The type that the comment of a line begins with, up to its colon."""
    text = line.partition("#")[2].partition(":")[0].strip()
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    simple = isinstance(tree, ast.Name) and (text in dir(builtins) or text[:1].isupper())
    return text if simple or isinstance(tree, ast.Subscript | ast.BinOp) else None


def constant_type(value: Nodes.Node | None) -> str | None:
    """Of a literal, None of anything else."""
    if isinstance(value, ExprNodes.DictNode) and value.key_value_pairs:
        keys, values = (alike(getattr(pair, part) for pair in value.key_value_pairs) for part in ("key", "value"))
        return keys and values and f"dict[{keys}, {values}]"
    if isinstance(value, ExprNodes.TupleNode | ExprNodes.ListNode | ExprNodes.SetNode) and value.args:
        inside = alike(value.args)
        return inside and (f"tuple[{inside}, ...]" if isinstance(value, ExprNodes.TupleNode) else
                           f"{'list' if isinstance(value, ExprNodes.ListNode) else 'set'}[{inside}]")
    return next((kind for node, kind in LITERALS.items() if isinstance(value, node)), None)


def alike(values: Iterable[Nodes.Node]) -> str | None:
    """The type that all of them have."""
    kinds = {constant_type(value) for value in values}
    return kinds.pop() if len(kinds) == 1 else None


def c_type(base: Nodes.Node, declarator: Nodes.Node) -> str:
    """In Python's words; a name that is no C type is an extension class."""
    name = getattr(base, "name", None)
    if name is None:
        return "object"
    if isinstance(declarator, Nodes.CPtrDeclaratorNode):
        if name == "char":
            return "bytes"
        raise Unknown(f"a pointer to {name} is nothing to Python")
    return PLAIN.get(name) or ("int" if INTEGERS.fullmatch(name) else name)


def statements(body: Nodes.Node) -> list[Nodes.Node]:
    return body.stats if isinstance(body, Nodes.StatListNode) else [body]


def parse(path: pathlib.Path) -> Nodes.Node:
    """The tree of a .pyx or .pxd; what it cimports is not looked at."""
    init_thread()
    context = Context.from_options(CompilationOptions(default_options, language_level=3))
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    source = FileSourceDescriptor(str(path), str(path.relative_to(ROOT)))
    return context.parse(source, ModuleScope(name, None, context), path.suffix == ".pxd", name)


def main() -> int:
    named = [pathlib.Path(word).resolve() for word in sys.argv[1:] if not word.startswith("--")]
    checking = "--check" in sys.argv
    bad: list[str] = []
    for path in named or sorted(FAST.rglob("*.pyx")):
        stub = Stub(path)
        text = stub.text()
        made = path.with_suffix(".pyi")
        bad += stub.faults
        if stub.faults or text == (made.read_text() if made.exists() else ""):
            continue
        if checking:
            bad.append(f"{made.relative_to(ROOT)} is stale: python tools/make_stubs.py")
        elif text:
            made.write_text(text)
        else:
            made.unlink()
    print(*bad, sep="\n", file=sys.stderr)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
